"""The images of an epoch, read in its order, cut and mirrored; no more of them are in memory than are being made."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from wsol.datasets import images
from wsol.datasets.images import Interpolation, Resize
from wsol.errors import ConfigError


class Source(NamedTuple):
    """Where the images of a training come from and what is cut of them."""

    open_image: Callable[[str], np.ndarray]
    size: tuple[int, int]  # the network's input
    stored: tuple[int, int]  # what images are resized to, of which `size` is cut out
    resize: Resize
    interpolation: Interpolation
    flip: bool
    threads: int

    @classmethod
    def of(
        cls,
        open_image: Callable,
        size: tuple[int, int],
        how: Mapping[str, Any],
        recipe: Mapping[str, Any],
        threads: int,
    ) -> "Source":
        """Of a backbone's settings, `how` it resizes, and of a training's."""
        side = recipe["crop_from"]
        high, wide = (side if side else round(each * 8 / 7) for each in size)
        if high < size[0] or wide < size[1]:
            raise ConfigError(f"crop_from: must be {max(size)} or more, the input's side, got {side}.")
        return cls(open_image, size, (high, wide), how["resize"], how["interpolation"], recipe["flip"], threads)

    def shown(self, names: Sequence[str], draw: np.random.Generator) -> Iterator[np.ndarray | None]:
        """uint8 [h w 3] of each name, a random part and mirrored or not; None for one that does not decode."""
        for loaded in self._loaded(names, self.stored):
            top, left = (draw.integers(0, a - b + 1) for a, b in zip(self.stored, self.size, strict=True))
            turned = self.flip and draw.random() < 0.5
            if loaded.status != "ok":
                yield None
                continue
            part = loaded.pixels[top : top + self.size[0], left : left + self.size[1]]
            yield part[:, ::-1] if turned else part

    def whole(self, names: Sequence[str]) -> Iterator[np.ndarray | None]:
        """uint8 [h w 3] of each name as `predict` shows it."""
        for loaded in self._loaded(names, self.size):
            yield loaded.pixels if loaded.status == "ok" else None

    def _loaded(self, names: Sequence[str], size: tuple[int, int]) -> Iterator[images.Loaded]:
        sizes = [(0, 0)] * len(names)
        return images.loader(self.open_image, names, sizes, size, self.resize, self.interpolation, self.threads)


def order(count: int, seed: int, epoch: int) -> np.ndarray:
    """int [count]: each image once, in another order every epoch."""
    return np.random.default_rng([seed, epoch]).permutation(count)


def batches(
    shown: Iterator[np.ndarray | None], wanted: np.ndarray, size: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """uint8 [b h w 3] and float32 [b c] of the images that decode, `wanted` [n c] in their order."""
    there = ((pixels, row) for pixels, row in zip(shown, wanted, strict=True) if pixels is not None)
    held: list[tuple[Any, Any]] = []
    for each in there:
        held.append(each)
        if len(held) == size:
            yield np.stack([p for p, _ in held]), np.stack([w for _, w in held])
            held = []
    if held:
        yield np.stack([p for p, _ in held]), np.stack([w for _, w in held])
