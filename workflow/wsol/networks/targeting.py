"""Which outputs of a network explain the targets of a batch, each output of an image once."""

import numpy as np
import pandas as pd

from wsol.errors import ConfigError


def explained_outputs(logits: np.ndarray, accepted: list[list[int]], explain: str) -> np.ndarray:
    """The output that explains each target, int [t]; -1 where none is right for it.

    `explain`: `labelled`, of the outputs that are right for the target the one with the highest logit, or `predicted`,
    the network's own choice.
    """
    explained = np.full(len(accepted), -1, np.int64)
    for target, (row, outputs) in enumerate(zip(logits, accepted, strict=True)):
        if outputs:
            explained[target] = row.argmax() if explain == "predicted" else outputs[int(row[outputs].argmax())]
    return explained


class ExplainedTargets:
    """Which targets lie on which image, which outputs are right for each, and which one explains it, way by way.

    `row_of` has the row of each target in the arrays that have one for each explained output; -1 for none.
    """

    def __init__(self, table: pd.DataFrame, image_of: np.ndarray, images: int, ways: list[str]):
        self.accepted = [np.asarray(outputs, int).tolist() for outputs in table["outputs"]]
        self.image_of = image_of.astype(np.int64)
        self.images = images
        self.explained = {way: np.full(len(table), -1, np.int64) for way in ways}
        self.row_of = {way: np.full(len(table), -1, np.int64) for way in ways}
        self.rows = 0  # so far
        # In the order of their images, the targets of a batch are a slice.
        self._ordered = np.argsort(image_of, kind="stable")
        self._starts = np.searchsorted(image_of[self._ordered], np.arange(images + 1))

    def __len__(self) -> int:
        return len(self.accepted)

    def asked(self, first: int, logits: np.ndarray, readable: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The outputs to explain of images first, first + 1, …: the images' places and the outputs, each pair once."""
        mine = self._ordered[self._starts[first] : self._starts[first + len(logits)]]
        places = self.image_of[mine] - first
        accepted = [self.accepted[t] if readable[row] else [] for t, row in zip(mine, places, strict=True)]
        for way, explained in self.explained.items():
            explained[mine] = explained_outputs(logits[places], accepted, way)
        outputs = np.stack([explained[mine] for explained in self.explained.values()])
        # Ways that agree, and targets of one class, are one output of one image.
        pairs = np.where(outputs < 0, -1, places * logits.shape[1] + outputs)
        unique, row_of = np.unique(pairs, return_inverse=True)
        none = int(unique[:1].sum() < 0)
        for rows, own in zip(self.row_of.values(), row_of.reshape(pairs.shape), strict=True):
            rows[mine] = np.where(own < none, -1, own - none + self.rows)
        unique = unique[none:]
        self.rows += len(unique)
        return unique // logits.shape[1], unique % logits.shape[1]


def check_outputs(accepted: list[list[int]], names: pd.Series, classes: int) -> None:
    """A ConfigError for the first output that the network does not have."""
    for outputs, name in zip(accepted, names, strict=True):
        for index in outputs:
            if not 0 <= index < classes:
                raise ConfigError(f"targets: {name} names class index {index}, the model has 0..{classes - 1}.")
