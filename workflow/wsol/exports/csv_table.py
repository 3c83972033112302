"""Boxes as CSV, for a spreadsheet, and for the adapter `table`."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from wsol.boxes import asboxes
from wsol.datasets.annotations import each
from wsol.exports.exported import Exported
from wsol.files.formats import atomic

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_table(exported: Exported, root: Path) -> None:
    """`boxes.csv`."""
    write_csv(root / "boxes.csv", exported.targets, exported.boxes, exported.scores)


def write_csv(path: str | Path, targets: pd.DataFrame, boxes: Sequence[ArrayLike], scores: Sequence[ArrayLike]) -> None:
    """image, label, class_name, x0, y0, x1, y1, score: one row per box, half-open pixels.

    Names that a spreadsheet would take for a formula (`=`, `+`, `-`, `@`, a tab or a line end in front) have a `'` in
    front, as OWASP advises against CSV injection; numbers stay numbers.
    """
    with atomic(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["image", "label", "class_name", "x0", "y0", "x1", "y1", "score"])
        for row, found, values in zip(each(targets), boxes, scores, strict=True):
            names = [_harmless(row.image), row.label, _harmless(row.class_name)]
            for box, score in zip(asboxes(found).tolist(), np.ravel(values).tolist(), strict=True):
                writer.writerow([*names, *box, score])


def _harmless(name: str) -> str:
    return f"'{name}" if str(name).startswith(FORMULA) else name
