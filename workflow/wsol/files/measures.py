"""The file of what was measured of a shard's maps and pixels, so that scores need not draw a map again.

Which sources were measured `sources` says; the arrays of another are empty. n targets have a true mask.
"""

from wsol.files.containers import Arrays

SOURCES = ("pointing", "pixels", "masks", "seeds")

MEASURES = Arrays(
    "measures",
    1,
    "localize",
    (
        "sources",  # str [s], of SOURCES
        "ok",  # bool [t]: the target's map was there to be measured
        "pointing",  # float64 [t 3]: distance, energy, rank
        "ap",  # float64 [n], of its own pixels
        "inside",  # uint8, packed histograms [n bins] of true pixels, as scores/histograms.py packs them
        "inside_ends",  # int64 [n]: where each ends
        "outside",  # of other pixels
        "outside_ends",
        "masks",  # uint16 or uint32 [n 4]: hit, false, true, other, of the mask that the map was cut to
        "seed_target",  # int64 [m]: the row's target, counted in the shard
        "seed_label",  # int64 [m]
        "seed_hit",  # uint16 or uint32 [m levels]
        "seed_predicted",  # likewise
        "seed_true",  # int64 [m]
        "seed_counted",  # bool [t]
    ),
)
