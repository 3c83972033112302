"""The index's files: what there is to localise, and what a training may know of it."""

from wsol.files.containers import Table

TARGETS = Table(
    "targets",
    3,
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
        "status",  # ok | no_ground_truth (no truth) | missing (no such image)
    ),
)

# Nothing in it depends on a box or a mask: other ones leave its bytes as they are.
LABELS = Table(
    "labels",
    1,
    "index",
    (
        "image",  # str, as in TARGETS
        "label",  # int, the data set's class
        "class_name",  # str
        "status",  # ok | by_area (the class was chosen by the area of boxes or masks) | missing | unreadable
    ),
)
