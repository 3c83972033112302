"""Explaining: a network that is built once, images in batches, and the maps of each CAM and class."""

import copy
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
from wsol.networks.explainer import Explainer
from wsol.networks.perturb import EVIDENCES
from wsol.pictures.panels import Image
from wsol.settings import checked, parameters

MASKS = 32  # changed inputs that the network is shown at once


class Method(NamedTuple):
    """A CAM by its name in CAMS, with its settings and the score it explains."""

    name: str
    settings: dict[str, Any]
    score: str

    @classmethod
    def of(cls, name: str, entry: Mapping[str, Any]) -> "Method":
        """The settings of an entry of `cams` that this method has."""
        cam = CAMS[name]
        score = cam.score or (entry.get("score", "logit") if cam.takes_score else "logit")
        return cls(name, {key: entry[key] for key in parameters(cam) if key in entry}, score)

    @property
    def asks(self) -> tuple[str, str]:
        """The evidence that it takes, and of which score."""
        return CAMS[self.name].evidence, self.score

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
    """A built network and the methods that it is asked for; methods that ask the same of it share their pass."""

    def __init__(self, backbone: Backbone, methods: Sequence[Method], batch: int):
        self.backbone = backbone
        self.methods = methods
        self.asked: dict[tuple[str, str], Explainer] = {}
        for kind, score in dict.fromkeys(method.asks for method in methods):
            shown = batch if kind == "gradient" else max(batch, MASKS)
            self.asked[kind, score] = alike(backbone, kind, score).explainer(shown)

    def explain(self, images: Sequence[Image], wanted: Wanted) -> list[ExplainedImage]:
        """What is found of each image, at most as many as a batch holds."""
        if not images:
            return []
        table = targets(images, self._asked(images, wanted))
        maps: dict[str, list[NDArray]] = {}
        for asked, explainer in self.asked.items():
            arrays = evidence.Collected()
            explainer.backbone.settings["explain"] = "predicted" if wanted.top == 1 else "labelled"
            seen = evidence.predict(
                explainer.backbone, lambda name: images[int(name)], table, arrays, explainer=explainer
            )
            maps |= {method.name: method.maps(arrays) for method in self.methods if method.asks == asked}
        return self._by_image(seen["logits"], arrays["explained"].reshape(len(images), -1), maps)

    def _asked(self, images: Sequence[Image], wanted: Wanted) -> NDArray[np.int64]:
        """The outputs to ask for of each image, [n m]. Which are several highest, one more forward pass has to say."""
        if wanted.top <= 1:
            # Where the network chooses by itself, any output that it has marks the image as one to be explained.
            return np.tile(wanted.outputs or [0], (len(images), 1))
        explainer = next(iter(self.asked.values()))
        how = self.backbone.settings["resize"], self.backbone.settings["interpolation"]
        pixels = np.stack([fit(image, self.backbone.size, *how)[0] for image in images])
        logits = explainer.forward(pixels).logits
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


def alike(backbone: Backbone, kind: str, score: str) -> Backbone:
    """The same network asked for something else; a ConfigError where that needs probabilities and it has none."""
    other = copy.copy(backbone)
    other.settings = {**backbone.settings, "evidence": {"method": kind, **checked(kind, EVIDENCES[kind], {})}}
    other.settings["score"] = score
    check_probability(other.settings, other.activation)
    return other
