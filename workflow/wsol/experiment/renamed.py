"""What a user is told whose config has other names than ours."""

from collections.abc import Mapping
from typing import Any

from wsol.scores.metrics import current


def renamed(config: Mapping[str, Any]) -> list[str]:
    """One line for each metric of an evaluation that has another name here; the one given still works.

    >>> renamed({"evaluations": {"e": {"metrics": ["miou", "pxap"]}}})
    ["evaluations.e.metrics: 'miou' is called 'mask_iou' here, and so is its row."]
    """
    lines = []
    for evaluation, given in config["evaluations"].items():
        for name in given["metrics"]:
            if current(name) != name:
                where = f"evaluations.{evaluation}.metrics"
                lines.append(f"{where}: '{name}' is called '{current(name)}' here, and so is its row.")
    return lines
