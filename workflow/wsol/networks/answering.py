"""Who answers which explanations, and what is asked of a transformer's attention."""

from collections.abc import Iterable

import numpy as np

from wsol.affine import Affine
from wsol.files.predict import ARRAYS
from wsol.networks import receptive
from wsol.networks.asking import Asking, Batch, Changes, Explanation, Gradients, Sink
from wsol.networks.attention import AttentionMaps
from wsol.networks.explainer import Explainer
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


def kinds(explanations: Iterable[Explanation]) -> dict[type[Asking], list[Explanation]]:
    """Who answers which explanations."""
    found: dict[type[Asking], list[Explanation]] = {}
    for each in explanations:
        kind: type[Asking] = Changes if each.method in PERTURBATIONS else Gradients
        found.setdefault(Attention if each.method == "attention" else kind, []).append(each)
    return found
