"""Classifiers of keras-hub as backbones: a class with its settings, a preset by name; and what is refused of them."""

import builtins
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from hub import SIDE, keras_hub, vit
from models import keras, picture
from wsol.errors import ConfigError, Missing
from wsol.networks import backbones
from wsol.networks.kerasexplainer import KerasExplainer
from wsol.networks.models import hub

SCRIPT = Path(__file__).parents[2] / "scripts/layers.py"
SIZES = {
    "image_shape": [SIDE, SIDE, 3],
    "patch_size": 8,
    "num_layers": 2,
    "num_heads": 2,
    "hidden_dim": 8,
    "mlp_dim": 16,
}
VIT = {"class": "ViTImageClassifier", "backbone": SIZES}
GIVEN = {"keras_hub": VIT, "weights": "random", "classes": 3, "preprocessing": {"scale": 1 / 127.5, "mean": 1.0}}


def test_a_class_with_its_settings_is_a_backbone():
    keras_hub()
    found = backbones.build({**GIVEN, "keras_hub": {**VIT, "pooling": "gap"}})
    assert found.size == (SIDE, SIDE) and found.classes == 3
    assert found.layer[0].endswith("vit_encoder/ln") and found.activation == ""
    assert found.prepare == backbones.PREPROCESSING(scale=1 / 127.5, mean=1.0)


def test_random_weights_are_those_of_the_seed():
    keras_hub()

    def kernel(seed):
        model, _ = hub.classifier(VIT, "random", 3, seed)
        return np.array(model.get_layer("predictions").kernel)

    assert np.array_equal(kernel(1), kernel(1)) and not np.array_equal(kernel(1), kernel(2))


def test_weights_of_a_file_are_loaded(tmp_path):
    keras_hub()
    path = str(tmp_path / "vit.weights.h5")
    first = backbones.build({**GIVEN, "seed": 4})
    first.model.save_weights(path)
    second = backbones.build({**GIVEN, "weights": path})
    for one, other in zip(first.model.weights, second.model.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    wrong = {**GIVEN, "weights": path, "classes": 4}
    with pytest.raises(ConfigError, match=r"^weights '\S+' are not those of "):
        backbones.build(wrong)


def test_a_preset_is_what_its_folder_has_with_its_preprocessing(tmp_path, monkeypatch, capsys):
    """A preset may lie in a folder, as keras-hub saves it: what is downloaded is the same."""
    package = keras_hub()
    keras.utils.set_random_seed(1)
    model = vit()
    converter = __import__("keras_hub").layers.ViTImageConverter(
        image_size=(SIDE, SIDE), scale=[1 / 51, 1 / 50, 1 / 49], offset=[-2.0, -1.0, 0.5]
    )
    model.preprocessor = package.ViTImageClassifierPreprocessor(image_converter=converter)
    model.save_to_preset(str(tmp_path / "preset"))
    found = backbones.build({"keras_hub": str(tmp_path / "preset")})
    monkeypatch.setattr(sys, "argv", ["layers.py", str(tmp_path / "preset"), "--hub"])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    said = " ".join(capsys.readouterr().out.split())
    assert "ln_1 LayerNormalization 4 x 4 x 16 sees 32 x 32 reached 100% tokens, 1 to skip <- auto" in said
    image = picture("1", (SIDE, SIDE))[None]
    wanted = model(converter(image.astype(np.float32)))
    np.testing.assert_allclose(KerasExplainer(found, 1).forward(image).logits, wanted, atol=1e-5)


def test_an_unknown_preset_or_class_is_refused():
    keras_hub()
    with pytest.raises(ConfigError, match=r"^keras_hub: unknown 'vit_base_patch16_225'\. Did you mean 'vit_base_patch"):
        backbones.build({"keras_hub": "vit_base_patch16_225"})
    with pytest.raises(ConfigError, match=r"^keras_hub\.class: unknown 'ViTImageClasifier'\. Did you mean 'ViTImageC"):
        backbones.build({**GIVEN, "keras_hub": {**VIT, "class": "ViTImageClasifier"}})
    with pytest.raises(ConfigError, match=r"^keras_hub: ViTImageClassifier is not made of these settings: .*height"):
        backbones.build({**GIVEN, "keras_hub": {**VIT, "backbone": {**SIZES, "image_shape": [30, 30, 3]}}})


def test_a_preset_that_cannot_be_downloaded_is_missing(monkeypatch):
    kind = keras_hub().ImageClassifier

    def refused(*_, **__):
        raise ConnectionError("no network")

    monkeypatch.setattr(kind, "from_preset", refused)
    with pytest.raises(Missing, match=r"^keras_hub: preset '\w+' cannot be downloaded: no network$"):
        backbones.build({"keras_hub": "vit_base_patch16_224_imagenet"})


def test_without_the_package_one_line_says_what_to_install(monkeypatch):
    def refuse(name, *given, _import=builtins.__import__, **named):
        if name == "keras_hub":
            raise ImportError("No module named 'keras_hub'")
        return _import(name, *given, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ConfigError, match=r"^keras_hub: needs keras-hub \(.*\); pip install \.\[hub\]$"):
        hub.classifier(VIT, "random", 3, 0)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"preprocessing": None}, "backbone: a class of keras-hub needs its `preprocessing`"),
        ({"weights": None}, "weights: ViTImageClassifier has none of its own"),
        ({"weights": "imagenet"}, "weights: ViTImageClassifier has none of its own"),
        ({"classes": None}, "classes: is needed, how many outputs ViTImageClassifier has."),
        ({"keras_hub": {"class": "ViTImageClassifier"}}, "keras_hub: must be a preset's name, or {class: NAME"),
        ({"keras_hub": "vit", "weights": "imagenet"}, "weights: the preset 'vit' brings its own"),
        ({"architecture": "VGG16"}, "backbone: needs one of `architecture`, `model`, `keras_hub` and `torch`."),
        ({"alpha": 1.0}, "backbone keras_hub: unknown 'alpha'"),
    ],
)
def test_settings_that_do_not_fit_are_refused_without_keras_hub(changed, said):
    with pytest.raises(ConfigError) as error:
        backbones.backbone(**(GIVEN | changed))
    assert str(error.value).startswith(said) and "\n" not in str(error.value)
