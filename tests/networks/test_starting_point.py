"""What a training starts from: all weights of a file, or those that were published, but the classifier's."""

import h5py
import numpy as np
import pytest

from models import plain, seeded
from wsol.errors import ConfigError, DataError
from wsol.files.formats import sha256
from wsol.files.train import WEIGHTS
from wsol.networks import backbones
from wsol.networks.models import building, hub
from wsol.networks.models.carrying import carry, spelt, weighted

NET = {"architecture": "MobileNet", "alpha": 0.25, "input": 64}
CONV = {"method": "conv", "filters": [3]}
CLASSIFIER = "conv_preds"


def drawn(seed: int, classes: int, **settings):
    """A network with weights of that seed."""
    given = backbones.backbone(**{**NET, "weights": "random", "seed": seed, **settings})
    return building.application(given, (given["input"],) * 2, "random", classes)


def trained(classes: int = 5, **settings):
    """A network of these classes, as if it had learned something."""
    model, random = drawn(7, classes, **settings), np.random.default_rng(0)
    model.set_weights([random.normal(1, 0.1, weight.shape) for weight in model.get_weights()])
    return model


def older(model, path, *, prefix: str = "") -> None:
    """A file as Keras 2 wrote them, and those that are published; layers may have had other names."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [f"{prefix}{layer.name}".encode() for layer in model.layers]
        for layer in model.layers:
            group = file.create_group(f"{prefix}{layer.name}")
            group.attrs["weight_names"] = [weight.path.encode() for weight in layer.weights]
            for weight in layer.weights:
                group[weight.path] = weight.numpy()


def started(path, classes: int = 3, **settings):
    """The network that a training of seed 1 starts from, and the one that is drawn by that seed."""
    given = {**NET, **settings}
    begun = backbones.build(backbones.untrained(given, 1, str(path)), classes=classes).model
    return begun, drawn(1, classes, **settings)


def check(begun, plain, source, apart) -> None:
    """All layers have the weights of the source, but for those `apart`, which are as they were drawn."""
    assert [layer.name for layer in begun.layers] == [layer.name for layer in plain.layers]
    seen = set()
    for layer in weighted(begun):
        of = plain if layer.name in apart else source
        for one, other in zip(layer.get_weights(), of.get_layer(layer.name).get_weights(), strict=True):
            assert np.array_equal(one, other), layer.name
            seen.add(layer.name)
    assert len(seen) > 50 and set(apart) <= seen


HEADED = {"head": CONV, "stride": 16}


@pytest.mark.parametrize(
    ("how", "settings"),
    [
        *(("new", {}), ("new", {"input": 96}), ("new", {"stride": 8}), ("new", HEADED)),
        *(("older", {}), ("renamed", {}), ("renamed", HEADED), ("headed", {})),
    ],
)
def test_a_file_s_weights_are_taken_but_the_classifier_s(tmp_path, how, settings):
    source = trained()
    path = tmp_path / ("a.h5" if how in ("older", "renamed") else "a.weights.h5")
    if how == "headed":
        with WEIGHTS.saving(path, classes=5, names=["a"] * 5) as temporary:
            source.save_weights(temporary)
    elif how == "new":
        source.save_weights(path)
    else:
        older(source, path, prefix="old_" if how == "renamed" else "")
    before = sha256(path)
    check(*started(path, **settings), source, ["head_conv_1", "head_dense"] if "head" in settings else [CLASSIFIER])
    assert sha256(path) == before


def test_a_classifier_of_as_many_classes_is_drawn_too(tmp_path):
    source = trained(3)
    source.save_weights(tmp_path / "a.weights.h5")
    check(*started(tmp_path / "a.weights.h5"), source, [CLASSIFIER])


def test_a_file_without_a_classifier_is_taken(tmp_path):
    """Trained here with another head, and begun from with the architecture's own."""
    source = trained(head=CONV)
    source.save_weights(tmp_path / "a.weights.h5")
    check(*started(tmp_path / "a.weights.h5"), source, [CLASSIFIER])


@pytest.mark.parametrize("name", ["a.weights.h5", "a.h5"])
@pytest.mark.parametrize("head", ["own", CONV], ids=["own", "conv"])
def test_a_file_that_does_not_fit_is_said_with_the_first_layer(tmp_path, name, head):
    wide = trained(alpha=0.5)
    wide.save_weights(tmp_path / name) if name.endswith("weights.h5") else older(wide, tmp_path / name)
    with pytest.raises(ConfigError) as error:
        started(tmp_path / name, head=head)
    said = "is not of MobileNet: layer 'conv1' has weights 3x3x3x8 here, and there 3x3x3x16."
    assert str(error.value) == f"initial: '{tmp_path / name}' {said}"


