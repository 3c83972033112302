"""What is said of a run: its scores, their draws, each target's values, its curves, its strata."""

from wsol.files.containers import Arrays, Table

RUN_COLUMNS = ("evaluation", "dataset", "backbone", "cam", "threshold")

SCORES = Table(
    "scores",
    3,
    "score",
    (
        *RUN_COLUMNS,
        "metric",
        "choice",  # where the level is from: selected | oracle | fixed | none
        "value",  # percent, or as the metric's unit says
        "low",  # 95 % interval; NaN of a single group
        "high",
        "n",  # targets that count
        "groups",  # groups that have one: what is independent
        "levels",  # str, the levels the metric was taken at; where each class has its own, `least..highest`
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
    3,
    "score",
    (
        "image",
        "label",
        "group",
        "status",
        "box",  # list of float64, the largest region's box in image pixels, at the level best for IoU .5; [] for none
        "level",  # float64, that level, or of highest mask_iou where the truth has masks only; NaN: each map's own
        "choice",  # where the level is from: selected | oracle | fixed
        "iou",  # the best IoU of the box with a true box, as the protocol compares; NaN without true boxes
        "kind",  # of scores/failures.py: the exact kind, "" without true boxes
        "published",  # the published kind, "" without true boxes and where no network predicted
        "right_class",  # 1.0 where the highest logit is of a right class, else 0.0; NaN where no network predicted
        # and a column `metric@choice` for each row of the scores: the target's own value
    ),
)

CURVES = Table(
    "curves",
    1,
    "score",
    (
        *RUN_COLUMNS,
        "curve",  # level | chosen | iou | precision_recall
        "metric",
        "split",  # report | select; of what was chosen: oracle | selected
        "x",  # the level, the IoU, or the recall in percent
        "value",  # percent
    ),
)

STRATA = Table(
    "strata",
    3,
    "score",
    (
        *RUN_COLUMNS,
        "table",  # by class, size, number of objects, distance from the centre, aspect
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
