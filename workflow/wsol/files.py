"""Every stage file of the workflow, declared once.

A change of meaning or of fields is a new version: the file's folder gets another name by it, and old files are refused
in one line.
"""

from wsol.containers import Arrays, Record, Table, Weights

TARGETS = Table(
    "targets",
    2,
    "index",
    (
        "image",  # str, path below the images folder, also its id
        "label",  # int, the dataset's class
        "class_name",  # str
        "width",  # int, pixels the annotation counts in
        "height",
        "boxes",  # list of float64, x0 y0 x1 y1 x0 …, half-open pixels
        "mask",  # str, COCO RLE counts [height width] of the object, "" where there is none
        "ignore",  # str, COCO RLE counts of pixels that count neither way, "" where there are none
        "group",  # str, what the bootstrap resamples together (a patient, a video); the image where nothing else
        "outputs",  # list of int, the model outputs that are right for this target; the highest explains it
        "status",  # ok | unlabelled (no truth) | missing (no such image)
    ),
)
PREDICTIONS = Arrays(
    "predictions",
    2,
    "predict",
    (
        "image",  # str [n]
        "logits",  # float32 [n c]
        "readable",  # bool [n]: the image decoded; logits of others are NaN
        "geometry",  # float64 [n 4]: image = input * (sx sy) + (tx ty), in pixels of the annotation
        "input_size",  # int [2]: height, width of the network's input
        "names",  # str [c], the class each output was trained for in this run; [0] of a network from elsewhere
    ),
)
EVIDENCE = Arrays(
    "evidence",
    5,
    "predict",
    (
        "activations",  # float32 [n h w k], of the explained layer, one row an image
        "gradients",  # float32 [t h w k] or [t 1 1 k] where they do not vary over space, one row a target; or what
        # stands for them where masked inputs were asked: channel weights [t 1 1 k], finished maps [t h w 1]
        "image_of",  # int [t]: the target's row in activations
        "explained",  # int [t]: the model output that was explained
        "grid",  # float64 [4]: input = map * (sx sy) + (tx ty), of the layer's cells by their receptive fields
        # True gradients come with `rivals`, shaped like them: of the mean of the logits nearest to the explained one
        # by their probabilities. Score-CAM's weights, probabilities, come with `logit_weights`, a softmax of logits.
        # Of a second explained layer: activations_1, gradients_1, rivals_1, grid_1; and so on.
    ),
)
HEATMAPS = Arrays(
    "heatmaps",
    4,
    "heatmap",
    (
        "values",  # float32, packed maps [h w], as computed: neither normalised nor upsampled; float64 from elsewhere
        "shapes",
        "index",
        "status",  # str [t]: ok | degenerate | unreadable | unlabelled …
        "geometry",  # float64 [t 4], as in predictions
        "input_size",  # int [2]
        "grid",  # float64 [4], as in evidence; NaN where maps come from elsewhere: each covers the input
    ),
)
REGIONS = Arrays(
    "regions",
    3,
    "localize",
    (
        "boxes",  # float32 [m 4], canvas pixels, of every distinct map one after another
        "lo",  # float64 [m]: the row holds for levels lo < level <= hi
        "hi",  # float64 [m]
        "largest",  # bool [m]: rows of the largest region alone; the others are of all regions
        "offsets",  # int [u + 1]: rows of distinct map j are offsets[j]:offsets[j + 1]
        "index",  # int [t]: the target's distinct map
        "canvas",  # int [u 2]: height, width that boxes count in
        "geometry",  # float64 [t 4]: image = canvas * (sx sy) + (tx ty)
        "status",  # str [t]
        "masks",  # bytes [t]: COCO RLE counts [height width] of the image, b"" where none was asked for
    ),
)
RUN = ("evaluation", "dataset", "backbone", "cam", "threshold")
SCORES = Table(
    "scores",
    3,
    "score",
    (
        *RUN,
        "metric",
        "choice",  # selected | oracle | fixed | none
        "value",  # percent, but for counts
        "low",  # 95 % interval; NaN of a single group
        "high",
        "n",  # targets that count
        "groups",  # groups that have one: what is independent
        "levels",  # str, the levels the metric was taken at
    ),
)
DRAWS = Arrays(
    "draws",
    1,
    "score",
    ("values",),  # float64 [m r]: each row of the scores in each resample, a share or a count
)
OUTCOMES = Table(
    "outcomes",
    2,
    "score",
    (
        "image",
        "label",
        "group",
        "status",
        "box",  # list of float64, the largest region's box in image pixels, at the level best for IoU .5; [] for none
        # and a column `metric@choice` for each row of the scores: the target's own value
    ),
)
STRATA = Table(
    "strata",
    3,
    "score",
    (
        *RUN,
        "table",  # by class, by COCO's areas, by the share of the image
        "stratum",
        "metric",
        "choice",
        "value",
        "low",
        "high",
        "n",
        "groups",
    ),
)
WEIGHTS = Weights(
    "weights",
    2,
    "train",
    (
        "classes",  # int, how many outputs
        "names",  # list of str, the class that each output stands for
    ),
)
PLAN = Record(
    "plan",
    2,
    "plan",
    (
        "images",  # {dataset's id: how many images it has}
        "networks",  # {backbone's id: what was found out about it}, networks that images are shown to
    ),
)
