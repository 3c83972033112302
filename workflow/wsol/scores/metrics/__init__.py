"""Metrics: what is said of each target, in one line each.

Contract: `METRICS[name](view) -> values [n]`, one number per target in [0, 1] (a count where the unit says so), NaN
where the target does not count; their mean is the score. Or `Pooled`, a score that is no mean. `view.hit(delta)` is 1
where the run's box reaches IoU >= delta; which level the boxes are cut at is the view's to say: the best on the split
that is reported (`oracle`), the best on the select split (`selected`) or each map's own (`fixed`).

What compares a map with the ground truth asks for the labelled class's map. A run of maps of the predicted class
(`explain: predicted`) has top1_acc, top5_acc, top1_loc and top1_loc_v2: a right prediction's map is the labelled
class's.

To add a metric, write the function in one of the files here and a line in METRICS. A plain function is a share of which
more is better; `Metric` says anything else, such as what it reads of maps and pixels (`needs`), which the stage
`localize` measures. One with a keyword `delta` is a line in FAMILIES and has a name for every
whole percent: `maxboxacc@75`. One that gives values has a mean over classes too, and one over groups:
`mask_iou@class_mean`, `mask_iou@group_mean`.
"""

from collections.abc import Iterable
from functools import partial

from wsol.errors import ConfigError, unknown
from wsol.scores.metrics.boxes import (
    COCO_AREAS,
    box_precision,
    box_recall,
    box_recall_of_size,
    boxacc,
    boxes_per_target,
    maxboxacc,
    maxboxacc_any,
    maxboxacc_largest_truth,
    maxboxacc_v2,
    maxboxacc_v2_one_level,
)
from wsol.scores.metrics.classes import gtknown_loc, top_acc, top_loc, top_loc_any, top_loc_v2
from wsol.scores.metrics.classifier import average_precision, ece, roc_auc
from wsol.scores.metrics.detection import ap, ap_over_ious, corloc
from wsol.scores.metrics.maps import energy_pointing, peak, pointing_game, pointing_game_difficult, relevance_rank
from wsol.scores.metrics.masks import (
    dice,
    hit_rate,
    mask_iou,
    pixel_ap,
    pixel_precision,
    pixel_recall,
    pixel_specificity,
    pxap,
    voc_miou,
)
from wsol.scores.metrics.record import COUNT, Metric, at_delta
from wsol.scores.metrics.registry import MEANS, Metrics, plain
from wsol.scores.outcome import DELTAS

# Other names -> ours; they still work, and their rows have ours: one of old, and one that the field has for the same.
OLD_NAMES = {"miou": "mask_iou", "relevance_mass": "energy_pointing"}
# Metrics by what they read of what `localize` measures; a plain Metric may read all of it.
UNMEASURED = partial(Metric, needs=frozenset())
POINTING = partial(Metric, needs=frozenset({"pointing"}))
PIXELS = partial(Metric, needs=frozenset({"pixels", "masks"}))
SEEDS = partial(Metric, needs=frozenset({"seeds"}))
FAMILIES: dict[str, Metric] = {
    "maxboxacc": UNMEASURED(maxboxacc),
    "maxboxacc_v2": UNMEASURED(maxboxacc_any),
    "maxboxacc_largest_truth": UNMEASURED(maxboxacc_largest_truth),
    "boxacc": UNMEASURED(boxacc),
    "box_recall": UNMEASURED(box_recall),
    "box_precision": UNMEASURED(box_precision),
    **{f"box_recall_{size}": UNMEASURED(box_recall_of_size, {"size": size}) for size in COCO_AREAS},
    "ap": UNMEASURED(ap),
    "top1_loc_v2": UNMEASURED(top_loc_any, {"k": 1}),
    "top5_loc_v2": UNMEASURED(top_loc_any, {"k": 5}),
}


def _usual(family: str) -> dict[str, Metric]:
    """A family at each of the usual IoU thresholds: `name@30` and so on."""
    percents = [round(100 * delta) for delta in DELTAS]
    return {f"{family}@{percent}": at_delta(FAMILIES[family], percent) for percent in percents}


