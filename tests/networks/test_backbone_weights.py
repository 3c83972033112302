"""Where a backbone's weights come from: a seed, a training, Keras' published files."""

import re

import h5py
import numpy as np
import pytest

from models import keras
from wsol.errors import UNREACHABLE, ConfigError, Missing
from wsol.networks import backbones


def test_the_seed_decides_random_weights():
    def weights(seed):
        return backbones.build(
            {"architecture": "MobileNet", "alpha": 0.25, "weights": "random", "input": 32, "classes": 2, "seed": seed}
        ).model.get_weights()

    first, again, other = weights(0), weights(0), weights(1)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_trainings_of_other_seeds_start_from_other_weights():
    """One that started where another did would be no sample of what a training gives."""
    settings = {"architecture": "MobileNet", "alpha": 0.25, "weights": {"train": {}}, "input": 32, "seed": 3}

    def start(*seed):
        return backbones.build(backbones.untrained(settings, *seed), classes=2).model.get_weights()

    plain = backbones.build({**settings, "weights": "random"}, classes=2).model.get_weights()
    first, zeroth, other = start(), start(0), start(1)
    assert all(np.array_equal(a, b) and np.array_equal(a, c) for a, b, c in zip(plain, first, zeroth, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))
    assert backbones.untrained({**settings, "seed": 2**32 - 1}, 1)["seed"] == 0


@pytest.mark.parametrize("side", [224, 96])
def test_published_weights_come_from_the_file_that_keras_downloads(monkeypatch, tmp_path, side):
    """A file of the published layout in Keras' own folder; at another size the same weights."""
    monkeypatch.setattr("keras.src.utils.file_utils.config.keras_home", lambda: str(tmp_path))
    settings = {"architecture": "MobileNet", "alpha": 0.25}
    model = backbones.build({**settings, "weights": "random", "seed": 5}).model
    (tmp_path / "models").mkdir()
    with h5py.File(tmp_path / "models/mobilenet_2_5_224_tf.h5", "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        for layer in model.layers:
            group = file.create_group(layer.name)
            group.attrs["weight_names"] = [weight.name.encode() for weight in layer.weights]
            for weight in layer.weights:
                group[weight.name] = weight.numpy()
    found = backbones.build({**settings, "weights": "imagenet", "input": side})
    assert found.size == (side, side)
    assert all(np.array_equal(a, b) for a, b in zip(found.model.get_weights(), model.get_weights(), strict=True))


def test_weights_that_keras_cannot_download_are_missing(monkeypatch, tmp_path):
    """In Keras' own words, from an address where nobody listens."""
    monkeypatch.setattr("keras.src.applications.mobilenet_v2.BASE_WEIGHT_PATH", "http://127.0.0.1:9/")
    monkeypatch.setattr("keras.src.utils.file_utils.config.keras_home", lambda: str(tmp_path))
    with pytest.raises(Missing) as error:
        backbones.build({"architecture": "MobileNetV2"})
    said = f"backbone MobileNetV2: weights 'imagenet' {UNREACHABLE}: URL fetch failure on http://127.0.0.1:9/"
    assert str(error.value).startswith(said)


@pytest.mark.parametrize("name", ["MobileNetV3Small", "InceptionV3"])
def test_layers_are_called_as_in_a_single_build(monkeypatch, name):
    """Published weights are read at their own size first, and other networks may have been built before."""
    make = getattr(keras.applications, name)
    keras.utils.clear_session()
    names = [step.name for step in make(weights=None, input_shape=(96, 96, 3), classifier_activation=None).operations]
    assert any(re.fullmatch(r"activation_\d+", each) for each in names)
    monkeypatch.setattr(keras.applications, name, lambda weights, **given: make(weights=None, **given))
    found = backbones.build({"architecture": name, "weights": "imagenet", "input": 96})
    assert [operation.name for operation in found.model.operations] == names
    layer = [each for each in names if re.fullmatch(r"activation_\d+", each)][5]
    assert backbones.build({"architecture": name, "weights": "imagenet", "input": 96, "layer": layer}).layer == [layer]


def test_trained_weights_come_back_from_their_file(tmp_path):
    settings = {"architecture": "MobileNet", "alpha": 0.25, "weights": {"train": {}}, "input": 32}
    first = backbones.build({**settings, "weights": "random", "seed": 5}, classes=4)
    first.model.save_weights(tmp_path / "trained.weights.h5")
    second = backbones.build(settings, weights=tmp_path / "trained.weights.h5", classes=4)
    assert second.classes == 4
    assert all(np.array_equal(a, b) for a, b in zip(first.model.get_weights(), second.model.get_weights(), strict=True))
    with pytest.raises(ConfigError, match="needs the file that training made"):
        backbones.build(settings)
