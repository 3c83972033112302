"""The tables beside the report, from the stages' files of runs: made, and written."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from wsol.files.formats import atomic
from wsol.report.tables import COLUMNS, printed
from wsol.scores.runs import ScoredRun, joined
from wsol.scores.tables import joined_curves, joined_failures, joined_strata


def tidy(rows: Sequence[Sequence[ScoredRun]], files: Any) -> dict[str, pd.DataFrame]:
    """Every table but the comparisons, by its name, of rows of the tables: each is a run in its trainings.

    `files` has `strata`, `outcomes`, `targets` and `curves`, a path for each training, in the order of the rows.
    """
    found = {
        "scores": pd.concat([joined(trainings) for trainings in rows], ignore_index=True),
        "strata": joined_strata(rows, files.strata, files.outcomes, files.targets),
        "failures": joined_failures(rows, files.outcomes),
        "curves": joined_curves(rows, files.curves),
    }
    return {name: frame[COLUMNS[name]] for name, frame in found.items()}


def write(tables: Mapping[str, pd.DataFrame], places: Any) -> None:
    """Each table as CSV, with its numbers as text; `places` has a path for each, by its name."""
    for name, frame in tables.items():
        with atomic(places[name]) as temporary:
            printed(frame).to_csv(temporary, index=False)
