"""The file of a shard's regions."""

from wsol.files.containers import Arrays

REGIONS = Arrays(
    "regions",
    5,
    "localize",
    (
        "rows",  # uint8 [b]: the rows of every distinct map one after another, the bytes of regions/stream.py
        "row_bytes",  # int [u + 1]: those of distinct map j are the bytes row_bytes[j]:row_bytes[j + 1]
        "row_counts",  # int [u]: and how many they are
        "levels",  # float [l], float32 where all of them are: what rows begin and end at, -inf and inf among them
        "level_starts",  # int [u]: where the levels of distinct map j start
        "index",  # int [t]: the target's distinct map
        "canvas",  # int [u 2]: height, width that boxes count in
        "canvas_to_image",  # float64 [t 4]: image = canvas * (sx sy) + (tx ty)
        "status",  # str [t]
        "masks",  # uint8 [c]: COCO RLE counts [height width] of the images one after another; none where not asked for
        "mask_bytes",  # int [t + 1]: those of target t are masks[mask_bytes[t]:mask_bytes[t + 1]]
    ),
)
