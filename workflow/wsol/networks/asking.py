"""What of a batch of images explains its targets: gradients, or what the network says of changed inputs."""

from typing import Any, NamedTuple, Protocol

import numpy as np

from wsol.affine import Affine
from wsol.files.predict import ARRAYS
from wsol.networks.explainer import Explainer, Seen, coefficients
from wsol.networks.perturb import PERTURBATIONS, Probe, Rows, gradient


class Sink(Protocol):
    """Where evidence goes: activations in order, a target's arrays at its rows, of `total`."""

    def append(self, name: str, rows: np.ndarray, total: int) -> None: ...

    def put(self, name: str, where: np.ndarray, rows: np.ndarray, total: int) -> None: ...


class Batch(NamedTuple):
    """Images as the network saw them, and the targets on them."""

    pixels: np.ndarray  # uint8 [n H W 3]
    seen: Seen  # activations zero where an image is unreadable
    targets: np.ndarray  # int [t], their places among all targets
    images: np.ndarray  # int [t], their images' places in this batch
    explained: np.ndarray  # int [t], the explained outputs; -1 where there is none


def suffix(place: int) -> str:
    """Evidence of the first explained layer is `activations`, of the second `activations_1` and so on."""
    return f"_{place}" if place else ""


class Asking:
    """Puts what explains the targets of each batch into a sink, for `total` targets in all."""

    def __init__(self, explainer: Explainer, arrays: tuple[str, ...], options: dict[str, Any], sink: Sink, total: int):
        self.explainer = explainer
        self.backbone = explainer.backbone
        self.arrays = arrays
        self.options = options
        self.sink = sink
        self.total = total

    def of(self, batch: Batch) -> None:
        """Puts the arrays of this batch's targets at their rows."""
        raise NotImplementedError

    def cell_to_input(self) -> list[Affine]:
        """Where the cells of each layer's maps lie, known once all batches are through."""
        return [found.values for found in self.backbone.cell_to_input]

    def nothing(self) -> None:
        """The arrays of a shard without targets: a file of evidence has them all."""
        for place, layer in enumerate(self.backbone.layers):
            for name in self.arrays:
                shape = layer.shape[1:3] if name == "finished_maps" else layer.shape[1:]
                self.sink.append(name + suffix(place), np.empty((0, *shape), np.float32), 0)


class Gradients(Asking):
    """Gradients of every explained layer, a batch of targets at a time."""

    def of(self, batch: Batch) -> None:
        logits = batch.seen.logits[batch.images]
        wanted = gradient(logits, batch.explained, **self.options)
        # Which classes are similar is read from logits, and so is what is taken away of them.
        scores = {"gradients": self.backbone.settings["score"], "similar_class_gradients": "logit"}
        weights = [coefficients(logits, rows, scores[name], self.backbone.activation) for name, rows in wanted.items()]
        layers = [list(range(len(self.backbone.layers)))] * len(weights)
        found = self.explainer.gradients(batch.seen.kept, batch.images, weights, layers)
        for name, own in zip(wanted, found, strict=True):
            for place, layer in enumerate(own):
                self.sink.put(name + suffix(place), batch.targets, layer, self.total)


class Changes(Asking):
    """What a perturbation makes of the first explained layer, image by image."""

    def __init__(self, *given: Any):
        super().__init__(*given)
        self.perturb = PERTURBATIONS[self.backbone.settings["evidence"]["method"]].function
        self.shapes: dict[str, tuple[int, ...]] = {}  # of one target's arrays, once known

    def of(self, batch: Batch) -> None:
        for image in np.unique(batch.images):
            mine = batch.images == image
            explained = batch.explained[mine]
            for name, rows in self._rows(batch, int(image), explained).items():
                rows[explained < 0] = 0
                self.shapes[name] = rows.shape[1:]
                self.sink.put(name, batch.targets[mine], rows, self.total)

    def _rows(self, batch: Batch, image: int, explained: np.ndarray) -> Rows:
        # An image that nothing explains costs no pass, unless the arrays' shapes are still to be found out.
        if self.shapes and (explained < 0).all():
            return {name: np.zeros((len(explained), *shape), np.float32) for name, shape in self.shapes.items()}
        probe = Probe(self.explainer, batch.pixels[image], batch.seen, image, 0, self.backbone.settings["score"])
        return self.perturb(probe, np.maximum(explained, 0), **self.options)

    def cell_to_input(self) -> list[Affine]:
        """A finished map covers the input, whatever layer there is."""
        if "finished_maps" not in self.arrays:
            return super().cell_to_input()
        return [
            Affine.stretch(self.shapes.get("finished_maps", self.backbone.layers[0].shape[1:3]), self.backbone.size)
        ]


def asking(explainer: Explainer, sink: Sink, total: int) -> Asking:
    """What the explainer's backbone is asked, by its setting `evidence`."""
    options = dict(explainer.backbone.settings["evidence"])
    method = options.pop("method")
    kind = Changes if method in PERTURBATIONS else Gradients
    return kind(explainer, ARRAYS[method], options, sink, total)
