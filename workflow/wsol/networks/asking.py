"""What of a batch of images explains outputs: gradients, or what the network says of changed inputs.

An explanation is what a cam asks of a network. Those of one pass share what they have in common: an Asking answers all
that ask for one kind of evidence.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np

from wsol.affine import Affine
from wsol.files.predict import ARRAYS
from wsol.networks.explainer import Explainer, Rows, Seen, coefficients
from wsol.networks.perturb import PERTURBATIONS, Probe, own_class, similar_classes


class Sink(Protocol):
    """Where evidence goes: arrays grow row by row, to `total` rows where that is known."""

    def append(self, name: str, rows: np.ndarray, total: int | None = None) -> None: ...


class Explanation(NamedTuple):
    """What is asked of a network."""

    layers: tuple[int, ...]  # their places among the backbone's explained ones
    score: str
    explain: str
    method: str  # of evidence
    options: dict[str, Any]  # the method's

    @classmethod
    def of(cls, backbone: Any, settings: Mapping[str, Any]) -> "Explanation":
        """As a backbone's settings have it."""
        names = settings["layer"]
        layers = tuple(backbone.places[name] for name in ([names] if isinstance(names, str) else names))
        options = dict(settings["evidence"])
        return cls(layers, settings["score"], settings["explain"], options.pop("method"), options)


class Batch(NamedTuple):
    """Images as the network saw them, and the outputs to explain of each, image by image."""

    pixels: np.ndarray  # uint8 [n H W 3]
    seen: Seen  # activations are zero where an image is unreadable
    images: Rows  # [r], an output's image in this batch
    outputs: Rows  # [r]


def suffix(place: int) -> str:
    """Evidence of the first explained layer is `activations`, of the second `activations_1` and so on."""
    return f"_{place}" if place else ""


class Asking:
    """Appends what explains the outputs of each batch to a sink."""

    def __init__(self, explainer: Explainer, asked: Iterable[Explanation], sink: Sink):
        self.explainer = explainer
        self.backbone = explainer.backbone
        self.asked = list(asked)
        self.sink = sink

    def of(self, batch: Batch) -> None:
        """The arrays of this batch; one without outputs tells what shapes they have."""
        raise NotImplementedError

    def names(self, explanation: Explanation) -> dict[str, str]:
        """An explanation's arrays: the name in its view (`files.predict.ARRAYS`) -> the name in the file."""
        raise NotImplementedError

    def cell_to_input(self, explanation: Explanation) -> list[Affine]:
        """Where the cells of its maps lie, layer by layer; known once all batches are through."""
        return [self.backbone.cell_to_input[place].values for place in explanation.layers]


class Gradients(Asking):
    """Gradients of scores, and of the mean of similar classes' logits where that is asked for."""

    def __init__(self, explainer: Explainer, asked: Iterable[Explanation], sink: Sink):
        super().__init__(explainer, asked, sink)
        found: dict[tuple[str, Any], set[int]] = {}  # the array and what it is of -> layers
        for explanation in self.asked:
            for key in self._keys(explanation):
                found.setdefault(key, set()).update(explanation.layers)
        self.layers = {key: sorted(found[key]) for key in sorted(found)}

    def of(self, batch: Batch) -> None:
        logits = batch.seen.logits[batch.images]
        weights = [self._weights(name, of, logits, batch.outputs) for name, of in self.layers]
        found = self.explainer.gradients(batch.seen.kept, batch.images, weights, list(self.layers.values()))
        for (name, of), own in zip(self.layers, found, strict=True):
            for place, rows in zip(self.layers[name, of], own, strict=True):
                self.sink.append(f"{name}.{of}.{place}", rows)

    def names(self, explanation: Explanation) -> dict[str, str]:
        return {
            name + suffix(nth): f"{name}.{of}.{place}"
            for name, of in self._keys(explanation)
            for nth, place in enumerate(explanation.layers)
        }

    def _keys(self, explanation: Explanation) -> list[tuple[str, Any]]:
        similar = explanation.options["similar"]
        return [("gradients", explanation.score), *([("similar_class_gradients", similar)] if similar else [])]

    def _weights(self, name: str, of: Any, logits: np.ndarray, outputs: Rows) -> np.ndarray:
        """[r c]: of which sum of logits the gradient is taken."""
        if name == "gradients":
            return coefficients(logits, own_class(logits, outputs), of, self.backbone.activation)
        # Which classes are similar is read from logits, and so is what is taken away of them.
        return similar_classes(logits, outputs, of).astype(np.float32)


class Changes(Asking):
    """What a perturbation makes of a layer or of the input, image by image."""

    def __init__(self, explainer: Explainer, asked: Iterable[Explanation], sink: Sink):
        super().__init__(explainer, asked, sink)
        # Two explanations that differ in the class alone are answered by the same passes.
        self.ways: list[Explanation] = []
        for explanation in self.asked:
            if (way := explanation._replace(explain="")) not in self.ways:
                self.ways.append(way)
        self.shapes: dict[str, tuple[int, ...]] = {}  # of one row of each array, once known

    def of(self, batch: Batch) -> None:
        for nth, way in enumerate(self.ways):
            for image in np.unique(batch.images):
                self._image(nth, way, batch, int(image))
            if not len(batch.images):
                self._nothing(nth, way)

    def _image(self, nth: int, way: Explanation, batch: Batch, image: int) -> None:
        probe = Probe(self.explainer, batch.pixels[image], batch.seen, image, way.layers[0], way.score)
        outputs = batch.outputs[batch.images == image]
        for name, rows in PERTURBATIONS[way.method].function(probe, outputs, **way.options).items():
            self.shapes[f"{name}.{nth}"] = rows.shape[1:]
            self.sink.append(f"{name}.{nth}", rows)

    def _nothing(self, nth: int, way: Explanation) -> None:
        """Arrays without rows: whoever reads them finds what one would be like."""
        shape = self.backbone.layers[way.layers[0]].shape[1:]
        for name in ARRAYS[way.method]:
            usual = shape[:2] if name == "finished_maps" else (1, 1, *shape[2:])
            if name != "activations":
                self.sink.append(f"{name}.{nth}", np.empty((0, *self.shapes.get(f"{name}.{nth}", usual)), np.float32))

    def names(self, explanation: Explanation) -> dict[str, str]:
        nth = self.ways.index(explanation._replace(explain=""))
        return {name: f"{name}.{nth}" for name in ARRAYS[explanation.method] if name != "activations"}

    def cell_to_input(self, explanation: Explanation) -> list[Affine]:
        """A finished map covers the input, whatever layer there is."""
        if "finished_maps" not in ARRAYS[explanation.method]:
            return super().cell_to_input(explanation)
        own = self.names(explanation)["finished_maps"]
        shape = self.shapes.get(own, self.backbone.layers[explanation.layers[0]].shape[1:3])
        return [Affine.stretch(shape, self.backbone.size)]
