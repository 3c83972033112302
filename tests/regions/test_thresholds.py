"""Levels: closed forms and an independent Otsu."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from prepared import foreground
from wsol.errors import ConfigError
from wsol.regions.thresholds import THRESHOLDS, fixed, otsu, percentile, sweep
from wsol.settings import checked

UINT8 = arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9)))


def full(small):
    """The map with its least value 0 and its greatest 255, as prepared ones have."""
    small = small.copy()
    small.flat[0], small.flat[-1] = 0, 255
    return small


def test_fixed_is_its_level():
    np.testing.assert_array_equal(fixed(np.eye(3), level=0.15), [0.15])


def test_otsu_parts_two_values_between_them():
    prepared = np.repeat(np.float32([0.1, 0.2, 0.8, 1.0]), [5, 3, 4, 2]).reshape(2, 7)
    np.testing.assert_array_equal(foreground(prepared, otsu(prepared)[0], "exact"), prepared > 0.5)


@given(UINT8)
@settings(max_examples=50, deadline=None)
def test_otsu_has_the_least_variance_within(prepared):
    prepared = full(prepared)
    values = prepared.astype(float).ravel()

    def within(split):
        return sum(part.size * part.var() for part in (values[values <= split], values[values > split]) if part.size)

    chosen = foreground(prepared, otsu(prepared)[0], "wsol2020").ravel()
    found = sum(part.size * part.var() for part in (values[~chosen], values[chosen]) if part.size)
    assert found == pytest.approx(min(within(split) for split in range(255)), rel=1e-6, abs=1e-6)


@given(UINT8)
@settings(max_examples=50, deadline=None)
def test_otsu_cuts_a_uint8_map_where_opencv_does(prepared):
    prepared = full(prepared)
    expected = cv2.threshold(prepared, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1] > 0
    np.testing.assert_array_equal(foreground(prepared, otsu(prepared)[0], "wsol2020"), expected)


def test_percentile_leaves_its_share_below():
    prepared = np.linspace(0, 1, 101, dtype=np.float32).reshape(1, -1)
    assert percentile(prepared, q=90) == pytest.approx([0.9])
    assert foreground(prepared, percentile(prepared, q=90)[0] - 1e-6, "exact").sum() == 11
    assert percentile(np.uint8([[0, 51, 255]]), q=50) == pytest.approx([0.2])


def test_sweep_is_every_value_or_a_grid():
    prepared = np.float32([[0, 0.5], [0.5, 1]])
    np.testing.assert_array_equal(sweep(prepared), [0, 0.5, 1])
    np.testing.assert_array_equal(sweep(prepared, step=0.25), [0, 0.25, 0.5, 0.75])
    np.testing.assert_array_equal(sweep(np.uint8([[0, 255]])), np.arange(0, 1, 0.001))


def test_fractions_of_255_come_back_as_their_own_integer():
    assert [int(value / 255 * 255) for value in range(256)] == list(range(256))


@pytest.mark.parametrize("name", THRESHOLDS)
def test_levels_ascend(name):
    given = {"fixed": {"level": 0.2}, "percentile": {"q": 80}}.get(name, {})
    levels = THRESHOLDS[name](np.random.default_rng(0).random((9, 9)).astype(np.float32), **given)
    assert levels.dtype == np.float64 and (np.diff(levels) > 0).all()
    assert name == "sweep" or levels.shape == (1,)


def test_a_level_outside_the_map_is_refused():
    with pytest.raises(ConfigError, match=r"must lie in \[0, 1\]"):
        checked("thresholds.fixed", fixed, {"level": 1.5})
    with pytest.raises(ConfigError, match="level"):
        checked("thresholds.fixed", fixed, {})
