"""Explaining: the maps of several methods and classes as one tape of Keras has them, from passes that are shared."""

import numpy as np
import pytest

from models import backbone, linear, picture, plain, seeded, taped
from wsol.errors import ConfigError
from wsol.explain.classes import Wanted
from wsol.explain.explaining import ChosenCam, Explaining
from wsol.maps.cams import CAMS
from wsol.networks import evidence

NAMES = ["1", "2", "3"]
IMAGES = [picture(name) for name in NAMES]


@pytest.fixture(scope="module")
def model():
    return seeded(lambda: plain("softmax", 5))


def explaining(model, *names, batch=4, **entry) -> Explaining:
    return Explaining(backbone(model, layer="late"), [ChosenCam.of(name, entry) for name in names], batch)


def ranks(model) -> np.ndarray:
    return np.argsort(-model.predict(np.stack(IMAGES) / 255, verbose=0), axis=1)


@pytest.mark.parametrize("top", [1, 2, 5])
def test_the_highest_classes_are_explained_in_their_order(model, top):
    found = explaining(model, "gradcam").explain(IMAGES, Wanted([], top=top))
    assert [one.outputs for one in found] == ranks(model)[:, :top].tolist()


def test_every_map_is_that_of_its_image_class_and_method(model):
    found = explaining(model, "gradcam", "layercam").explain(IMAGES, Wanted([4, 0]))
    for name, one in zip(NAMES, found, strict=True):
        assert one.outputs == [4, 0] and list(one.maps) == ["gradcam", "layercam"]
        for place, output in enumerate(one.outputs):
            a, g, z = taped(linear(model), name, "late", output)
            for method, maps in one.maps.items():
                np.testing.assert_allclose(maps[place], CAMS[method](a[None], g[None])[0], atol=1e-6)
            np.testing.assert_allclose(one.logits, z, atol=1e-5)
            assert one.probability(output) == pytest.approx(np.exp(z)[output] / np.exp(z).sum(), rel=1e-4)


def test_the_score_of_an_entry_is_the_one_that_is_explained(model):
    (found,) = explaining(model, "gradcam", score="probability").explain(IMAGES[:1], Wanted([2]))
    a, g, _ = taped(model, "1", "late", 2)
    np.testing.assert_allclose(found.maps["gradcam"][0], CAMS["gradcam"](a[None], g[None])[0], atol=1e-7)


def test_all_methods_share_a_pass(model, monkeypatch):
    calls = []
    own = evidence.predict
    monkeypatch.setattr(evidence, "predict", lambda *given, **more: calls.append(given) or own(*given, **more))
    work = explaining(model, "gradcam", "layercam", "eigencam", "scorecam")
    together = work.explain(IMAGES, Wanted([1]))
    assert len(calls) == 1 and work.explainer.batch == 32
    for name in ("eigencam", "scorecam"):
        alone = explaining(model, name).explain(IMAGES, Wanted([1]))
        for one, other in zip(together, alone, strict=True):
            np.testing.assert_allclose(one.maps[name][0], other.maps[name][0], atol=1e-6)


def test_a_batch_gives_what_its_images_give_one_by_one_and_is_traced_once(model):
    work = explaining(model, "gradcam")
    together = work.explain(IMAGES, Wanted([], top=2))
    for image, one in zip(IMAGES, together, strict=True):
        (alone,) = work.explain([image], Wanted([], top=2))
        assert alone.outputs == one.outputs
        np.testing.assert_allclose(alone.maps["gradcam"], one.maps["gradcam"], atol=1e-6)
    assert dict(work.explainer.traces) == {"network": 1, "gradients": 1}
    assert work.explain([], Wanted([0])) == []


def test_images_of_different_sizes_share_a_batch(model):
    sizes = [picture("1", (40, 31)), picture("2", (9, 70))]
    assert len(explaining(model, "gradcam").explain(sizes, Wanted([], top=3))) == 2


def test_a_network_without_probabilities_has_none_and_refuses_what_needs_them(model):
    bare = linear(model)
    (found,) = explaining(bare, "gradcam").explain(IMAGES[:1], Wanted([0]))
    assert found.probabilities is None and found.probability(0) is None
    with pytest.raises(ConfigError, match="needs a model that ends in softmax or sigmoid"):
        explaining(bare, "rise")
    with pytest.raises(ConfigError, match="needs a model that ends in softmax or sigmoid"):
        explaining(bare, "gradcam", score="probability")
    explaining(bare, "eigencam", score="probability")  # looks at the activations alone
