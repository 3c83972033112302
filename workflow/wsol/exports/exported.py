"""What an export is given: the results of one run on its reported dataset."""

from collections.abc import Iterable, Mapping
from typing import Protocol

import numpy as np
import pandas as pd


class Exported(Protocol):
    """What a run found on its reported dataset (`wsol.scores.results`); the lists have one entry per target."""

    targets: pd.DataFrame
    preparation: Mapping[str, str]  # upsampling and normalization

    @property
    def boxes(self) -> list[np.ndarray]: ...  # [n 4], of all regions at the run's level, image pixels

    @property
    def scores(self) -> list[np.ndarray]: ...  # [n]

    @property
    def masks(self) -> list[bytes]: ...  # RLE counts of all regions together, b"" where there are none

    def seeds(self) -> Iterable[tuple[str, np.ndarray]]: ...  # of each image the label of each pixel [h w], -1 for none

    def maps(self) -> Iterable[np.ndarray]: ...  # [h w], as computed
