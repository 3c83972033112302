"""What augmentations leave as it is, what else they are made of, and networks of one size, which are refused."""

import numpy as np
import pytest
from test_attention import deep

import models
from augmenting import IMAGES, PLAIN, SCALES, TARGETS, seen, written
from models import keras, layers
from wsol.errors import ConfigError
from wsol.files.augmentations import augmentations
from wsol.maps import fusion, heatmaps
from wsol.maps.cams import CAMS
from wsol.networks import backbones, evidence, scaling
from wsol.networks.models import architectures


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return written(tmp_path_factory.mktemp("models"))


def test_what_is_predicted_and_explained_is_of_the_image_as_it_is(settings):
    """Also where scale 1 is none of those that maps are made at."""
    for ways in ({"scales": [0.5], "flip": True}, {"scales": [0.25, 1.0, 3.0]}):
        first, _, _, own = seen(settings, {"explain": "predicted"})
        found, _, _, explained = seen(settings, {"explain": "predicted", **ways})
        assert set(found) == set(first)
        for name in first:
            np.testing.assert_array_equal(found[name], first[name])
        np.testing.assert_array_equal(explained, own)
        np.testing.assert_array_equal(own, first["logits"].argmax(1)[[0, 0, 1, 2, 3, 4, 4]])


def test_a_batch_gives_what_its_images_give_and_a_part_the_same_bytes(settings):
    ways = {"scales": SCALES, "flip": True}
    _, together, _, _ = seen(settings, ways)
    for part in (slice(0, 3), slice(3, 7), slice(4, 5)):
        _, maps, _, _ = seen(settings, ways, TARGETS.iloc[part])
        assert [m.tobytes() for m in maps] == [m.tobytes() for m in together[part]]


def test_beside_others_a_plain_explanation_is_byte_for_byte_what_it_is_alone(settings):
    own = backbones.build(settings)
    asked = {"a": PLAIN, "b": {**PLAIN, "scales": SCALES, "flip": True}, "c": {**PLAIN, "scales": [0.5], "flip": False}}
    sinks = evidence.Collected(), evidence.Collected()
    for sink, wanted in zip(sinks, ({"a": PLAIN}, asked), strict=True):
        sized = scaling.sized(settings, own, wanted.values())
        evidence.predict(own, IMAGES.__getitem__, TARGETS, sink, explanations=wanted, sized=sized)
    alone, beside = (sink.view("a") for sink in sinks)
    assert set(alone) == set(beside) and all(alone[name].tobytes() == beside[name].tobytes() for name in alone)
    # What two explanations have in common is in the file once.
    assert sum(name.startswith("activations") for name in sinks[1]) == 6
    np.testing.assert_array_equal(sinks[1].view("b@0.5")["gradients"], sinks[1].view("c@0.5")["gradients"])


def test_images_that_do_not_open_and_targets_without_an_output(settings):
    table = TARGETS.assign(outputs=[[] for _ in TARGETS["image"]])
    for given in (table, table[:0]):
        _, maps, _, _ = seen(settings, {"scales": SCALES, "flip": True}, given)
        assert len(maps) == len(given) and not np.any(maps)

    def broken(name):
        raise OSError(name)

    own, ways = backbones.build(settings), {**PLAIN, "scales": [0.5], "flip": True}
    sink = evidence.Collected()
    options = {"explanations": {"a": ways}, "sized": scaling.sized(settings, own, [ways])}
    found = evidence.predict(own, broken, TARGETS, sink, **options)
    assert not found["readable"].any() and not sink.view("a@0.5")["activations"].any()


@pytest.mark.parametrize(
    ("cam", "asked"),
    [
        ("occlusion", {"method": "occlusion", "grid": 4, "patch": 2, "fill": 0.0}),
        ("rise", {"method": "rise", "masks": 6, "cells": 3, "shown": 0.5, "seed": 0, "fill": 0.0}),
        ("ablationcam", {"method": "ablation"}),
        ("scorecam", {"method": "scorecam", "channels": 3, "fill": "mean"}),
    ],
)
def test_what_asks_the_network_again_is_asked_in_each_augmentation(settings, cam, asked):
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    ask, table = {"evidence": asked}, TARGETS[:1]
    _, (heat,), *_ = seen(settings, {**ask, "scales": [0.5, 1.0], "flip": True}, table, {"0": image}, cam)
    single = []
    for scale in (0.5, 1.0):
        for turn in (slice(None), slice(None, None, -1)):
            _, (own,), *_ = seen(settings, {**ask, "scales": [scale]}, table, {"0": image[:, turn]}, cam)
            single.append(own[:, turn])
    side = max(map(len, single))
    expected = np.mean([fusion.enlarged(own[None], side, side)[0] for own in single], axis=0)
    assert np.ptp(expected) > 0
    np.testing.assert_allclose(heat, expected, atol=1e-5 * np.abs(expected).max())


def test_several_layers_are_averaged_each_and_then_fused(settings):
    ways, layer = {"scales": [0.5, 1.0], "flip": True}, ["conv2d", "last"]
    own = backbones.build(settings | {"layer": layer})
    each = {name: seen(settings | {"layer": layer}, {"layer": name, **ways})[1] for name in layer}
    asked = {**PLAIN, **ways, "layer": layer}
    sink = evidence.Collected()
    sized = scaling.sized(settings, own, [asked])
    found = evidence.predict(own, IMAGES.__getitem__, TARGETS, sink, explanations={"a": asked}, sized=sized)
    first, *more = [sink.view("a" + way.tag) for way in augmentations(asked)]
    maps = list(heatmaps.maps_from(CAMS["gradcam"], first, {}, {}, more))
    for fused, *apart in zip(maps, *each.values(), strict=True):
        np.testing.assert_allclose(fused, fusion.fuse([own[None] for own in apart])[0], atol=1e-6)
    np.testing.assert_array_equal(heatmaps.cell_to_input(first, maps, found["input_size"], more), [1, 1, 0, 0])


