"""What the outputs of a network mean: which are right for a target, and what makes probabilities of them."""

from collections import Counter

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from wsol.errors import ConfigError, DataError

MOST = 100_000  # outputs of a network that is trained here


def right(targets: pd.DataFrame, names: ArrayLike = ()) -> list[list[int]]:
    """[t]: the right outputs of each target, as the index found them.

    Of a network trained in this run, whose outputs are called `names` [c], it is the one that was trained for the class
    of that name: two data sets may number the same classes differently. No output, where there is none.
    """
    known = np.asarray(names, np.str_)
    if len(known) == 0:
        return [list(outputs) for outputs in targets["outputs"]]
    place = {name: index for index, name in enumerate(known.tolist())}
    return [[place[name]] if name in place else [] for name in targets["class_name"]]


def names_of(targets: pd.DataFrame) -> list[str]:
    """[c]: what the output of each label is called, for a network that is trained on these targets."""
    called = dict(zip(targets["label"].tolist(), targets["class_name"].tolist(), strict=True))
    if max(called) >= MOST:
        raise DataError(f"train: class {max(called)} would need as many outputs; number the classes from 0.")
    names = [called.get(label, f"(no class {label})") for label in range(max(called) + 1)]
    if twice := [name for name, times in Counter(names).items() if times > 1]:
        raise DataError(f"train: two classes are called '{twice[0]}'; an output needs a name of its own.")
    return names


def class_probability(logits: np.ndarray, activation: str) -> np.ndarray:
    """What the model makes of logits [n c]: its softmax or sigmoid, in float64; a ConfigError where neither is said.

    >>> class_probability(np.array([[0.0, np.log(3)]]), "softmax").round(3).tolist()
    [[0.25, 0.75]]
    """
    if not activation:
        raise ConfigError(no_probability("probability"))
    z = np.asarray(logits, np.float64)
    if activation == "sigmoid":
        return np.exp(-np.logaddexp(0, -z))
    raised = np.exp(z - z.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def no_probability(what: str) -> str:
    """Of something that needs probabilities, where nothing says what makes them of the model's outputs."""
    return (
        f"{what} needs a model that ends in softmax or sigmoid, or a backbone whose `activation: softmax` or "
        "`activation: sigmoid` says what makes probabilities of its outputs."
    )
