"""Controls: maps that ignore the model, or the class. A method is worth something where it beats them.

`CONTROLS[name](names of images, **settings) -> list of float32 [h w]`, one map per target; a map that many targets
share is one object, so that everything after it is computed once.
`NETWORK_CONTROLS[name](activations [n h w k]) -> [n h w]` are controls that run with a network, as cams do; CAMS has
them too.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import numpy as np

from wsol.errors import ConfigError
from wsol.settings import Range, Seed, shown

Maps = list[np.ndarray]
Size = Annotated[int, Range(2, 4096)]  # height and width of the map, in pixels
NO_BACKBONE = "none"  # what stands for a backbone in a control's runs


def center(names: list[str], *, size: Size = 224, sigma: Annotated[float, Range(0.01, 10)] = 0.25) -> Maps:
    """An isotropic Gaussian at ((w - 1) / 2, (h - 1) / 2) of a square canvas (the centre baseline of Choe 2020).

    `sigma` is a fraction of the canvas. It moves no oracle score: every level set is a disc whatever the sigma.
    """
    offset = np.arange(size) - (size - 1) / 2
    squared = offset[:, None] ** 2 + offset[None] ** 2
    return [np.exp(-squared / (2 * (sigma * size) ** 2)).astype(np.float32)] * len(names)


def center_box(names: list[str], *, size: Size = 224) -> Maps:
    """Concentric boxes of the canvas' shape: the level chooses how large a centred box is predicted.

    >>> center_box(["a.jpg"], size=4)[0].tolist()[:2]
    [[0.25, 0.25, 0.25, 0.25], [0.25, 0.75, 0.75, 0.25]]
    """
    offset = 1 - np.abs(np.arange(size) - (size - 1) / 2) / (size / 2)
    return [np.minimum(offset[:, None], offset[None]).astype(np.float32)] * len(names)


def full(names: list[str], *, size: Size = 224) -> Maps:
    """The whole image at every level but the top one: a ramp would choose, a constant map would be degenerate.

    >>> full(["a.jpg"], size=2)[0].tolist()
    [[0.0, 1.0], [1.0, 1.0]]
    """
    whole = np.ones((size, size), np.float32)
    whole[0, 0] = 0  # the corner alone differs, so that the map has a range; the box is the whole image
    return [whole] * len(names)


def random(names: list[str], *, size: Size = 7, seed: Seed = 0) -> Maps:
    """Uniform noise on a coarse grid, drawn from the image's name: the same map whatever the shard."""
    return [_generator(name, seed).random((size, size), np.float32) for name in names]


def _generator(name: str, seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, *name.encode()])


CONTROLS: dict[str, Callable[..., Maps]] = {"center": center, "center_box": center_box, "full": full, "random": random}


def drawn(method: str, names: list[str], settings: Mapping[str, Any]) -> Maps:
    """The maps of a control, one for each name; a ConfigError where it gives anything else.

    >>> [found.shape for found in drawn("center", ["a.png"], {"size": 4})]
    [(4, 4)]
    """
    maps = CONTROLS[method](names, **settings)
    if not isinstance(maps, list) or len(maps) != len(names) or any(np.ndim(found) != 2 for found in maps):
        raise ConfigError(f"cams: '{method}' must give a list of {len(names)} maps [h w], got {shown(maps)}.")
    return maps


def mean_activation(activations: np.ndarray) -> np.ndarray:
    """mean_k A_k: where the explained layer is active, for whatever class. [n h w k] -> [n h w].

    >>> mean_activation(np.float32([[[[1, 2], [3, 0]]]])).tolist()
    [[[1.5, 1.5]]]
    """
    return activations.mean(axis=3)


NETWORK_CONTROLS: dict[str, Callable[..., np.ndarray]] = {"mean_activation": mean_activation}
