"""Keras' own layers that images go through while a network is trained: `augment: [RandAugment, …]`.

Which there are Keras says: its layers of images whose names begin with Rand or Aug. Those that mix the labels of images
too are training methods (`method`), and the random part of an image is cut by `crop_from`. Nothing here imports Keras
before a training is planned that names a layer.
"""

import inspect
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from wsol.errors import ConfigError, unknown
from wsol.settings import shown

# Layers of the family that are no augmentation of one image by itself, and what to say instead.
ELSEWHERE = {"MixUp": "method: mixup", "CutMix": "method: cutmix", "RandomCrop": "crop_from"}
FAMILY = ("Rand", "Aug")
OURS = ("self", "seed", "value_range", "data_format", "name", "kwargs")  # what is settled here
WRONG = (TypeError, ValueError, NotImplementedError)  # what Keras raises for arguments that do not fit
HIGHEST = 2**31 - 2  # seeds below this are taken as they are by TensorFlow


def named(given: Sequence[str | Mapping[str, Any]] | None) -> list[dict[str, dict[str, Any]]] | None:
    """`[RandAugment, {RandomErasing: {factor: 0.5}}]` -> each as a mapping of its name to its arguments.

    A ConfigError for what has another shape, and for layers that belong elsewhere. What Keras has is not asked here.
    """
    found = [entry if isinstance(entry, Mapping) else {entry: {}} for entry in given or ()]
    for entry in found:
        if len(entry) != 1 or not all(isinstance(value, Mapping) for value in entry.values()):
            raise ConfigError(f"augment: must be names or {{NAME: {{argument: value}}}}, got {shown(dict(entry))}.")
        (name,) = entry
        if name in ELSEWHERE:
            raise ConfigError(f"augment: '{name}' is no layer for here; say {ELSEWHERE[name]}.")
    return [{name: dict(value) for name, value in entry.items()} for entry in found] or None


def kinds() -> dict[str, Any]:
    """Keras' layers that can be named, by name."""
    import keras

    (base,) = keras.layers.RandAugment.__bases__  # Keras exports no name for what all of them are
    found = {
        name: kind for name, kind in vars(keras.layers).items() if isinstance(kind, type) and issubclass(kind, base)
    }
    return {name: kind for name, kind in sorted(found.items()) if name.startswith(FAMILY) and name not in ELSEWHERE}


def layer(name: str, arguments: Mapping[str, Any]) -> Any:
    """The layer of a name, for pixels in 0..255; a ConfigError says what is wrong in its name or arguments."""
    known = kinds()
    if name not in known:
        raise ConfigError(unknown("augment", name, known))
    takes = inspect.signature(known[name].__init__).parameters
    own = [key for key in takes if key not in OURS]
    if strange := [key for key in arguments if key not in own]:
        raise ConfigError(unknown(f"augment.{name}", strange[0], own))
    if lacking := [key for key in own if takes[key].default is inspect.Parameter.empty and key not in arguments]:
        raise ConfigError(f"augment.{name}: '{lacking[0]}' is required.")
    settled = {"value_range": (0, 255)} if "value_range" in takes else {}
    try:
        return known[name](**arguments, **settled, seed=0, dtype="float32", data_format="channels_last")
    except WRONG as error:
        raise ConfigError(f"augment.{name}: {error}") from error


class Augmenter:
    """Layers that an image goes through in their order, on the CPU; each image by itself, as the papers have it.

    Keras' layers draw from states that go on from call to call, and AugMix from Python's too: all are set anew for
    each image.
    """

    def __init__(self, chosen: Sequence[Mapping[str, Mapping[str, Any]]], size: tuple[int, int]):
        """A ConfigError where a layer cannot be made, or cannot take and give images of `size`, height and width."""
        import tensorflow as tf

        with tf.device("CPU"):
            self.layers = [layer(name, arguments) for entry in chosen for name, arguments in entry.items()]
        for own in self.layers:
            try:
                with _seeded(0):
                    self._through([own], np.zeros((*size, 3), np.float32))
            except (*WRONG, tf.errors.OpError) as error:
                raise ConfigError(f"augment.{type(own).__name__}: {error}") from error
        self.states = [each for own in self.layers for each in own.variables]  # they hold nothing but where they draw

    def __call__(self, image: np.ndarray, draw: np.random.Generator) -> np.ndarray:
        """uint8 [h w 3] of an image uint8 [h w 3]; it depends on the image and on what `draw` gives alone."""
        for state, seed in zip(self.states, draw.integers(0, HIGHEST, (len(self.states), 2)), strict=True):
            state.assign(seed)
        with _seeded(int(draw.integers(HIGHEST))):
            return self._through(self.layers, image.astype(np.float32))

    @staticmethod
    def _through(layers: Sequence[Any], image: np.ndarray) -> np.ndarray:
        import tensorflow as tf

        with tf.device("CPU"):
            pixels: Any = tf.constant(image[None])
            for own in layers:
                pixels = own(pixels, training=True)
        return np.clip(np.rint(pixels.numpy()[0]), 0, 255).astype(np.uint8)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Python's own generator begun from a seed, and afterwards as it was before."""
    before = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(before)
