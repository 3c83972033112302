"""What a training is told of its images: their names, and which classes are in each."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from wsol.errors import DataError

LABELS = ["image", "label", "class_name", "status"]  # all that training may read of the targets


class Labelled(NamedTuple):
    """Images and their labels."""

    images: list[str]  # [n]
    wanted: np.ndarray  # float32 [n c]: 1 where the class is in the image, else 0

    @property
    def labels(self) -> np.ndarray:
        """int [n]: the first class of each image, its only one where there is one."""
        return self.wanted.argmax(axis=1)


def rows(targets: pd.DataFrame) -> pd.DataFrame:
    """One row for each class of each image, of the columns that training may read; a DataError where one has none."""
    found = targets.loc[targets["status"].isin(["ok", "no_ground_truth"]), LABELS].drop_duplicates(["image", "label"])
    if found.empty or (found["label"] < 0).any():
        raise DataError("train: every image needs a label to be trained on.")
    return found.reset_index(drop=True)


def labelled(found: pd.DataFrame, classes: int, *, binary: bool = False) -> Labelled:
    """The images of `rows` in their order, of `classes` classes; `binary`: of two classes the second alone, [n 1]."""
    images = found["image"].drop_duplicates().tolist()
    place = {image: row for row, image in enumerate(images)}
    wanted = np.zeros((len(images), classes), np.float32)
    wanted[found["image"].map(place), found["label"]] = 1
    return Labelled(images, wanted[:, 1:] if binary else wanted)
