"""What is shown of each target beside its scores: its box, the level of it, and what became of it."""

from typing import Any

import numpy as np

from wsol.scores.failures import find_failures
from wsol.scores.stages import Stages
from wsol.scores.views import View


def as_seen(view: View, stages: Stages) -> dict[str, Any]:
    """The columns of files.OUTCOMES that are no metric's, at the level that tables show first."""
    level = view.shown_level()
    found = stages.compared_boxes(level, largest=True)
    kinds = find_failures(view.outcome, found, stages.compared_truth(), inclusive=stages.protocol.inclusive)
    shown = {"box": stages.largest_boxes(level), "level": np.nan if level is None else level}
    return shown | {"choice": view.level_from} | kinds
