"""Levels: closed forms, an independent Otsu, and the contract that every entry keeps under every protocol."""

import doctest
from inspect import signature
from typing import get_type_hints

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from prepared import foreground, prepare
from wsol.errors import ConfigError
from wsol.regions import canvases, edges, thresholds
from wsol.regions.protocols import PROTOCOLS
from wsol.regions.thresholds import THRESHOLDS, fixed, levels_of, otsu, percentile, sweep
from wsol.settings import Range, checked

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
    function = THRESHOLDS[name]
    levels = function(np.random.default_rng(0).random((9, 9)).astype(np.float32), **required(function))
    assert levels.dtype == np.float64 and (np.diff(levels) > 0).all()
    assert name == "sweep" or levels.shape == (1,)


def test_a_level_outside_the_map_is_refused():
    with pytest.raises(ConfigError, match=r"must lie in \[0, 1\]"):
        checked("thresholds.fixed", fixed, {"level": 1.5})
    with pytest.raises(ConfigError, match="level"):
        checked("thresholds.fixed", fixed, {})


def required(function):
    """A value for each setting without a default: the middle of the range it may have."""
    hints = get_type_hints(function, include_extras=True)
    found = {}
    for name, parameter in list(signature(function).parameters.items())[1:]:
        if parameter.default is parameter.empty:
            span = next(mark for mark in hints[name].__metadata__ if isinstance(mark, Range))
            found[name] = (span.low + span.high) / 2
    return found


def keeps_the_contract(function, protocol):
    """Levels are float64, ascending and fractions of a map; one that was chosen parts the map's pixels in two."""
    for seed in range(20):
        random = np.random.default_rng(seed)
        drawn = prepare(
            random.random((6, 5), np.float32), 24, 20, upsampling="cubic", normalization="minmax", protocol=protocol
        )
        levels = function(drawn, **required(function))
        assert levels.dtype == np.float64 and levels.ndim == 1 and len(levels)
        assert (np.diff(levels) > 0).all() and levels[0] >= 0 and levels[-1] <= 1
        if function is not sweep:
            marked = foreground(drawn, levels[0], protocol)
            assert len(levels) == 1 and marked.any() and not marked.all()


@pytest.mark.parametrize("levels", [0.5, np.array([]), np.array([np.nan]), np.array([0.5, 0.2])], ids=str)
def test_what_are_no_levels_is_a_line(levels, monkeypatch):
    monkeypatch.setitem(THRESHOLDS, "mine", lambda prepared: levels)
    with pytest.raises(ConfigError, match=r"^thresholds: 'mine' must give ascending levels \[t\], got "):
        levels_of({"method": "mine"}, np.zeros((2, 2)))


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", THRESHOLDS)
def test_every_threshold_keeps_the_contract(name, protocol):
    keeps_the_contract(THRESHOLDS[name], protocol)


def test_the_contract_catches_a_level_that_is_a_value_of_a_whole_number_map():
    """The mean of a uint8 map lies near 128: as a fraction of the maximum it marks nothing."""

    def mean(prepared):
        return np.array([prepared.mean()], np.float64)

    def share(prepared):
        return np.array([prepared.mean() / prepared.max()], np.float64)

    keeps_the_contract(mean, "exact")
    with pytest.raises(AssertionError):
        keeps_the_contract(mean, "wsol2020")
    for protocol in PROTOCOLS:
        keeps_the_contract(share, protocol)


@pytest.mark.parametrize("module", [thresholds, edges, canvases])
def test_the_examples_run(module):
    found = doctest.testmod(module)
    assert found.attempted and not found.failed
