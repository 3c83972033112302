"""What is said of a run: its scores, their draws, each target's values, its strata."""

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
        *RUN_COLUMNS,
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
