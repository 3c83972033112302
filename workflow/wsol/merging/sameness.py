"""Whether two results folders say the same of one run.

The bytes of its files do not tell: they name the digests of all that they were made from, and those of measures cover
what other evaluations measure, those of any shard how many targets it has.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from wsol.files import seal
from wsol.files.containers import Arrays, Table
from wsol.files.score import CURVES, DRAWS, OUTCOMES, SCORES, STRATA
from wsol.merging.carried import SCORED, CarriedRun

FORMATS: Mapping[str, Table | Arrays] = dict(zip(SCORED, (SCORES, DRAWS, OUTCOMES, CURVES, STRATA), strict=True))
SOURCES = ("targets", "select targets")  # what a score was made from, whatever else its experiment has


def digests(run: CarriedRun) -> list[str]:
    """The digests that a run's files carry."""
    return [seal.carried(run.file(name)) for name in SCORED]


def difference(one: CarriedRun, other: CarriedRun) -> str:
    """`draws.npz differs (numpy 2.1.0 and 2.2.0)`; "" where the files of both say the same, NaN being NaN.

    They say the same where their content, settings, versions and the digests of their targets are the same.
    """
    for name, before, after in zip(SCORED, digests(one), digests(other), strict=True):
        if before != after and (why := _differing(one, other, name)):
            return f"{name} differs ({why})"
    return ""


def _differing(one: CarriedRun, other: CarriedRun, name: str) -> str:
    """What is not the same in two files of other digests, "" for nothing."""
    (first, before), (second, after) = (_opened(run, name) for run in (one, other))
    pairs = _pairs(before["versions"], after["versions"], "none")
    if why := [f"{key} {own} and {theirs}" for key, own, theirs in pairs if own != theirs]:
        return ", ".join(why)
    if why := [key for key, own, theirs in _pairs(before["settings"], after["settings"]) if own != theirs]:
        return f"other settings: {', '.join(why)}"
    made = [{role: header["made_from"].get(role, {}).get("digest") for role in SOURCES} for header in (before, after)]
    if why := [role for role, own, theirs in _pairs(*made) if own != theirs]:
        return f"made from other {why[0]}"
    if why := [key for key, own, theirs in _pairs(first, second) if not _equal(own, theirs)]:
        return f"other values of {', '.join(why)}, of the same settings, versions and targets"
    return ""


def _opened(run: CarriedRun, name: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """What a file holds, column by column or array by array, and its header."""
    content, header = FORMATS[name].open(run.file(name))
    return {str(key): np.asarray(values) for key, values in content.items()}, header


def _pairs(one: Mapping[str, Any], other: Mapping[str, Any], lacking: Any = None) -> Iterator[tuple[str, Any, Any]]:
    """Each key of either, with what both have of it."""
    for key in sorted({*one, *other}):
        yield key, one.get(key, lacking), other.get(key, lacking)


def _equal(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    """Whether two columns or arrays, whose items may be lists, are equal; None for one that is not there.

    >>> nan = np.array([1, np.nan])
    >>> _equal(nan, nan.copy()), _equal(nan, nan[:1]), _equal(nan, None)
    (True, False, False)
    """
    if one is None or other is None or one.shape != other.shape:
        return False
    if one.dtype != object and other.dtype != object:
        return np.array_equal(one, other, equal_nan=one.dtype.kind == other.dtype.kind == "f")
    return all(map(_alike, one, other))


def _alike(one: Any, other: Any) -> bool:
    """Whether two items of a column are equal."""
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return _equal(one, other)
    return type(one) is type(other) and (one == other or (one != one and other != other))
