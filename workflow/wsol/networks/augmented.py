"""What one augmentation of the images brings: the evidence of all explanations that ask for it."""

from collections.abc import Mapping

import numpy as np

from wsol.files.augmentations import Augmentation
from wsol.files.behind import Sink
from wsol.files.predict import ARRAYS
from wsol.networks.answering import kinds
from wsol.networks.asking import Batch, Explanation, suffix
from wsol.networks.explainer import Explainer
from wsol.networks.scaling import cells_on_input
from wsol.networks.seeing import ShownBatch


class Tagged:
    """A sink whose arrays have names that end in a tag."""

    def __init__(self, sink: Sink, tag: str):
        self._sink = sink
        self._tag = tag

    def append(self, name: str, rows: np.ndarray, total: int | None = None) -> None:
        """The next rows of an array."""
        self._sink.append(name + self._tag, rows, total)


class AugmentedPass:
    """Images shown in one augmentation: what explains their outputs goes to the sink, under its tag.

    `asked` are the explanations that ask for it, by name; `size` is the input's of the network as it is.
    """

    def __init__(
        self,
        explainer: Explainer,
        augmentation: Augmentation,
        asked: Mapping[str, Explanation],
        size: tuple[int, int],
        sink: Sink,
    ):
        self.explainer = explainer
        self.augmentation = augmentation
        self.asked = asked
        self.size = size
        self.sink = Tagged(sink, augmentation.tag)
        self.asking = {kind(explainer, own, self.sink): own for kind, own in kinds(asked.values()).items()}
        self.layers = sorted(
            {place for each in asked.values() if "activations" in ARRAYS[each.method] for place in each.layers}
        )

    def batch(self, batch: ShownBatch, images: np.ndarray, outputs: np.ndarray, total: int) -> None:
        """The next images, of `total`, and which of their outputs are explained."""
        for place in self.layers:
            self.sink.append(f"activations.{place}", batch.seen.activations[place], total)
        if len(images):
            for asking in self.asking:
                asking.of(Batch(batch.pixels, batch.seen, images, outputs))

    def nothing(self, images: int) -> None:
        """Arrays without rows, where no output is explained; where there are no images either, those of images too."""
        pixels = np.zeros((1, *self.explainer.backbone.size, 3), np.uint8)
        seen, none = self.explainer.forward(pixels), np.empty(0, np.int64)
        if not images:
            for place in self.layers:
                self.sink.append(f"activations.{place}", seen.activations[place][:0], 0)
        for asking in self.asking:
            asking.of(Batch(pixels, seen, none, none))

    def views(self) -> dict[str, dict[str, str]]:
        """By name, the view of each explanation in this augmentation: its arrays' names there and in the file."""
        cells: dict[str, np.ndarray] = {}
        found = {name + self.augmentation.tag: self._view(each, cells) for name, each in self.asked.items()}
        for name, values in cells.items():
            self.sink.append(name, values, 4)
        return found

    def _view(self, explanation: Explanation, cells: dict[str, np.ndarray]) -> dict[str, str]:
        """An explanation's arrays by their names in its view; those of `cell_to_input` are put into `cells`."""
        asking = next(asking for asking, own in self.asking.items() if explanation in own)
        found = asking.names(explanation)
        for nth, (place, values) in enumerate(zip(explanation.layers, asking.cell_to_input(explanation), strict=True)):
            if place in self.layers and "activations" in ARRAYS[explanation.method]:
                found["activations" + suffix(nth)] = f"activations.{place}"
            name = "cell_to_input" + suffix(nth)
            found[name] = f"cell_to_input.{len(cells)}"
            own = self.explainer.backbone.size
            cells[found[name]] = np.array(cells_on_input(values, self.augmentation, own, self.size), np.float64)
        tagged = {name: array + self.augmentation.tag for name, array in found.items()}
        # What is explained is decided once, on the image as it is.
        return {name: f"{name}.{explanation.explain}" for name in ("explained", "row_of")} | tagged
