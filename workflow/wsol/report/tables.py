"""The tidy tables beside the report: their columns, how numbers are written into them, and reading them again."""

from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import pandas as pd

from wsol.files.score import RUN_COLUMNS

NUMBER = ["metric", "choice", "value", "low", "high", "n", "groups", "spread", "trainings"]
COLUMNS = {
    "scores": [*RUN_COLUMNS, *NUMBER, "each"],
    "strata": [*RUN_COLUMNS, "table", "stratum", *NUMBER],
    "failures": [*RUN_COLUMNS, "rule", "kind", *NUMBER[1:]],
    "curves": [*RUN_COLUMNS, "curve", "metric", "split", "x", "value"],
}
NAMES = ["backbone", "cam", "threshold"]  # what a run is called by
PROBABILITIES = ("p", "p_adjusted")  # three digits of these, however small; four decimals of all else


def printed(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its numbers as text; "" for what is not there."""
    forms = {str(name): "{:.3g}" if name in PROBABILITIES else "{:.4f}" for name in frame.select_dtypes("float")}
    return frame.assign(**{name: [_text(x, form) for x in frame[name]] for name, form in forms.items()})


def _text(number: float, form: str) -> str:
    return "" if pd.isna(number) else form.format(number)


def padded(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of words as lines with columns.

    >>> padded([["a", "bcd"], ["ef", "g"]])
    ['a   bcd', 'ef  g']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [[word.ljust(width) for word, width in zip(words, widths, strict=True)] for words in rows]
    return ["  ".join(words).rstrip() for words in lines]


def read(path: str | Path | TextIO) -> pd.DataFrame:
    """A table from its file, which may be open; names are text: `none`, as a run without a backbone has, and `007`."""
    return pd.read_csv(path, keep_default_na=False, na_values=[""], dtype=dict.fromkeys(RUN_COLUMNS, str))
