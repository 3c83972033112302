"""Failure kinds: what became of each target that has true boxes, one kind by each of three rules.

A target's box is the largest region's, at the level best for IoU .5. `published` is the rule of TS-CAM (Gao et al.
2021, `get_badcase_detail`): a pixel is added to every side, as its areas are counted, whatever the protocol. `exact`
asks nothing of the class and counts areas as the protocol does, so that its `right` are the hits of gtknown_loc. Both
take the first kind that fits, in the order of the code, and look at the true box of best IoU, the first among equals.
Under `wsol2020` a degenerate map has the box 0 0 0 0, here as in the scores.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol.boxes import Boxes
from wsol.scores.outcome import Outcome
from wsol.scores.overlaps import Shares, shares
from wsol.scores.runs import of_targets
from wsol.statistics.intervals import Estimate

HIT = 0.5  # of IoU
INSIDE = 0.5  # of the box, more than which lies on the true one
WHOLE = 0.7  # of the true box, so much of which is the whole of it
APART = 0.1  # of IoU, less than which is elsewhere
PERCENT = 100

RULES: dict[str, str] = {
    "published": "Why a Top-1 localisation fails, by the published rule of TS-CAM (Gao et al. 2021).",
    "exact": "Why a box is no hit, whatever the class predicted; statuses of maps are kinds of their own.",
    "class_and_place": "Whether the class predicted is right, and whether the box is.",
}
# What each rule's kinds are, in the order of tables and figures. Which of two that fit is taken, the functions say.
FAILURES: dict[str, dict[str, str]] = {
    "published": {
        "wrong_class": "The highest logit is of another class.",
        "right": "The class is right, and the box has IoU > .5 with a true box.",
        "multi_instance": "The class is right, no hit: the box covers more than .3 of each of several true boxes.",
        "part": "The class is right, none of these: more than half of the box lies on the true box of best IoU.",
        "more": "The class is right, none of these: the box covers at least .7 of the true box of best IoU.",
        "other": "The class is right, none of these.",
    },
    "exact": {
        "right": "The box has IoU >= .5 with a true box.",
        "part": "No hit and not several: more than half of the box lies on the true box of best IoU.",
        "more": "No hit, not several and not part: the box covers at least .7 of the true box of best IoU.",
        "several": "No hit: the box covers more than .3 of each of several true boxes (published as multi_instance).",
        "misplaced": "None of these, and the box has IoU >= .1 with a true box.",
        "background": "None of these, and the box has IoU < .1 with every true box, or the level leaves no box.",
        "degenerate": "The map is constant or not finite, and shows no place.",
        "unreadable": "There is no map: the image is missing or does not decode, or no output is of its class.",
    },
    "class_and_place": {
        "both_right": "The highest logit is of the right class, and the box has IoU >= .5 with a true box.",
        "class_only": "The class is right and the box is no hit.",
        "place_only": "The class is wrong and the box is a hit.",
        "both_wrong": "The class is wrong and the box is no hit.",
    },
}


def published(found: Shares, right_class: NDArray[np.bool_]) -> NDArray[np.str_]:
    """The kind of each target by TS-CAM's rule, given shares with a pixel added to every side."""
    first = {
        "wrong_class": ~right_class,
        "right": found.iou > HIT,
        "multi_instance": found.covered > 1,
        "part": found.of_box > INSIDE,
        "more": found.of_truth >= WHOLE,
    }
    return np.select(list(first.values()), list(first), "other")


def exact(found: Shares, status: NDArray[np.str_]) -> NDArray[np.str_]:
    """The kind of each target whatever its class, given shares as the protocol counts areas."""
    first = {
        "right": found.iou >= HIT,
        "degenerate": status == "degenerate",
        "unreadable": status != "ok",
        "several": found.covered > 1,
        "part": found.of_box > INSIDE,
        "more": found.of_truth >= WHOLE,
        "background": found.iou < APART,
    }
    return np.select(list(first.values()), list(first), "misplaced")


def find_failures(
    outcome: Outcome, found: Sequence[Boxes], truth: Sequence[Boxes], *, inclusive: bool
) -> dict[str, NDArray]:
    """The columns `iou`, `kind` (exact), `published` and `right_class` of files.OUTCOMES.

    `found` and `truth` [n] of boxes lie where the protocol compares them; `inclusive`: both corners belong to a box.
    Of maps of the predicted class there is no exact kind, as there is no gtknown_loc.
    """
    ours = [box if status in outcome.boxed else box[:0] for box, status in zip(found, outcome.status, strict=True)]
    counted = outcome.has_true_boxes
    as_compared = shares(ours, truth, one=float(inclusive))
    of_label = counted & (outcome.explain != "predicted")
    columns = {
        "iou": np.where(counted, as_compared.iou, np.nan),
        "kind": np.where(of_label, exact(as_compared, outcome.status), ""),
    }
    if outcome.rank is None:
        return columns | {"published": np.full(len(outcome), ""), "right_class": np.full(len(outcome), np.nan)}
    right = outcome.rank == 0
    kinds = published(shares(ours, truth, one=1.0), right)
    return columns | {"published": np.where(counted, kinds, ""), "right_class": right.astype(np.float64)}


def kinds(outcomes: pd.DataFrame) -> dict[str, NDArray]:
    """The kind of each target [n] by each rule, given files.OUTCOMES; "" where it does not count."""
    hit = (outcomes["iou"] >= HIT).to_numpy()
    right = (outcomes["right_class"] == 1).to_numpy()
    pair = np.select([right & hit, right, hit], ["both_right", "class_only", "place_only"], "both_wrong")
    known = (outcomes["kind"] != "").to_numpy() & outcomes["right_class"].notna().to_numpy()
    return {
        "published": outcomes["published"].to_numpy(np.str_),
        "exact": outcomes["kind"].to_numpy(np.str_),
        "class_and_place": np.where(known, pair, ""),
    }


def failure_shares(trainings: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The share of each kind in percent, one row a rule and kind, of targets in each of a run's trainings.

    `trainings`: files.OUTCOMES of each. A rule that no target counts for has no row. The level is not chosen again.
    """
    rows = []
    members = [kinds(own) for own in trainings]
    for rule, definitions in FAILURES.items():
        found = np.stack([own[rule] for own in members])
        if not (found != "").any(axis=1).all():
            continue
        for kind in definitions:
            values = np.where(found == "", np.nan, found == kind)
            estimate, spread = of_targets(values, trainings[0]["group"])
            choice = trainings[0]["choice"].iloc[0]
            rows.append((rule, kind, choice, *estimate.scaled(PERCENT), PERCENT * spread))
    return pd.DataFrame(rows, columns=["rule", "kind", "choice", *Estimate._fields, "spread"])
