"""The lock names what is installed as it is asked for: pip takes `coverage[toml]` for another thing than `coverage`."""

import re
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCK = Path(__file__).parents[1] / "requirements.lock"
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[([^]]*)\])?==", re.MULTILINE)


def test_what_is_asked_for_with_extras_is_pinned_with_them():
    """Without, pip looks for the newest of that package, and ends on the day that there is a newer one."""
    pinned = {canonicalize_name(name): set(extras.split(",")) for name, extras in PINNED.findall(LOCK.read_text())}
    asked = [(name, each) for name, extras in pinned.items() for each in needs(name, extras) if each.extras]
    lacking = [f"{name}: {each}" for name, each in asked if not each.extras <= pinned[canonicalize_name(each.name)]]
    assert asked and not lacking


def needs(name: str, extras: set[str]) -> list[Requirement]:
    """What an installed package requires here; of one that is not for this platform nothing."""
    try:
        found = [Requirement(text) for text in requires(name) or []]
    except PackageNotFoundError:
        return []
    where = [{"extra": extra} for extra in {"", *extras}]
    return [each for each in found if each.marker is None or any(map(each.marker.evaluate, where))]