METRICS = Metrics(
    {
        "top1_acc": UNMEASURED(top_acc, {"k": 1}, localises=False),
        "top5_acc": UNMEASURED(top_acc, {"k": 5}, localises=False),
        "roc_auc": UNMEASURED(roc_auc, localises=False, every_class=True),
        "average_precision": UNMEASURED(average_precision, localises=False, every_class=True),
        "ece": UNMEASURED(ece, localises=False, higher_is_better=False, is_distance=True, every_class=True),
        **_usual("maxboxacc"),
        "maxboxacc_v2": UNMEASURED(maxboxacc_v2),
        **_usual("maxboxacc_v2"),
        "maxboxacc_v2_one_level": UNMEASURED(maxboxacc_v2_one_level),
        **_usual("maxboxacc_largest_truth"),
        **_usual("boxacc"),
        **_usual("box_recall"),
        **_usual("box_precision"),
        "boxes_per_target": UNMEASURED(boxes_per_target, higher_is_better=None, unit=COUNT),
        "corloc": UNMEASURED(corloc, over_classes=True),
        "ap@50": at_delta(FAMILIES["ap"], 50),
        "ap@[.5:.95]": UNMEASURED(ap_over_ious),
        "gtknown_loc": UNMEASURED(gtknown_loc),
        "top1_loc": UNMEASURED(top_loc, {"k": 1}),
        "top5_loc": UNMEASURED(top_loc, {"k": 5}),
        "top1_loc_v2": UNMEASURED(top_loc_v2, {"k": 1}),
        **_usual("top1_loc_v2"),
        "top5_loc_v2": UNMEASURED(top_loc_v2, {"k": 5}),
        **_usual("top5_loc_v2"),
        "pointing_game": POINTING(pointing_game),
        "pointing_game_difficult": POINTING(pointing_game_difficult, every_class=True),
        "peak_within_15px": POINTING(peak, {"tolerance": 15}),
        "peak_on_object": POINTING(peak, {"tolerance": 0}),
        "energy_pointing": POINTING(energy_pointing),
        "relevance_rank": POINTING(relevance_rank),
        "pxap": PIXELS(pxap),
        "pixel_ap": PIXELS(pixel_ap),
        "mask_iou": PIXELS(mask_iou, pixel_level=True),
        "pixel_precision": PIXELS(pixel_precision, pixel_level=True),
        "pixel_recall": PIXELS(pixel_recall, pixel_level=True),
        "pixel_specificity": PIXELS(pixel_specificity, pixel_level=True),
        "dice": PIXELS(dice, pixel_level=True),
        "hit_rate": POINTING(hit_rate, over_classes=True),
        "voc_miou": SEEDS(voc_miou, every_class=True),
    },
    FAMILIES,
    OLD_NAMES,
)


def metric(name: str, where: str = "metrics") -> Metric:
    """The metric of a name, old or new, with any whole percent of IoU; a ConfigError at `where` for no such name.

    >>> metric("maxboxacc@75").settings
    {'delta': 0.75}
    >>> metric("miou") is METRICS["mask_iou"]
    True
    >>> metric("mask_iou@class_mean").over_classes
    True
    """
    if name in METRICS:
        return METRICS[name]
    if plain(name) != name and not metric(plain(name), where).per_target:
        over = MEANS[str(name).removeprefix(plain(name))]
        raise ConfigError(
            f"{where}: '{name}': {plain(name)} is no mean over targets, so that there is none over {over}."
        )
    family, at, _ = str(name).partition("@")
    if at and family in FAMILIES:
        raise ConfigError(f"{where}: '{name}' is none of {family}@1 to {family}@99, whole percents of IoU.")
    raise ConfigError(unknown(where, name, METRICS))


def current(name: str) -> str:
    """Today's name of a metric.

    >>> current("miou")
    'mask_iou'
    >>> current("miou@class_mean")
    'mask_iou@class_mean'
    """
    base = plain(name)
    return OLD_NAMES.get(base, base) + str(name).removeprefix(base)


def todays(names: Iterable[str], where: str = "metrics") -> list[str]:
    """Today's names of these metrics; a ConfigError at `where` for one that is not known, or given by both its names.

    >>> todays(["miou", "maxboxacc@75"])
    ['mask_iou', 'maxboxacc@75']
    """
    found: list[str] = []
    for name in names:
        metric(name, where)
        if current(name) in found:
            raise ConfigError(f"{where}: '{name}' is '{current(name)}', which is given too.")
        found.append(current(name))
    return found
