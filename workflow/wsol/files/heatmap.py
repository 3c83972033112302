"""The file of a shard's maps."""

from wsol.files.containers import Arrays

HEATMAPS = Arrays(
    "heatmaps",
    5,
    "heatmap",
    (
        "values",  # float32, packed maps [h w], as computed: neither normalised nor upsampled; float64 from elsewhere
        "shapes",
        "index",
        "status",  # str [t]: ok | degenerate | unreadable | no_ground_truth …
        "input_to_image",  # float64 [t 4], as in predictions
        "input_size",  # int [2]
        "cell_to_input",  # float64 [4], as in evidence; NaN of imported or refined maps: each covers the input
    ),
)
