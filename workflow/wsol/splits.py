"""Splits keep apart: no image that a threshold is chosen on or a network trained on is scored."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from wsol.errors import DataError


def check_disjoint(settings: Mapping, targets: pd.DataFrame, other: Mapping, others: pd.DataFrame) -> None:
    """A DataError that counts and names what two data sets share; one image under two roots is two images."""
    shared = sorted(_identities(settings, targets) & _identities(other, others))
    if shared:
        raise DataError(
            f"datasets: splits overlap: {len(shared)} of {targets['image'].nunique()} images are in both, "
            f"the first is '{shared[0][1]}'. What selects or trains must be disjoint from what is reported."
        )


def _identities(settings: Mapping[str, Any], targets: pd.DataFrame) -> set[tuple[str, str]]:
    root = settings.get("images")
    where = str(Path(root).resolve()) if root else str(settings["adapter"])
    return {(where, image) for image in targets["image"].unique()}