@pytest.mark.parametrize("name", ["a.weights.h5", "a.h5"])
def test_a_file_that_lacks_layers_is_said(tmp_path, name):
    small = seeded(plain)
    small.save_weights(tmp_path / name) if name.endswith("weights.h5") else older(small, tmp_path / name)
    with pytest.raises(ConfigError, match=rf"^initial: '.*{name}' is not of MobileNet: layer 'conv1' has") as error:
        started(tmp_path / name)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("settings", [{}, {"stride": 8}, {"head": CONV}], ids=["own", "stride", "head"])
def test_published_weights_are_begun_from(monkeypatch, tmp_path, settings):
    """Files of the published layout in Keras' own folder: with its classifier, and without."""
    monkeypatch.setattr("keras.src.utils.file_utils.config.keras_home", lambda: str(tmp_path))
    (tmp_path / "models").mkdir()
    source = trained(1000, input=224)
    older(source, tmp_path / "models/mobilenet_2_5_224_tf.h5")
    bare = trained(2, input=224, head=CONV)
    carry(source, bare, ["head_conv_1", "head_dense"])
    older(_until(bare, "conv_pw_13_relu"), tmp_path / "models/mobilenet_2_5_224_tf_no_top.h5")
    check(
        *started("imagenet", **settings), source, ["head_conv_1", "head_dense"] if "head" in settings else [CLASSIFIER]
    )


def _until(model, layer: str):
    import keras

    return keras.Model(model.input, model.get_layer(layer).output)


def test_normalisation_computes_with_the_weights_that_it_is_given():
    """EfficientNet's first layer works with what it made of its weights when they were loaded."""
    given = {"architecture": "EfficientNetB0", "weights": "random", "input": 32, "classes": 2}
    settings = (backbones.backbone(**given, seed=seed) for seed in (0, 1))
    one, other = (building.application(each, (32, 32), "random", 2) for each in settings)
    layer = one.get_layer("normalization")
    layer.set_weights([np.array([0.4, 0.5, 0.6]), np.array([0.2, 0.3, 0.4]), np.array(0)])
    layer.finalize_state()
    carry(one, other)
    image = np.random.default_rng(0).uniform(0, 255, (1, 32, 32, 3)).astype(np.float32)
    assert np.array_equal(one(image).numpy(), other(image).numpy())


def test_a_users_model_starts_from_its_own_weights_or_a_file_s(tmp_path):
    model = seeded(plain)
    model.save(tmp_path / "mine.keras")
    half = [weight * 0.5 for weight in model.get_weights()]
    settings = {"model": str(tmp_path / "mine.keras"), "preprocessing": {"scale": 1 / 255}}
    own = backbones.build(backbones.untrained(settings, 1), classes=3).model.get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(own, model.get_weights(), strict=True))
    model.set_weights(half)
    model.save_weights(tmp_path / "half.weights.h5")
    begun = backbones.build(backbones.untrained(settings, 1, str(tmp_path / "half.weights.h5")), classes=3).model
    assert all(np.array_equal(a, b) for a, b in zip(begun.get_weights(), half, strict=True))
    other = seeded(lambda: plain(classes=5))
    other.save_weights(tmp_path / "other.weights.h5")
    with pytest.raises(DataError, match=r"other\.weights\.h5' are not those of model '.*mine\.keras'"):
        backbones.build(backbones.untrained(settings, 1, str(tmp_path / "other.weights.h5")), classes=3)


@pytest.mark.parametrize(("initial", "weights"), [(None, "random"), ("mine.weights.h5", "mine.weights.h5")])
def test_a_class_of_keras_hub_is_drawn_or_loaded_with_the_labels_classes(monkeypatch, initial, weights):
    seen = []

    def classifier(*given):
        seen.append(given)
        return seeded(plain), None

    monkeypatch.setattr(hub, "classifier", classifier)
    kind = {"class": "ViTImageClassifier", "backbone": {"num_layers": 1}}
    settings = {"keras_hub": kind, "preprocessing": {}, "weights": {"train": {}}}
    backbones.build(backbones.untrained(settings, 1, initial), classes=3)
    assert seen == [(kind, weights, 3, 1)]


def test_shapes_are_spelt():
    assert spelt([(3, 3, 8, 16), (16,), ()]) == "3x3x8x16 and 16 and one number"
