"""Explanations that share a pass: each as if it had been asked for alone, and what they have in common made once."""

from itertools import product

import numpy as np
import pytest

from models import backbone, explained, open_picture, plain, seeded, targets
from wsol.files.predict import rows
from wsol.networks import evidence
from wsol.networks.kerasexplainer import KerasExplainer
from wsol.networks.seeing import KeptLayers

LAYERS = ["sum", "late"]
NAMES, OUTPUTS = ["1", "2", "1", "3", "9", "2", "broken"], [[0], [1], [2], [0], [], [0], [1]]
KINDS = {
    "gradient": {"method": "gradient", "similar": 0},
    "rivals": {"method": "gradient", "similar": 2},
    "ablation": {"method": "ablation"},
    "scorecam": {"method": "scorecam", "channels": 3, "fill": "mean"},
    "occlusion": {"method": "occlusion", "grid": 4, "patch": 2, "fill": "mean"},
}


def asked(layer, score, explain, kind) -> dict:
    return {"layer": layer, "score": score, "explain": explain, "evidence": KINDS[kind]}


ALL = {
    "/".join(each): asked(*each)
    for each in product(LAYERS, ("logit", "probability"), ("labelled", "predicted"), KINDS)
    if each[1] == "logit" or each[3] != "scorecam"
}


@pytest.fixture(scope="module")
def model():
    return seeded(plain)


@pytest.fixture(scope="module")
def together(model):
    """One pass for all: the sink, the predictions, and how often each function was traced and called."""
    explainer = Counted(backbone(model, layer=LAYERS), 4)
    sink, table = evidence.Collected(), targets(NAMES, OUTPUTS)
    found = evidence.predict(explainer.backbone, open_picture, table, sink, explanations=ALL, explainer=explainer)
    return sink, found, explainer


class Counted(KerasExplainer):
    """An explainer that counts the images that the network is shown as they are."""

    shown = 0

    def forward(self, pixels):
        self.shown += len(pixels)
        return super().forward(pixels)


@pytest.mark.parametrize("name", ALL)
def test_each_is_what_it_would_be_alone(model, together, name):
    sink, predictions, _ = together
    found, alone = explained(backbone(model, layer=LAYERS), open_picture, targets(NAMES, OUTPUTS), name, **every(name))
    np.testing.assert_array_equal(predictions["logits"], found["logits"])
    ours = sink.view(name)
    assert set(ours) == set(alone)
    whole = ("activations", "image_of", "explained", "row_of", "cell_to_input")
    for array in ours:
        own = ours[array] if array.startswith(whole) else rows(ours, array)
        if array != "row_of":  # which depends on what else is asked
            np.testing.assert_allclose(own, alone[array], atol=1e-6)


def every(name: str) -> dict:
    return {"explanations": {name: ALL[name]}}


def test_the_network_sees_each_image_once(together):
    _, predictions, explainer = together
    assert explainer.shown == len(predictions["image"]) == 5
    assert explainer.traces["network"] == 1 and explainer.traces["gradients"] == 1


def test_what_explanations_have_in_common_is_in_the_file_once(together):
    sink, _, _ = together
    arrays = [name for name in sink if name.startswith("gradients.")]
    assert sorted(arrays) == [f"gradients.{score}.{place}" for score in ("logit", "probability") for place in (0, 1)]
    assert sum(name.startswith("activations") for name in sink) == len(LAYERS)
    # Where the label is what is predicted, and where two targets are of one class, there is one row for both.
    pairs = set()
    for way in ("labelled", "predicted"):
        view = sink.view(f"late/logit/{way}/gradient")
        pairs |= {(i, o) for i, o in zip(view["image_of"], view["explained"], strict=True) if o >= 0}
    assert len(sink["gradients.logit.0"]) == len(pairs) < 2 * len(NAMES)


def test_layers_that_were_kept_give_what_a_pass_gives_and_no_image_is_opened(model):
    """Where they are all that the heads depend on: late alone is, middle is not, which the map goes around."""

    def never(name):
        raise AssertionError(f"{name} was opened")

    for layer, enough in (("sum", True), ("late", True), ("middle", False)):
        network, table = backbone(model, layer=layer), targets(NAMES, OUTPUTS)
        for kind in ("gradient", "rivals", "ablation"):
            asks = {"": asked(layer, "probability", "predicted", kind)}
            first, again = evidence.Collected(), evidence.Collected()
            found = evidence.predict(network, open_picture, table, first, explanations=asks)
            kept = KeptLayers(found, {0: first["activations.0"]})
            opened = never if enough else open_picture
            same = evidence.predict(network, opened, table, again, explanations=asks, kept=kept)
            for one, other in ((found, same), (first, again)):
                assert set(one) == set(other)
                for name in one:
                    np.testing.assert_array_equal(one[name], other[name])


def test_rivals_are_asked_for_by_those_that_have_them(model):
    plainly = {"a": asked("late", "logit", "labelled", "gradient")}
    for asks, arrays in ((plainly, 0), (plainly | {"b": asked("late", "logit", "labelled", "rivals")}, 1)):
        sink = evidence.Collected()
        evidence.predict(backbone(model, layer="late"), open_picture, targets(["1"], [[0]]), sink, explanations=asks)
        assert sum(name.startswith("similar_class_gradients") for name in sink) == arrays
        assert "similar_class_gradients" not in sink.view("a")


def test_a_layer_that_one_score_asks_for_is_not_differentiated_for_another(model):
    asks = {
        "a": asked("late", "logit", "labelled", "gradient"),
        "b": asked("sum", "probability", "labelled", "gradient"),
    }
    sink = evidence.Collected()
    evidence.predict(backbone(model, layer=LAYERS), open_picture, targets(["1"], [[0]]), sink, explanations=asks)
    assert {name for name in sink if name.startswith("gradients")} == {"gradients.logit.1", "gradients.probability.0"}


@pytest.mark.parametrize("names", [[], ["broken"], ["9"]])
def test_what_explains_nothing_still_has_its_arrays(model, names):
    for name, each in ALL.items():
        _, view = explained(
            backbone(model, layer=LAYERS),
            open_picture,
            targets(names, [[] for _ in names]),
            name,
            explanations={name: each},
        )
        for array, values in view.items():
            if array.startswith(("gradients", "score_drops", "class_prob", "finished")):
                assert len(values) == len(names) and not values.any() and values.ndim >= 3
