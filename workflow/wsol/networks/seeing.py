"""Where batches come from: images that the network is shown, or layers that were kept of an earlier pass."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol.datasets import images
from wsol.files.augmentations import PLAIN, Augmentation
from wsol.networks.built import Backbone
from wsol.networks.explainer import Explainer, Seen


class ShownBatch(NamedTuple):
    """Images of a batch, in order, with what the network makes of them."""

    pixels: NDArray[np.uint8]  # [n H W 3]; without rows and columns where no image was opened
    seen: Seen
    readable: NDArray[np.bool_]  # [n]
    input_to_image: NDArray[np.float64]  # [n 4]


ShownBatches = dict[Augmentation, ShownBatch]  # the same images


class KeptLayers(NamedTuple):
    """What an earlier pass of the network over the same images left: its predictions, and layers by their places."""

    predictions: Mapping[str, np.ndarray]
    layers: Mapping[int, np.ndarray]  # float32 [n h w k]


def shown(
    explainers: Mapping[Augmentation, Explainer],
    open_image: Callable[[str], np.ndarray],
    firsts: pd.DataFrame,
    threads: int,
) -> Iterator[ShownBatches]:
    """The images in batches, in each augmentation, while the network is already shown the next one."""
    explainer = explainers[PLAIN]
    sizes = {each.backbone.size: None for each in explainers.values()}
    source = _loaded(explainer.backbone, [*sizes], open_image, firsts, threads, ahead=3 * explainer.batch)

    def one() -> ShownBatches | None:
        batch = list(islice(source, explainer.batch))
        return {way: _shown(each, batch, way.flip) for way, each in explainers.items()} if batch else None

    if not explainer.concurrent:
        yield from iter(one, None)
        return
    with ThreadPoolExecutor(1, thread_name_prefix="forward") as ahead:
        coming = ahead.submit(one)
        while (found := coming.result()) is not None:
            coming = ahead.submit(one)
            yield found


def _loaded(
    backbone: Backbone,
    sizes: list[tuple[int, int]],
    open_image: Callable,
    firsts: pd.DataFrame,
    threads: int,
    ahead: int,
) -> Iterator:
    """The images at the network's input size and at all others of `sizes`, in order."""
    annotated = zip(firsts["height"].tolist(), firsts["width"].tolist(), strict=True)
    how = (backbone.settings["resize"], backbone.settings["interpolation"])
    also = [size for size in sizes if size != backbone.size]
    return images.loader(open_image, firsts["image"], annotated, backbone.size, *how, threads, ahead=ahead, also=also)


def _shown(explainer: Explainer, batch: list[images.Loaded], flip: bool) -> ShownBatch:
    readable = np.array([item.status == "ok" for item in batch])
    pixels = np.stack([item.also.get(explainer.backbone.size, item.pixels) for item in batch])
    if flip:
        pixels = np.ascontiguousarray(pixels[:, :, ::-1])
    seen = explainer.forward(pixels)
    seen = seen._replace(activations=[_zeroed(layer, ~readable) for layer in seen.activations])
    return ShownBatch(pixels, seen, readable, np.array([item.input_to_image for item in batch], np.float64))


def _zeroed(rows: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Activations with zeros for the images that are unreadable, whatever the network made of a blank."""
    return np.where(which[:, None, None, None], np.float32(0), rows) if which.any() else rows


def remembered(explainer: Explainer, kept: KeptLayers) -> Iterator[ShownBatches] | None:
    """The batches of an earlier pass, of which no image is opened; None where its layers do not tell all."""
    count = len(kept.predictions["logits"])
    starts = range(0, count, explainer.batch)

    def one(start: int) -> ShownBatches | None:
        rows = slice(start, min(start + explainer.batch, count))
        layers = {place: np.ascontiguousarray(layer[rows]) for place, layer in kept.layers.items()}
        seen = explainer.restored(kept.predictions["logits"][rows], layers)
        if seen is None:
            return None
        nothing = np.empty((len(seen.logits), 0, 0, 3), np.uint8)
        known = (kept.predictions[name][rows] for name in ("readable", "input_to_image"))
        return {PLAIN: ShownBatch(nothing, seen, *known)}

    if not count or (first := one(0)) is None:
        return None
    return (batch for start in starts if (batch := one(start) if start else first) is not None)
