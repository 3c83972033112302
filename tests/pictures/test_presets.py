"""SYSTEMS: the map of each known program by its own few lines, on the same model and input."""

import cv2
import numpy as np
import pytest

import systems
from models import SIDE, backbone, explained, linear, picture, plain, seeded, targets
from wsol.maps.cams import CAMS
from wsol.pictures import overlays
from wsol.pictures.presets import SYSTEMS

NORMALIZED = {"max": overlays.by_maximum, "minmax": overlays.by_range}


def theirs(name: str, model, image: np.ndarray, index: int | None) -> np.ndarray:
    """Normalised as that system does it."""
    asked = linear(model) if name in systems.LINEAR else model
    a, g, _ = systems.gradient(asked, systems.LAYER[name], image.astype(np.float32) / 255, index)
    return systems.normalised(name, systems.heatmap(name, a, g), (SIDE, SIDE))


def ours(name: str, model, table):
    system = SYSTEMS[name]
    asked = {key: value for key, value in system.cam.items() if key in ("score", "explain")}
    found, sink = explained(backbone(model, layer=systems.LAYER[name], **asked), picture, table)
    options = {"relu": system.cam["relu"]} if "relu" in system.cam else {}
    return CAMS[system.cam["method"]](sink["activations"], sink["gradients"], **options), found


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_same_map_as_the_systems_own_few_lines(name):
    model = seeded(plain)
    names, classes = [str(i) for i in range(12)], [0, 1, 2] * 4
    maps, _ = ours(name, model, targets(names, [[c] for c in classes]))
    compared = 0
    for image, index, heatmap in zip(names, classes, maps, strict=True):
        expected = theirs(name, model, picture(image), None if "explain" in SYSTEMS[name].cam else index)
        if not np.isfinite(expected).all():  # the system divides by a maximum of 0
            assert not heatmap.any()
            continue
        if SYSTEMS[name].upsampling == "cubic":
            heatmap = np.maximum(cv2.resize(heatmap, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), 0)
        found = NORMALIZED[SYSTEMS[name].normalization](heatmap)
        np.testing.assert_allclose(found, expected, atol=1e-5)
        compared += 1
    assert compared >= 2


def test_every_systems_layer_is_in_the_network_it_is_drawn_with_alone():
    from wsol.networks import backbones
    from wsol.networks.layers import find

    for system in SYSTEMS.values():
        network = backbones.build({"architecture": system.architecture, "weights": "random"})
        if "layer" in system.cam:
            assert find(network.graph, network.output, system.cam["layer"]).name == system.cam["layer"]


def test_every_system_is_of_a_method_that_is_there():
    assert {system.cam["method"] for system in SYSTEMS.values()} <= set(CAMS)
