"""What a training is told of its images: their names, and which classes are in each.

All that it is told lies in the index's file LABELS, in which there is nothing of a box or a mask. Of a data set whose
annotations are masks alone the classes of an image are those of its mask's values: nothing else says them.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from wsol.errors import DataError, few
from wsol.index.outputs import names_of


class Labelled(NamedTuple):
    """Images and their labels; a label takes 12 bytes, whatever the number of classes."""

    images: list[str]  # [n], `data set/image`
    wanted: Any  # sparse float32 [n c] (scipy's csr_array): 1 where the class is in the image, else 0

    @property
    def labels(self) -> np.ndarray:
        """int [n]: the first class of each image, its only one where there is one."""
        return np.asarray(self.wanted.argmax(axis=1)).ravel()


def rows(found: pd.DataFrame, dataset: str) -> pd.DataFrame:
    """The rows of LABELS of a data set that can be trained on, images named `data set/image`.

    A DataError where one has no label, or one that was chosen by the area of its boxes or masks.
    """
    by_area = found.loc[found["status"] == "by_area", "image"]
    if len(by_area):
        raise DataError(
            f"datasets.{dataset}: {len(by_area)} images, the first '{by_area.iloc[0]}', have several classes, of which "
            "that of the largest box or mask is taken; no training may see that: say target: all or target: single."
        )
    kept = found[found["status"] == "ok"].drop_duplicates(["image", "label"])
    if kept.empty or (kept["label"] < 0).any():
        raise DataError(f"datasets.{dataset}: every image needs a label to be trained on.")
    return kept.assign(image=f"{dataset}/" + kept["image"]).reset_index(drop=True)


def names(tables: Sequence[pd.DataFrame]) -> list[str]:
    """[c]: what each output is called: the first table's labels in their order, then what each further one adds.

    Classes are joined by name: two data sets may number the same ones differently.

    >>> one = pd.DataFrame({"label": [0, 1], "class_name": ["cat", "dog"]})
    >>> names([one, pd.DataFrame({"label": [0, 1], "class_name": ["dog", "ant"]})])
    ['cat', 'dog', 'ant']
    """
    first, *more = tables
    found = dict.fromkeys(names_of(first))
    for table in more:
        there = set(table["class_name"])
        found |= dict.fromkeys(name for name in names_of(table) if name in there)
    return list(found)


def fitting(tables: Iterable[pd.DataFrame], names: Sequence[str], activation: str, *, binary: bool) -> None:
    """A DataError where a network with these outputs cannot be told these labels.

    A class has to be one of `names`; an image may have several only where each class has a sigmoid of its own: a
    softmax shares one probability among all, and so does one output for two classes (`binary`).
    """
    for table in tables:
        strange = table.loc[~table["class_name"].isin(names)]
        if len(strange):
            image, own = strange.iloc[0][["image", "class_name"]]
            raise DataError(f"train: '{image}' is of class '{own}', which is not trained; known: {few(names, 8)}.")
        number = table.groupby("image", sort=False).size()
        if activation == "sigmoid" and not binary:
            continue
        if len(several := number[number > 1]):
            end = "has one output for two classes" if binary else "ends in a softmax, which is for one an image"
            raise DataError(
                f"train: '{several.index[0]}' has {several.iloc[0]} labels, and the network {end}; "
                f"{'give it an output a class' if binary else 'say activation: sigmoid'}, or target: single."
            )


def labelled(
    tables: Sequence[pd.DataFrame], names: Sequence[str], activation: str = "softmax", *, binary: bool = False
) -> Labelled:
    """The images of `rows` in their order, of the classes `names`; `binary`: of two classes the second alone, [n 1]."""
    from scipy.sparse import csr_array

    fitting(tables, names, activation, binary=binary)
    place = {name: column for column, name in enumerate(names)}
    row, images = pd.factorize(pd.concat([table["image"] for table in tables]))
    column = pd.concat([table["class_name"] for table in tables]).map(place)
    ones = np.ones(len(row), np.float32)
    wanted = csr_array((ones, (row, column.to_numpy())), shape=(len(images), len(names)))
    return Labelled(images.tolist(), wanted[:, [1]] if binary else wanted)
