"""What a user is told whose config has names of old."""

from collections.abc import Mapping
from typing import Any

from wsol.scores.metrics import current


def renamed(config: Mapping[str, Any]) -> list[str]:
    """One line for each old name of a metric in an evaluation; the name still works.

    >>> renamed({"evaluations": {"e": {"metrics": ["miou", "pxap"]}}})
    ["evaluations.e.metrics: 'miou' is called 'mask_iou' now, and so is its row."]
    """
    lines = []
    for evaluation, given in config["evaluations"].items():
        for name in given["metrics"]:
            if current(name) != name:
                where = f"evaluations.{evaluation}.metrics"
                lines.append(f"{where}: '{name}' is called '{current(name)}' now, and so is its row.")
    return lines
