"""Who answers which explanations; what is asked of a transformer's attention, and of ACoL's two classifiers."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from wsol.affine import Affine
from wsol.files.predict import ARRAYS
from wsol.networks import complementary, receptive
from wsol.networks.asking import Asking, Batch, Changes, Explanation, Gradients, Sink
from wsol.networks.attention import AttentionMaps
from wsol.networks.explainer import Explainer
from wsol.networks.kerasexplainer import KerasExplainer
from wsol.networks.perturb import PERTURBATIONS, own_class
from wsol.networks.tokens import Patches, as_map


class Attention(Asking):
    """Maps of attention, of the network run once more with its attention opened; and class maps of a pooled head."""

    def __init__(self, explainer: Explainer, asked: Iterable[Explanation], sink: Sink):
        super().__init__(explainer, asked, sink)
        self.maps = AttentionMaps(self.backbone, explainer.batch)
        grid = self.maps.looking.grid
        layers = {explanation.layers[0] for explanation in self.asked}
        alike = [place for place in layers if self.backbone.layers[place].shape[1:3] == grid.shape]
        # Of another head a class has no share of a place.
        self.pooled = [] if self.backbone.between() else sorted(alike)

    def of(self, batch: Batch) -> None:
        found = self.maps.of_images(batch.pixels)
        for name, rows in found.items():
            self.sink.append(f"{name}.", rows[batch.images])
        self.sink.append("attention_gradients.", self.maps.of_outputs(batch.pixels, batch.images, batch.outputs))
        for place in self.pooled:
            self.sink.append(f"class_maps.{place}", self._class_maps(batch, place))

    def _class_maps(self, batch: Batch, place: int) -> np.ndarray:
        """[r h w]: what each place adds to the class's logit, times the number of places."""
        weights = own_class(batch.seen.logits[batch.images], batch.outputs).astype(np.float32)
        gradient = self.explainer.gradients(batch.seen.kept, batch.images, [weights], [[place]])[0][0]
        activations = batch.seen.activations[place][batch.images]
        return (activations * gradient).sum(axis=3) * np.float32(activations[0, ..., 0].size if len(activations) else 1)

    def names(self, explanation: Explanation) -> dict[str, str]:
        found = {name: f"{name}." for name in ARRAYS["attention"] if name != "class_maps"}
        place = explanation.layers[0]
        return found | ({"class_maps": f"class_maps.{place}"} if place in self.pooled else {})

    def cell_to_input(self, explanation: Explanation) -> list[Affine]:
        """Where the patches lie, whatever layer there is."""
        grid, backbone = self.maps.looking.grid, self.backbone
        step = backbone.network.producer(self.maps.looking.streams[-1])
        assert step is not None, "what a block gives on is made by a step"
        patches = as_map(step._replace(operation=Patches(grid)), grid)
        return [receptive.cell_to_input(backbone.network, patches, backbone.size).values]


class ErasedMaps(Asking):
    """Of an output the maps of ACoL's two classifiers, the second's where the first's map of that output is hidden."""

    def __init__(self, explainer: Explainer, asked: Iterable[Explanation], sink: Sink):
        import tensorflow as tf

        super().__init__(explainer, asked, sink)
        self.at = complementary.complementary(self.backbone)
        self._maps = tf.function(self._trace_maps, autograph=False)

    def of(self, batch: Batch) -> None:
        assert isinstance(self.explainer, KerasExplainer), "other networks have no two classifiers"
        weights = complementary.weights_of(batch.outputs, self.backbone.classes, self.backbone.binary)
        found = self.explainer.of_rows(self._maps, batch.seen.kept, batch.images, weights)
        for name, rows in zip(ARRAYS["acol"], found, strict=True):
            self.sink.append(f"{name}.", rows)

    def _trace_maps(self, cut: dict[int, Any], weights: Any) -> tuple[Any, Any]:
        """Both classifiers' maps [r h w] of what is weighted [r c]."""
        graph, at = self.backbone.graph, self.at
        values = graph.run(cut, [at.features, at.map_a])
        first = complementary.weighted(values[at.map_a], weights)
        seen = complementary.without(values[at.features], first, at.threshold)
        return first, complementary.weighted(graph.run({at.erased: seen}, [at.map_b])[at.map_b], weights)

    def names(self, explanation: Explanation) -> dict[str, str]:
        return {name: f"{name}." for name in ARRAYS["acol"]}

    def cell_to_input(self, explanation: Explanation) -> list[Affine]:
        """Where the first classifier's maps lie, whatever layer there is."""
        step = self.backbone.graph.producer(self.at.map_a)
        assert step is not None, "a class map is made by a step"
        cells = receptive.cell_to_input(self.backbone.graph, step, self.backbone.size).values
        return [cells for _ in explanation.layers]


OF_THEIR_OWN: dict[str, type[Asking]] = {"attention": Attention, "acol": ErasedMaps}


def kinds(explanations: Iterable[Explanation]) -> dict[type[Asking], list[Explanation]]:
    """Who answers which explanations."""
    found: dict[type[Asking], list[Explanation]] = {}
    for each in explanations:
        usual: type[Asking] = Changes if each.method in PERTURBATIONS else Gradients
        found.setdefault(OF_THEIR_OWN.get(each.method, usual), []).append(each)
    return found
