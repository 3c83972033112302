"""At which rank the network puts the right class of each target."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from wsol.errors import DataError
from wsol.index.outputs import right

UNRANKED = np.iinfo(np.int32).max
BLOCK = 4096  # targets whose logits are compared at once


def ranks(logits: ArrayLike, image_row: ArrayLike, outputs: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    """Rank [n] of each target's best right output among its image's logits [i c], 0 the best.

    `image_row` [n] is the image's row, -1 for none; `outputs` [n] the right outputs. Among equal logits the output of
    lower number is first. UNRANKED without a row, without outputs or where the logits are not finite. A DataError
    where an output has no logit.

    >>> ranks([[0.1, 0.7, 0.2]], [0, 0, -1], [[1], [0, 2], [1]]).tolist() == [0, 1, UNRANKED]
    True
    """
    logits = np.asarray(logits)
    rows = np.asarray(image_row)
    # One entry for each pair of a target and one of its right outputs.
    target = np.repeat(np.arange(len(rows)), [len(o) for o in outputs])
    output = np.concatenate([np.empty(0, np.int64), *(np.asarray(o, np.int64) for o in outputs)])
    if len(output) and (output.min() < 0 or output.max() >= logits.shape[1]):
        raise DataError(f"predictions: {logits.shape[1]} outputs, but the targets name output {output.max()}")
    known = rows[target] >= 0
    target = target[known]
    output = output[known]
    best = np.full(len(rows), UNRANKED, np.int64)
    for start in range(0, len(target), BLOCK):
        part = slice(start, start + BLOCK)
        np.minimum.at(best, target[part], _ranks(logits[rows[target[part]]], output[part]))
    return best


def _ranks(logits: NDArray, output: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rank of output [m] in logits [m c]."""
    value = np.take_along_axis(logits, output[:, None], axis=1)
    before = np.arange(logits.shape[1]) < output[:, None]
    rank = ((logits > value) | ((logits == value) & before)).sum(axis=1)
    return np.where(np.isfinite(logits).all(axis=1), rank, UNRANKED)


def ranks_of(targets: pd.DataFrame, shards: Iterable[Mapping[str, NDArray]]) -> NDArray[np.int64]:
    """The same over prediction files, each a shard of images; an image that none has is unranked.

    >>> targets = pd.DataFrame({"image": ["a", "b"], "outputs": [[1], [0]]})
    >>> shard = {"image": ["a"], "logits": np.array([[0.2, 0.8]]), "names": np.array([])}
    >>> ranks_of(targets, [shard]).tolist() == [0, UNRANKED]
    True
    """
    best = np.full(len(targets), UNRANKED, np.int64)
    for shard in shards:
        place = pd.Index(shard["image"]).get_indexer(pd.Index(targets["image"]))
        there = np.flatnonzero(place >= 0)
        outputs = right(targets.iloc[there], shard["names"])
        best[there] = ranks(shard["logits"], place[there], outputs)
    return best
