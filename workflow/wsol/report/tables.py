"""The tidy tables beside the report: their columns, how numbers are written into them, and reading them again."""

from pathlib import Path

import pandas as pd

from wsol.files.score import RUN_COLUMNS

NUMBER = ["metric", "choice", "value", "low", "high", "n", "groups", "spread", "trainings"]
COLUMNS = {"scores": [*RUN_COLUMNS, *NUMBER, "each"], "strata": [*RUN_COLUMNS, "table", "stratum", *NUMBER]}
PROBABILITIES = ("p", "p_adjusted")  # three digits of these, however small; four decimals of all else


def printed(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its numbers as text; "" for what is not there."""
    forms = {str(name): "{:.3g}" if name in PROBABILITIES else "{:.4f}" for name in frame.select_dtypes("float")}
    return frame.assign(**{name: [_text(x, form) for x in frame[name]] for name, form in forms.items()})


def _text(number: float, form: str) -> str:
    return "" if pd.isna(number) else form.format(number)


def read(path: str | Path) -> pd.DataFrame:
    """A table from its file; a run without a backbone is called none there, which is a name."""
    return pd.read_csv(path, keep_default_na=False, na_values=[""])
