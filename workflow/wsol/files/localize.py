"""The file of a shard's regions."""

from wsol.files.containers import Arrays

REGIONS = Arrays(
    "regions",
    4,
    "localize",
    (
        "boxes",  # float32 [m 4], canvas pixels, of every distinct map one after another
        "level_low",  # float64 [m]: the row holds for levels level_low < level <= level_high
        "level_high",  # float64 [m]
        "largest",  # bool [m]: rows of the largest region alone; the others are of all regions
        "offsets",  # int [u + 1]: rows of distinct map j are offsets[j]:offsets[j + 1]
        "index",  # int [t]: the target's distinct map
        "canvas",  # int [u 2]: height, width that boxes count in
        "canvas_to_image",  # float64 [t 4]: image = canvas * (sx sy) + (tx ty)
        "status",  # str [t]
        "masks",  # bytes [t]: COCO RLE counts [height width] of the image, b"" where none was asked for
    ),
)
