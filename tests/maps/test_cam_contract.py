"""What every entry of CAMS and CONTROLS promises, whoever wrote it."""

import inspect
from typing import get_args

import numpy as np
import pytest

from wsol.errors import ConfigError
from wsol.files.predict import ARRAYS
from wsol.maps import heatmaps
from wsol.maps.cams import CAMS
from wsol.maps.controls import CONTROLS
from wsol.maps.record import Cam, Evidence, Registry, cam_of
from wsol.settings import checked, parameters

N, H, W, K = 5, 4, 3, 6
WEIGHTS = (N, 1, 1, K)  # of channels, one set per target
SPREADS = {"full": (N, H, W, K), "constant": WEIGHTS}
# A method is held to each form that its evidence comes in.
CASES = [(name, how) for name, cam in CAMS.items() for how in SPREADS if cam.brings == "gradients" or how == "full"]


def drawn(how: str, signed: bool = True) -> dict[str, np.ndarray]:
    """An array of every name, as `predict` would write it for a target per image."""
    random = np.random.default_rng(7)
    shapes = {"activations": SPREADS["full"], "finished_maps": (N, H, W)}
    shapes |= dict.fromkeys((*ARRAYS["attention"], *ARRAYS["acol"]), (N, H, W))
    shapes |= dict.fromkeys(("gradients", "similar_class_gradients"), SPREADS[how])
    shapes |= dict.fromkeys(("score_drops", "class_probabilities", "logit_weights"), WEIGHTS)
    arrays = {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    if not signed:
        arrays["activations"] = np.maximum(arrays["activations"], 0)
    return arrays


def taken(name: str, arrays: dict[str, np.ndarray]) -> list[np.ndarray]:
    return [arrays[array] for array in CAMS[name].arrays]


@pytest.mark.parametrize(("name", "how"), CASES)
@pytest.mark.parametrize("signed", [True, False], ids=["signed", "rectified"])
def test_a_cam_gives_a_finite_float32_map_per_target(name, how, signed):
    found = CAMS[name](*taken(name, drawn(how, signed)))
    assert found.shape == (N, H, W) and found.dtype == np.float32 and np.isfinite(found).all()


@pytest.mark.parametrize(("name", "how"), CASES)
def test_a_cam_of_a_batch_is_that_of_each_image_alone(name, how):
    arrays = taken(name, drawn(how))
    together = CAMS[name](*arrays)
    for i in range(N):
        alone = CAMS[name](*(array[i : i + 1] for array in arrays))
        np.testing.assert_allclose(together[i : i + 1], alone, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("name", "how"), CASES)
def test_a_cam_leaves_the_evidence_as_it_was(name, how):
    arrays = drawn(how)
    kept = {array: values.copy() for array, values in arrays.items()}
    CAMS[name](*taken(name, arrays))
    assert all(np.array_equal(arrays[array], kept[array]) for array in arrays)


@pytest.mark.parametrize("name", CAMS)
def test_a_cam_has_no_map_of_no_target(name):
    nothing = [array[:0] for array in taken(name, drawn("full"))]
    given = dict(zip(CAMS[name].arrays, nothing, strict=True)) | {
        "image_of": np.empty(0, int),
        "row_of": np.empty(0, int),
    }
    assert list(heatmaps.maps_from(CAMS[name], given, {})) == []


@pytest.mark.parametrize("name", CAMS)
def test_a_cam_declares_what_it_takes(name):
    cam = CAMS[name]
    assert isinstance(cam, Cam) and cam.evidence in get_args(Evidence) and cam.score in (None, "logit", "probability")
    assert cam.arrays and set(cam.arrays) <= set(ARRAYS[cam.evidence])
    assert parameters(cam) == parameters(cam.function)
    for parameter in parameters(cam).values():
        assert parameter.default is not parameter.empty and parameter.annotation is not parameter.empty
    assert cam.function.__doc__
    arrays = taken(name, drawn("full"))
    np.testing.assert_array_equal(cam(*arrays), cam(*arrays, **checked(name, cam, {})))


def test_evidence_that_a_record_may_ask_for_is_what_predict_writes():
    assert set(get_args(Evidence)) == set(ARRAYS)
    kinds = {cam.evidence: cam.brings for cam in CAMS.values()}
    assert kinds == {
        "attention": "finished maps",
        "acol": "finished maps",
        "gradient": "gradients",
        "ablation": "channel weights",
        "scorecam": "channel weights",
        "occlusion": "finished maps",
        "rise": "finished maps",
    }


def summed(activations, gradients, *, power: int = 1):
    """Of a user's own."""
    return (activations * gradients**power).sum(axis=3)


def test_a_function_of_ones_own_is_a_record_once_it_is_registered():
    mine = Registry(CAMS)
    mine["mine"] = summed
    assert mine["mine"] == cam_of(summed) == Cam(summed, evidence="gradient", score=None)
    assert mine["mine"].takes_score and list(parameters(mine["mine"])) == ["power"]
    arrays = drawn("full")
    given = arrays | {"image_of": np.arange(N), "row_of": np.arange(N)}
    found = np.stack(list(heatmaps.maps_from(mine["mine"], given, {"power": 1})))
    np.testing.assert_allclose(found, summed(arrays["activations"], arrays["gradients"]))
    mine["record"] = Cam(summed, score="logit")
    assert cam_of(mine["record"]) is mine["record"] and "mine" not in CAMS


def test_a_record_refuses_an_array_that_its_evidence_does_not_bring():
    with pytest.raises(
        ConfigError, match=r"^cams: evidence 'ablation' has no 'gradients'\. Known: activations, score_"
    ):
        Cam(summed, evidence="ablation")
    with pytest.raises(ConfigError, match=r"^cams: evidence 'gradient' has no 'gradient'\."):
        cam_of(lambda activations, gradient: activations)


# controls

NAMES = ["a.jpg", "b/c.jpg", "d.jpg"]


@pytest.mark.parametrize("name", CONTROLS)
@pytest.mark.parametrize("size", [2, 9])
def test_a_control_gives_a_finite_float32_map_per_name(name, size):
    maps = CONTROLS[name](NAMES, size=size)
    assert len(maps) == len(NAMES) and CONTROLS[name]([]) == []
    for found in maps:
        assert found.shape == (size, size) and found.dtype == np.float32 and np.isfinite(found).all()
        assert size == 2 or not heatmaps.is_degenerate(found)  # the middle of 2 x 2 is everywhere


@pytest.mark.parametrize("name", CONTROLS)
def test_a_control_of_several_images_is_that_of_each_alone(name):
    together = CONTROLS[name](NAMES, size=6)
    for image, found in zip(NAMES, together, strict=True):
        np.testing.assert_array_equal(found, CONTROLS[name]([image], size=6)[0])


@pytest.mark.parametrize("name", CONTROLS)
def test_a_control_declares_what_it_takes(name):
    known = parameters(CONTROLS[name])
    assert "size" in known and next(iter(inspect.signature(CONTROLS[name]).parameters)) == "names"
    for parameter in known.values():
        assert parameter.default is not parameter.empty and parameter.annotation is not parameter.empty
    again = CONTROLS[name](NAMES, **checked(name, CONTROLS[name], {}))
    assert all(np.array_equal(a, b) for a, b in zip(again, CONTROLS[name](NAMES), strict=True))


def test_what_is_no_map_is_a_line():
    whole = Cam(lambda activations, gradients: activations)
    with pytest.raises(ConfigError, match=r"^cams: '<lambda>' must give maps \[2, 3, 3\], got \[2, 3, 3, 4\]\.$"):
        whole(np.ones((2, 3, 3, 4), np.float32), np.ones((2, 3, 3, 4), np.float32))
