"""What the network itself says of each image: how probable each class is, and how sure it is of its highest output.

An image counts once, however many classes it is labelled with. Probabilities are what the network's own activation
makes of its logits, as its predictions say. An image without finite logits, because it cannot be read, is one whose
answers are all wrong: its classes have probability 0, the others 1, and it is sure of an output that is not right.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol.index.outputs import class_probability, right

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Probabilities(NamedTuple):
    """Of i images and the k classes that occur and have an output; of the highest output all outputs count."""

    first: NDArray[np.int64]  # [i] the image's first target, as a row of the n targets
    present: Mask  # [i k] the image is labelled with the class
    probability: Floats  # [i k] of a class' most probable output
    confidence: Floats  # [i] of the highest output
    correct: Mask  # [i] the highest output, of equals the first, is right
    known: Mask  # [i] is labelled with a class that has an output: else none can be right


def probabilities(
    targets: pd.DataFrame, shards: Iterable[tuple[NDArray, NDArray, NDArray]], activation: str
) -> Probabilities:
    """`shards`: the names of images, their logits [j c] and the names of outputs, as files.PREDICTIONS has them.

    >>> targets = pd.DataFrame({"image": ["a", "a", "b"], "label": [5, 6, 6], "outputs": [[0], [1], [1]]})
    >>> shard = (np.array(["a", "b"]), np.array([[0.0, 0.0], [0.0, np.log(3)]]), np.array([]))
    >>> found = probabilities(targets, [shard], "softmax")
    >>> found.probability, found.correct
    (array([[0.5 , 0.5 ],
           [0.25, 0.75]]), array([ True,  True]))
    """
    image, names = pd.factorize(targets["image"])
    class_of = pd.factorize(targets["label"], sort=True)[0]
    first = np.unique(image, return_index=True)[1]
    shape = (len(first), class_of.max(initial=-1) + 1)
    present = np.zeros(shape, bool)
    present[image, class_of] = True
    found = np.where(present, 0.0, 1.0)
    confidence, correct = np.ones(len(first)), np.zeros(len(first), bool)
    with_output = np.zeros(shape[1], bool)
    for images, logits, called in shards:
        of_targets = right(targets, called)
        outputs = _outputs(of_targets, class_of, shape[1])
        with_output |= [len(own) > 0 for own in outputs]
        place = pd.Index(images).get_indexer(names)
        there = np.flatnonzero(place >= 0)
        there = there[np.isfinite(logits[place[there]]).all(axis=1)]
        p = class_probability(logits[place[there]], activation)
        for k, own in enumerate(outputs):
            if own:
                found[there, k] = p[:, own].max(axis=1)
        confidence[there] = p.max(axis=1)
        highest = dict(zip(there.tolist(), logits[place[there]].argmax(axis=1).tolist(), strict=True))
        for row, own in zip(image.tolist(), of_targets, strict=True):
            correct[row] |= highest.get(row) in own
    known: Mask = np.asarray(present[:, with_output].any(axis=1))
    return Probabilities(first, present[:, with_output], found[:, with_output], confidence, correct, known)


def _outputs(of_targets: Sequence[Sequence[int]], class_of: NDArray, classes: int) -> list[list[int]]:
    """[k] the right outputs of each class."""
    found: list[set[int]] = [set() for _ in range(classes)]
    for own, k in zip(of_targets, class_of.tolist(), strict=True):
        found[k].update(own)
    return [sorted(own) for own in found]
