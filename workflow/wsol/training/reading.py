"""The images of an epoch, read in its order, cut, mirrored and augmented while the steps before them are made.

Of a training's images are held the names and labels, 150 bytes each, 750 while their tables are read, whatever the
number of classes (`benchmarks/training_memory.py`: 756 MiB of 10,000 and 821 MiB of 100,000, most of it TensorFlow);
and of pixels no more than are being made: 96 images ahead at the side that they are resized to (`crop_from`; 19 MB of
256x256), those that are being decoded, one a thread, and three batches of the network's input (14 MB of 32 at 224x224).

What is drawn of an image depends on the training's seed, the epoch and the image's place in it alone, so a training
that goes on after a kill shows what it would have shown.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from wsol.datasets import images
from wsol.datasets.images import Interpolation, Resize
from wsol.errors import ConfigError
from wsol.training.augment import Augmenter
from wsol.training.labels import Labelled

PREFETCHED = 2  # batches that are made ahead of the step's own
DENSE = 1024  # rows of labels that are made dense at once


@dataclass(frozen=True)
class Source:
    """Where the images of a training come from and what is cut of them."""

    open_image: Callable[[str], np.ndarray]
    size: tuple[int, int]  # the network's input
    stored: tuple[int, int]  # what images are resized to, of which `size` is cut out
    resize: Resize
    interpolation: Interpolation
    flip: bool
    threads: int
    augment: Augmenter | None = None
    undecoded: set[str] = field(default_factory=set)  # the images that were left out

    @classmethod
    def of(
        cls,
        open_image: Callable[[str], np.ndarray],
        size: tuple[int, int],
        how: Mapping[str, Any],
        recipe: Mapping[str, Any],
        threads: int,
    ) -> "Source":
        """Of a backbone's settings, `how` it resizes, and of a training's."""
        augment = Augmenter(recipe["augment"], size) if recipe["augment"] else None
        high_and_wide = stored(recipe["crop_from"], size)
        return cls(
            open_image, size, high_and_wide, how["resize"], how["interpolation"], recipe["flip"], threads, augment
        )

    def shown(self, names: Sequence[str], draw: np.random.Generator) -> Iterator[np.ndarray | None]:
        """uint8 [h w 3] of each name: a random part, mirrored or not, augmented; None for one that does not decode.

        `draw` is asked for one number, at once.
        """
        return self._shown(names, int(draw.integers(2**63)))

    def _shown(self, names: Sequence[str], key: int) -> Iterator[np.ndarray | None]:
        for place, loaded in enumerate(self._loaded(names, self.stored)):
            if loaded.status == "ok":
                yield self._changed(loaded.pixels, np.random.default_rng([key, place]))
            else:
                self.undecoded.add(names[place])
                yield None

    def _changed(self, pixels: np.ndarray, draw: np.random.Generator) -> np.ndarray:
        """An image at its stored size as it is shown; every part of the input's size is as likely as any other."""
        top, left = (int(draw.integers(0, a - b + 1)) for a, b in zip(self.stored, self.size, strict=True))
        part = pixels[top : top + self.size[0], left : left + self.size[1]]
        if self.flip and draw.random() < 0.5:
            part = part[:, ::-1]
        return self.augment(part, draw) if self.augment else part

    def whole(self, names: Sequence[str]) -> Iterator[np.ndarray | None]:
        """uint8 [h w 3] of each name as `predict` shows it; None for one that does not decode."""
        for name, loaded in zip(names, self._loaded(names, self.size), strict=True):
            if loaded.status != "ok":
                self.undecoded.add(name)
            yield loaded.pixels if loaded.status == "ok" else None

    def _loaded(self, names: Sequence[str], size: tuple[int, int]) -> Iterator[images.Loaded]:
        sizes = [(0, 0)] * len(names)
        return images.loader(self.open_image, names, sizes, size, self.resize, self.interpolation, self.threads)


def joined(openers: Mapping[str, Callable[[str], np.ndarray]]) -> Callable[[str], np.ndarray]:
    """What opens `data set/image`, from what opens the images of each data set."""

    def read(name: str) -> np.ndarray:
        dataset, _, image = name.partition("/")
        return openers[dataset](image)

    return read


def stored(crop_from: int | None, size: tuple[int, int]) -> tuple[int, int]:
    """Height and width that images are resized to, of which an input of `size` is cut out.

    >>> stored(None, (224, 224)), stored(224, (224, 224))
    ((256, 256), (224, 224))
    """
    if crop_from is None:
        return round(size[0] * 8 / 7), round(size[1] * 8 / 7)
    if crop_from < max(size):
        raise ConfigError(f"crop_from: must be {max(size)} or more, the input's side, got {crop_from}.")
    return crop_from, crop_from


def order(count: int, seed: int, epoch: int) -> np.ndarray:
    """int [count]: each image once, in another order every epoch."""
    return np.random.default_rng([seed, epoch]).permutation(count)


def drawn(labelled: Labelled, recipe: Mapping[str, Any], epoch: int) -> np.ndarray:
    """int [n]: the places of the images that an epoch shows, in its order; n as many as there are images."""
    if recipe["balance"] == "sampling":
        return balanced(labelled.wanted, recipe["seed"], epoch)
    return order(len(labelled.images), recipe["seed"], epoch)


def balanced(wanted: Any, seed: int, epoch: int) -> np.ndarray:
    """int [n]: as many draws of each class that occurs, in another order every epoch; of wanted [n c].

    Of n draws and c classes each class has n // c, and n % c of them, which the draw says, one more. A draw of a class
    is of an image that has it, whatever else it has; no image is drawn for a class a second time before all others
    have been a first time. Of one output, [n 1], the two classes are those with it and those without.
    """
    draw = np.random.default_rng([seed, epoch])
    members = _members(wanted)
    share, rest = divmod(wanted.shape[0], len(members))
    longer = set(draw.permutation(len(members))[:rest].tolist())
    found: list[np.ndarray] = []
    for number, own in enumerate(members):
        count = share + (number in longer)
        found += [draw.permutation(own) for _ in range(count // len(own))]
        found.append(draw.permutation(own)[: count % len(own)])
    return draw.permutation(np.concatenate(found))


def _members(wanted: Any) -> list[np.ndarray]:
    """The places of each class' images, of those classes that have some."""
    from scipy.sparse import csc_array

    by_class = csc_array(wanted)
    found = np.split(by_class.indices, by_class.indptr[1:-1])
    if wanted.shape[1] == 1:
        found.append(np.setdiff1d(np.arange(wanted.shape[0]), found[0]))
    return [np.sort(own) for own in found if len(own)]


def batches(shown: Iterator[np.ndarray | None], wanted: Any, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """uint8 [b h w 3] and float32 [b c] of the images that decode; `wanted` [n c], dense or sparse, in their order."""
    import tensorflow as tf

    there = ((pixels, row) for pixels, row in zip(shown, _dense(wanted), strict=True) if pixels is not None)
    first = next(there, None)
    if first is None:
        return
    kinds = tuple(tf.TensorSpec(part.shape, part.dtype) for part in first)
    flow = tf.data.Dataset.from_generator(lambda: chain([first], there), output_signature=kinds)
    yield from flow.batch(size).prefetch(PREFETCHED).as_numpy_iterator()


def _dense(wanted: Any) -> Iterator[np.ndarray]:
    """[c] of each row."""
    for begin in range(0, wanted.shape[0], DENSE):
        part = wanted[begin : begin + DENSE]
        yield from part.toarray() if hasattr(part, "toarray") else part