def test_a_network_of_one_size_is_refused_in_one_line_and_mirrored_all_the_same(tmp_path, monkeypatch):
    inner = models.flattened()
    inner.save(tmp_path / "flat.keras")
    flat = {"model": str(tmp_path / "flat.keras"), "preprocessing": {"scale": 1 / 255}}

    def dense(size, classes):
        x = start = layers.Input((*size, 3))
        x = layers.Conv2D(4, 3, strides=2, activation="relu")(x)
        return keras.Model(start, layers.Dense(classes)(layers.Flatten()(x)))

    monkeypatch.setitem(
        architectures.ARCHITECTURES, "dense", architectures.Architecture(32, "none", least=8, build=dense)
    )
    for network, size, said in (
        (flat, 8, "input: the model does not take 8x8"),
        ({"architecture": "dense", "weights": "random", "classes": 3}, 16, "dense has other weights there"),
        ({"architecture": "VGG16", "weights": "imagenet"}, 112, "VGG16 has published weights for 224"),
    ):
        own = None if "VGG16" in said else backbones.build(network)
        with pytest.raises(ConfigError, match=rf"^scales: 0.5 is an input of {size}x{size} pixels: .*{said}.*$"):
            scaling.sized(network, own or Sized(), [{"scales": [0.5]}])
    _, maps, *_ = seen(flat, {"flip": True})
    assert np.ptp(maps[0]) > 0


class Sized:
    """What is known of a network before it is built at another size."""

    size, layer = (224, 224), ["auto"]


def test_scales_that_are_one_size_or_leave_no_map_are_refused(settings):
    own = backbones.build(settings)
    with pytest.raises(ConfigError, match=r"^scales: 1 and 1.01 are both 32x32 pixels; leave one out.$"):
        scaling.sized(settings, own, [{"scales": [1.0, 1.01]}])
    with pytest.raises(ConfigError, match=r"^scales: 0.1 is an input of 3x3 pixels: "):
        scaling.sized(settings, own, [{"scales": [0.1]}])


def test_a_transformer_is_shown_mirrored_images_and_is_of_one_size(tmp_path):
    network, image = models.backbone(models.seeded(deep)), models.picture("1")
    asked = {**PLAIN, "evidence": {"method": "attention"}, "flip": True, "scales": [1.0]}
    sink = evidence.Collected()
    images, table = {"0": image, "1": image[:, ::-1]}, models.targets(["0", "1"], [[1], [1]])
    evidence.predict(network, images.__getitem__, table, sink, explanations={"a": asked})
    plain, mirrored = sink.view("a"), sink.view("a@1.0-flipped")
    for cam in ("rollout", "legrad"):
        own = np.stack(list(heatmaps.maps_from(CAMS[cam], plain, {})))
        both = np.stack(list(heatmaps.maps_from(CAMS[cam], plain, {}, {}, [mirrored])))
        assert np.abs(own[0] - own[1][:, ::-1]).max() > 1e-6
        np.testing.assert_allclose(both[0], (own[0] + own[1][:, ::-1]) / 2, atol=1e-6)
        np.testing.assert_allclose(both[1], both[0][:, ::-1], atol=1e-6)
    models.seeded(deep).save(tmp_path / "vit.keras")
    settings = {"model": str(tmp_path / "vit.keras"), "preprocessing": {"scale": 1 / 255}}
    with pytest.raises(ConfigError, match=r"^scales: 2 is an input of 32x32 pixels: input: the model does not take"):
        scaling.sized(settings, backbones.build(settings), [{"scales": [2.0]}])


def test_a_saved_model_is_as_its_keras_file_is(tmp_path):
    for name in ("plain", "flattened"):
        model = models.seeded(models.MODELS[name])
        model.save(tmp_path / f"{name}.keras")
        model.export(tmp_path / name, verbose=False)
    other = {"preprocessing": {"scale": 1 / 255}, "input": 16, "batch": 3}
    ways = {"scales": [1.0, 2.0], "flip": True}
    _, ours, *_ = seen({"model": str(tmp_path / "plain"), "safe": False, **other}, ways)
    _, theirs, *_ = seen({"model": str(tmp_path / "plain.keras"), **other}, ways)
    assert ours[0].shape == (8, 8) and any(np.ptp(heat) > 0 for heat in ours)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
    with pytest.raises(ConfigError, match=r"^scales: 2 is an input of 32x32 pixels: input: the model does not take"):
        seen({"model": str(tmp_path / "flattened"), "safe": False, **other}, ways)


def test_trained_weights_are_those_of_every_scale(tmp_path):
    """They are a file of the run's, of an architecture that knows how many classes there are by them alone."""
    small = {"architecture": "MobileNet", "alpha": 0.25, "input": 64, "seed": 1}
    first = backbones.build(small | {"weights": "random", "classes": 3})
    first.model.save_weights(path := tmp_path / "model.weights.h5")
    trained = small | {"weights": {"train": {"dataset": "a"}}, "seed": 2}
    own = backbones.build(trained, path, 3)
    wide = scaling.sized(trained, own, [{"scales": [1.0, 1.5]}], path, 3)[1.5]
    assert wide.size == (96, 96) and wide.layer == own.layer
    for one, other in zip(wide.model.weights, first.model.weights, strict=True):
        np.testing.assert_array_equal(one, other)
