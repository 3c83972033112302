"""Preparation against OpenCV, NumPy and hand-worked maps."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from prepared import foreground, prepare, upsample
from wsol.affine import Affine
from wsol.regions import preparation
from wsol.regions.edges import EDGES
from wsol.regions.preparation import resample
from wsol.regions.protocols import PROTOCOLS

MINMAX = {"upsampling": "linear", "normalization": "minmax", "protocol": "exact"}


def test_linear_upsampling_has_half_pixel_centres():
    np.testing.assert_allclose(prepare(np.float32([[0, 1]]), 1, 4, **MINMAX), [[0, 0.25, 0.75, 1]])


def test_normalised_after_upsampling():
    # The peak between the grid's points is gone after linear interpolation at even factors: still the maximum is 1.
    prepared = prepare(np.float32([[0, 0, 8, 0, 0]]), 1, 10, **MINMAX)
    assert prepared.max() == 1 and prepared.min() == 0


def test_cubic_overshoot_is_cut_off_under_exact_only():
    step = np.float32([[0, 0, 1, 1]])
    assert upsample(step, 1, 32, "cubic", "exact").max() == 1
    assert upsample(step, 1, 32, "cubic", "wsol2020").max() > 1


@pytest.mark.parametrize("kind, flag", [("linear", cv2.INTER_LINEAR), ("cubic", cv2.INTER_CUBIC)])
def test_published_preparation(kind, flag):
    small = np.random.default_rng(0).normal(size=(7, 7)).astype(np.float32)
    resized = cv2.resize(small.astype(np.float64), (224, 224), interpolation=flag)
    expected = ((resized - resized.min()) / (resized - resized.min()).max() * 255).astype(np.uint8)
    prepared = prepare(small, 224, 224, upsampling=kind, normalization="minmax", protocol="wsol2020")
    np.testing.assert_array_equal(prepared, expected)


@pytest.mark.parametrize("kind", ["linear", "cubic"])
@given(arrays(np.float32, (4, 5), elements=st.floats(-1, 1, width=32)), st.integers(1, 40), st.integers(1, 40))
@settings(max_examples=50, deadline=None)
def test_resample_at_pixel_centres_is_opencvs_resize(kind, small, height, width):
    ys, xs = (np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width
    np.testing.assert_allclose(
        resample(small, ys, xs, kind), upsample(small, height, width, kind, "exact"), rtol=0, atol=1e-5
    )


def test_normalizations():
    small = np.float32([[-1, 0, 3]])
    how = {"upsampling": "linear", "protocol": "exact"}
    np.testing.assert_allclose(prepare(small, 1, 3, normalization="minmax", **how), [[0, 0.25, 1]])
    np.testing.assert_allclose(prepare(small, 1, 3, normalization="max", **how), [[-1 / 3, 0, 1]])
    np.testing.assert_array_equal(prepare(small, 1, 3, normalization="none", **how), small)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kind", ["linear", "cubic"])
@pytest.mark.parametrize("bad", [np.full((3, 3), 0.4), np.diag([np.nan, 1, 2]), np.diag([np.inf, 1, 2])])
def test_a_degenerate_map_is_zeros_throughout(protocol, kind, bad):
    prepared = prepare(bad, 9, 9, upsampling=kind, normalization="minmax", protocol=protocol)
    assert prepared.shape == (9, 9) and not prepared.any()


def test_max_needs_a_positive_value():
    assert not prepare(np.float32([[-2, -1]]), 2, 2, upsampling="linear", normalization="max", protocol="exact").any()


def test_foreground_is_inclusive_or_strict():
    np.testing.assert_array_equal(foreground(np.float32([[0, 0.5, 1]]), 0.5, "exact"), [[False, True, True]])
    np.testing.assert_array_equal(foreground(np.uint8([[0, 127, 255]]), 0.5, "wsol2020"), [[False, False, True]])
    assert not foreground(np.zeros((2, 2), np.float32), 0, "exact").any()


def test_the_schema_names_every_protocol():
    schema = yaml.safe_load((Path(__file__).parents[2] / "workflow/schemas/config.schema.yaml").read_text())
    named = schema["$defs"]["evaluation"]["properties"]
    assert named["protocol"]["enum"] == list(PROTOCOLS)
    assert set(named["canvas"]["enum"]) == {canvas for protocol in PROTOCOLS.values() for canvas in protocol.canvases}


@pytest.mark.parametrize("name", PROTOCOLS)
def test_what_every_protocol_promises(name):
    """Levels passed are the lowest ones and those that the foreground passes; boxes and codes lie where they may."""
    protocol, random = PROTOCOLS[name], np.random.default_rng(0)
    how = {"upsampling": protocol.upsampling, "normalization": "minmax", "protocol": name}
    prepared = prepare(random.random((5, 7), np.float32), 20, 30, **how)
    levels = np.linspace(0, 0.99, 12)
    passed = protocol.passed(prepared, levels)
    for number, level in enumerate(levels, 1):
        np.testing.assert_array_equal(passed >= number, protocol.foreground(prepared, level))
    rows, largest = protocol.cut(prepared, levels)
    for table in (rows, largest):
        assert (table[:, :4] >= 0).all() and (table[:, 2:4] <= [30, 20]).all()
        assert (table[:, 4] < table[:, 5]).all() and table[:, 5].max() <= len(levels)
    # The largest regions part the levels at which there is one.
    np.testing.assert_array_equal(np.sort(largest[:, 5])[:-1], np.sort(largest[:, 4])[1:])
    how_floats = protocol.preparation(protocol.upsampling, "minmax")
    drawn = preparation.prepare(random.random((5, 7), np.float32), 224, 224, how_floats)
    codes, bins = protocol.codes(drawn, Affine.stretch((224, 224), (40, 50)), (40, 50), EDGES)
    assert (np.diff(bins) >= 0).all() and codes.min() >= 0 and codes.max() < len(bins)
    counts = np.bincount(codes.ravel(), minlength=len(bins))
    assert protocol.curve_bins(counts, EDGES).sum() == codes.size


def test_only_a_protocol_s_own_module_compares_its_name():
    root = Path(__file__).parents[2] / "workflow/wsol"
    spoken = [
        path.relative_to(root).as_posix()
        for path in sorted(root.rglob("*.py"))
        # A key is none: failure kinds have a rule that is called `exact` too.
        if re.search(rf'"({"|".join(PROTOCOLS)})"(?!:)', path.read_text())
    ]
    assert spoken == ["regions/exact.py", "regions/published.py"]
