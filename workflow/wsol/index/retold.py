"""Targets whose truth is told again by a table of boxes, such as a run's exported ones: pseudo-boxes.

Levels that are chosen on true boxes are no weak supervision (arXiv 2404.10034, Murtaza et al., WACV 2025); on a select
split with boxes that nobody has drawn they are.
"""

import pandas as pd

from wsol.adapters import ADAPTERS
from wsol.datasets.annotations import Problem, each
from wsol.errors import DataError


def retold(targets: pd.DataFrame, path: str, problems: list[Problem]) -> pd.DataFrame:
    """The targets with a table's boxes for their own, and no mask; one that the table has no box for has no truth.

    Rows of no target are problems; a DataError for labels that are no numbers, and where no box is a target's.
    """
    found = ADAPTERS["table"](annotations=path, columns={"class": "label"})
    if found.classes:
        raise DataError(f"{path}: labels must be whole numbers, the data set's own; its first is '{found.classes[0]}'.")
    boxes = {(row.image, row.label): list(row.boxes) for row in each(found.targets)}
    known = list(zip(targets["image"], targets["label"], strict=True))
    if not any(boxes.get(target) for target in known):
        raise DataError(f"{path}: no box of it is of a target of this data set.")
    problems += found.problems
    for image, label in sorted(boxes.keys() - set(known)):
        problems.append(Problem("unknown_image", image, f"no target of class {label}, which {path} has"))
    told = pd.Series([boxes.get(target, []) for target in known], targets.index, dtype=object)
    return targets.assign(boxes=told, mask="", ignore="")
