"""Backbones: every architecture of keras.applications, and the user's own model."""

import inspect
import re

import numpy as np
import pytest

from models import MODELS, SIDE, keras, layers, picture, plain, seeded
from wsol.errors import ConfigError, DataError
from wsol.networks import backbones
from wsol.networks.built import prepared
from wsol.networks.layers import pooled
from wsol.networks.models.architectures import ARCHITECTURES, MODES

# One small member of each family, the layer that `auto` explains, and whether only its mean over space is used after.
FAMILIES = {
    "ConvNeXtTiny": ("add", "GlobalAveragePooling2D"),
    "DenseNet121": ("relu", "GlobalAveragePooling2D"),
    "EfficientNetB0": ("top_activation", "GlobalAveragePooling2D"),
    "EfficientNetV2B0": ("top_activation", "GlobalAveragePooling2D"),
    "InceptionResNetV2": ("conv_7b_ac", "GlobalAveragePooling2D"),
    "InceptionV3": ("mixed10", "GlobalAveragePooling2D"),
    "MobileNet": ("conv_pw_13_relu", "GlobalAveragePooling2D"),
    "MobileNetV2": ("out_relu", "GlobalAveragePooling2D"),
    "MobileNetV3Large": ("activation", "GlobalAveragePooling2D"),
    "MobileNetV3Small": ("activation", "GlobalAveragePooling2D"),
    "NASNetMobile": ("activation", "GlobalAveragePooling2D"),
    "ResNet50": ("conv5_block3_out", "GlobalAveragePooling2D"),
    "ResNet50V2": ("post_relu", "GlobalAveragePooling2D"),
    "VGG16": ("block5_conv3", "MaxPooling2D"),
    "Xception": ("block14_sepconv2_act", "GlobalAveragePooling2D"),
}
LARGE = sorted(set(ARCHITECTURES) - set(FAMILIES))
MEMBERS = {  # larger members, by pattern: the small one that they are built like
    "ConvNeXt.*": "ConvNeXtTiny",
    "DenseNet.*": "DenseNet121",
    "EfficientNet.*": "EfficientNetB0",
    "NASNet.*": "NASNetMobile",
    "ResNet.*V2": "ResNet50V2",
    "ResNet.*": "ResNet50",
    "VGG.*": "VGG16",
}


def built(name: str, size: int = 160) -> backbones.Backbone:
    return backbones.build({"architecture": name, "weights": "random", "classes": 3, "input": size})


def check_family(name: str, layer: str, next_kind: str) -> None:
    found = built(name)
    step = found.layers[0]
    own = step.name.rsplit("/", 1)[-1]
    assert own == layer or (layer in ("add", "activation") and own.rstrip("0123456789").rstrip("_") == layer)
    users = found.graph.consumers(step.outputs[0], found.graph.upstream([found.output]))
    assert [user.kind for user in users] == [next_kind]
    assert step.shape[1] == step.shape[2] > 1
    assert found.classes == 3 and found.activation == "softmax"
    assert (pooled(found.graph, found.output, step.outputs[0]) is None) == (next_kind == "MaxPooling2D")


