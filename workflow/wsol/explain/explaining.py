"""Explaining: a network that is built once, images in batches, and the maps of each CAM and class."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol.datasets.images import fit
from wsol.explain.classes import Wanted
from wsol.index.outputs import class_probability
from wsol.maps import heatmaps
from wsol.maps.cams import CAMS
from wsol.networks import evidence
from wsol.networks.built import Backbone, check_probability
from wsol.networks.perturb import EVIDENCES, PERTURBATIONS
from wsol.pictures.panels import Image
from wsol.settings import checked, parameters

MASKS = 32  # changed inputs that the network is shown at once


class ChosenCam(NamedTuple):
    """A CAM by its name in CAMS, with its settings and the score it explains."""

    name: str
    settings: dict[str, Any]
    score: str

    @classmethod
    def of(cls, name: str, entry: Mapping[str, Any]) -> "ChosenCam":
        """The settings of an entry of `cams` that this method has."""
        cam = CAMS[name]
        score = cam.score or (entry.get("score", "logit") if cam.takes_score else "logit")
        return cls(name, {key: entry[key] for key in parameters(cam) if key in entry}, score)

    def asks(self, backbone: Backbone, explain: str) -> dict[str, Any]:
        """What it asks of a network; a ConfigError where that needs probabilities and the network has none."""
        kind = CAMS[self.name].asked("evidence", self.name, {}, {"method": CAMS[self.name].evidence})
        asked = {"method": kind.pop("method")}
        asked |= checked("evidence", EVIDENCES[asked["method"]], kind)
        found = {"layer": backbone.settings["layer"], "score": self.score, "explain": explain, "evidence": asked}
        check_probability(found, backbone.activation)
        return found

    def maps(self, arrays: Mapping[str, NDArray]) -> list[NDArray]:
        """The map of each target, from the evidence."""
        return list(heatmaps.maps_from(CAMS[self.name], arrays, self.settings))


class ExplainedImage(NamedTuple):
    """What the network says of an image: logits [c], probabilities [c] or None, and the explained outputs.

    `maps` has for each method the map [h w] of each explained output.
    """

    logits: NDArray[np.float32]
    probabilities: NDArray[np.float64] | None
    outputs: list[int]
    maps: dict[str, list[NDArray]]

    def probability(self, output: int) -> float | None:
        return None if self.probabilities is None else float(self.probabilities[output])


class Explaining:
    """A built network and the methods that it is asked for, all of them in one pass."""

    def __init__(self, backbone: Backbone, methods: Sequence[ChosenCam], batch: int):
        self.backbone = backbone
        self.methods = methods
        asked = [method.asks(backbone, "labelled")["evidence"]["method"] for method in methods]
        masked = any(name in PERTURBATIONS and PERTURBATIONS[name].of_input for name in asked)
        self.explainer = backbone.explainer(max(batch, MASKS) if masked else batch)

    def explain(self, images: Sequence[Image], wanted: Wanted) -> list[ExplainedImage]:
        """What is found of each image, at most as many as a batch holds."""
        if not images:
            return []
        table = targets(images, self._asked(images, wanted))
        explain = "predicted" if wanted.top == 1 else "labelled"
        asked = {method.name: method.asks(self.backbone, explain) for method in self.methods}
        sink = evidence.Collected()
        seen = evidence.predict(
            self.backbone,
            lambda name: images[int(name)],
            table,
            sink,
            explanations=asked,
            explainer=self.explainer,
        )
        maps = {method.name: method.maps(sink.view(method.name)) for method in self.methods}
        explained = sink.view(self.methods[0].name)["explained"]
        return self._by_image(seen["logits"], explained.reshape(len(images), -1), maps)

    def _asked(self, images: Sequence[Image], wanted: Wanted) -> NDArray[np.int64]:
        """The outputs to ask for of each image, [n m]. Which are several highest, one more forward pass has to say."""
        if wanted.top <= 1:
            # Where the network chooses by itself, any output that it has marks the image as one to be explained.
            return np.tile(wanted.outputs or [0], (len(images), 1))
        how = self.backbone.settings["resize"], self.backbone.settings["interpolation"]
        pixels = np.stack([fit(image, self.backbone.size, *how)[0] for image in images])
        logits = self.explainer.forward(pixels).logits
        return np.argsort(-logits, axis=1, kind="stable")[:, : wanted.top]

    def _by_image(self, logits: NDArray, outputs: NDArray, maps: dict[str, list[NDArray]]) -> list[ExplainedImage]:
        """Logits [n c], explained outputs [n m] and n * m maps of each method, image by image."""
        activation = self.backbone.activation
        chances = class_probability(logits, activation) if activation else None
        found = []
        for i, row in enumerate(outputs.tolist()):
            mine = slice(i * len(row), (i + 1) * len(row))
            own = {method.name: maps[method.name][mine] for method in self.methods}
            found.append(ExplainedImage(logits[i], None if chances is None else chances[i], row, own))
        return found


def targets(images: Sequence[Image], outputs: NDArray[np.int64]) -> pd.DataFrame:
    """A target for each image and each of its outputs [n m], as `evidence.predict` takes them.

    Images are called by their numbers: what files are called may be no text.
    """
    rows = [(str(i), *images[i].shape[:2], [output]) for i, own in enumerate(outputs.tolist()) for output in own]
    return pd.DataFrame(rows, columns=["image", "height", "width", "outputs"])