@pytest.mark.parametrize("name", FAMILIES)
def test_auto_is_right_on_every_family(name):
    check_family(name, *FAMILIES[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_auto_is_right_on_the_large_ones(name):
    small = next(member for pattern, member in MEMBERS.items() if re.fullmatch(pattern, name))
    layer, next_kind = FAMILIES[small]
    check_family(name, "block5_conv4" if name == "VGG19" else layer, next_kind)


@pytest.mark.parametrize(("name", "layer"), [("InceptionV3", "mixed7"), ("MobileNetV2", "out_relu")])
def test_auto_at_96_pixels_is_what_everything_passes_through(name, layer):
    """InceptionV3 shrinks to 1x1 there, by parallel convolutions."""
    assert built(name, 96).layer == [layer]


def test_the_table_is_keras_applications():
    functions = {n: f for n, f in vars(keras.applications).items() if n[0].isupper() and callable(f)}
    assert set(functions) == set(ARCHITECTURES)
    for name, kind in ARCHITECTURES.items():
        own = set(inspect.signature(functions[name]).parameters)
        assert set(kind.arguments) <= own


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_what_the_table_refuses_keras_would_refuse(name):
    kind, make = ARCHITECTURES[name], getattr(keras.applications, name)
    with pytest.raises(ValueError, match=r"at least|[Ii]nput size must be"):
        make(weights=None, input_shape=(kind.least - 1, kind.least - 1, 3))
    if kind.widths:
        with pytest.raises(ValueError, match="alpha"):
            make(weights="imagenet", alpha=0.9)
    if kind.fixed:
        with pytest.raises(ValueError, match="`input_shape` should be"):
            make(weights="imagenet", input_shape=(256, 256, 3))


@pytest.mark.parametrize("mode", MODES)
def test_preprocessing_is_keras_own(mode):
    name = next(n for n, kind in ARCHITECTURES.items() if kind.mode == mode)
    module = {"tf": "mobilenet_v2", "caffe": "vgg16", "torch": "densenet", "none": "convnext"}[mode]
    prepare = getattr(keras.applications, module).preprocess_input
    batch = np.stack([picture("1"), picture("2")])
    found = prepared(batch, MODES[ARCHITECTURES[name].mode]).numpy()
    np.testing.assert_allclose(found, prepare(batch.astype(np.float32)), rtol=1e-5, atol=1e-5)


def test_grey_models_see_grey():
    found = prepared(picture("1")[None], backbones.preprocessing(order="gray", scale=1 / 255)).numpy()
    assert found.shape == (1, SIDE, SIDE, 1)
    np.testing.assert_allclose(found[0, ..., 0], picture("1") @ [0.2989, 0.587, 0.114] / 255, atol=1e-3)


OWN = {"preprocessing": {"scale": 1 / 255}}


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("name", MODELS)
def test_a_users_file_gives_what_the_model_in_memory_gives(tmp_path, name, suffix):
    if (name, suffix) == ("operations", ".h5"):
        pytest.skip("Keras does not write functions into .h5")
    model = seeded(MODELS[name])
    path = str(tmp_path / f"model{suffix}")
    model.save(path)
    found = backbones.build({"model": path, **OWN, "input": SIDE})
    x = found.preprocess(picture("1")[None])
    logits = found.logits(found.graph.run({found.graph.inputs[0]: x}, [found.output])).numpy()
    shown = logits if name == "linear" else np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose(shown, model(picture("1")[None].astype(np.float32) / 255).numpy(), atol=1e-6)


def test_the_input_size_is_the_models_where_it_has_one(tmp_path):
    seeded(plain).save(tmp_path / "fixed.keras")
    assert backbones.build({"model": str(tmp_path / "fixed.keras"), **OWN}).size == (SIDE, SIDE)
    seeded(MODELS["open_size"]).save(tmp_path / "open.keras")
    with pytest.raises(ConfigError, match="input: the model's size is open"):
        backbones.build({"model": str(tmp_path / "open.keras"), **OWN})
    assert backbones.build({"model": str(tmp_path / "open.keras"), **OWN, "input": [24, 40]}).size == (24, 40)


def test_a_file_that_is_no_model_is_said_in_one_line(tmp_path):
    (tmp_path / "a.keras").write_bytes(b"nothing of the kind")
    (tmp_path / "a.h5").write_bytes(b"nothing of the kind")
    (tmp_path / "folder").mkdir()
    for name, said in [
        ("a.keras", "no readable Keras file"),
        ("a.h5", "no readable Keras file"),
        ("folder", "no SavedModel"),
        ("b", "exist"),
    ]:
        with pytest.raises(DataError, match=said) as error:
            backbones.build({"model": str(tmp_path / name), **OWN})
        assert "\n" not in str(error.value) and name in str(error.value)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_code_in_a_file_runs_only_where_the_config_trusts_it(tmp_path, suffix):
    start = layers.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(4, 3, name="conv")(layers.Lambda(lambda x: x * 2)(start))
    model = keras.Model(start, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))
    path = str(tmp_path / f"lambda{suffix}")
    model.save(path)
    with pytest.raises(DataError, match="brings code of its own"):
        backbones.build({"model": path, **OWN})
    assert backbones.build({"model": path, **OWN, "safe": False}).layer == ["conv"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "needs one of `architecture`, `model`, `keras_hub` and `torch`"),
        (
            {"architecture": "VGG16", "model": "a.keras"},
            "needs one of `architecture`, `model`, `keras_hub` and `torch`",
        ),
        ({"architecture": "MobilNetV2"}, "unknown 'MobilNetV2'. Did you mean 'MobileNetV2'"),
        ({"model": "a.keras"}, "needs its `preprocessing`"),
        ({"architecture": "VGG16", "alpha": 0.5}, "backbone VGG16: unknown 'alpha'"),
        ({"architecture": "VGG16", "evidence": "scorcam"}, r"evidence: unknown 'scorcam'\. Did you mean 'scorecam'"),
        (
            {"architecture": "VGG16", "evidence": {"method": "rise", "masks": 0}},
            "evidence rise.masks: must lie",
        ),
        ({"model": "a.keras", "preprocessing": {"scael": 1}}, "preprocessing: unknown 'scael'. Did you mean 'scale'"),
    ],
)
def test_settings_are_checked_without_keras(settings, said):
    with pytest.raises(ConfigError, match=said):
        backbones.backbone(**settings)


def test_probability_needs_a_model_that_ends_in_one(tmp_path):
    seeded(MODELS["linear"]).save(tmp_path / "linear.keras")
    with pytest.raises(ConfigError, match="score: probability needs"):
        backbones.build({"model": str(tmp_path / "linear.keras"), **OWN, "score": "probability"})
