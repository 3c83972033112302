"""Settings come from signatures; what does not fit is named in one line."""

from dataclasses import dataclass
from typing import Annotated, Literal

import pytest

from wsol.errors import ConfigError
from wsol.settings import Range, checked


def example(map, *, level: Annotated[float, Range(0, 1)], how: Literal["a", "b"] = "a", size: int | list[int] = 3):
    return map, level, how, size


class Written:
    """A class's settings are what it is made by, and no attribute of its own."""

    level: str = ""

    def __init__(self, *, level: Annotated[float, Range(0, 1)] = 0.5):
        self.other = level


@dataclass(kw_only=True)
class Field:
    level: Annotated[float, Range(0, 1)] = 0.5


@pytest.mark.parametrize("made", [Written, Field])
def test_a_class_has_settings_too(made):
    assert checked("x", made, {"level": 1}) == {"level": 1.0} and checked("x", made, {}) == {"level": 0.5}
    with pytest.raises(ConfigError, match=r"x\.level: must lie in \[0, 1\], got 2\.0\."):
        checked("x", made, {"level": 2})


def test_defaults_are_filled_in_and_ints_become_floats():
    settings = checked("x", example, {"level": 1})
    assert settings == {"level": 1.0, "how": "a", "size": 3}
    assert isinstance(settings["level"], float)


@pytest.mark.parametrize(
    "given, line",
    [
        ({}, "x: 'level' is required (a number in [0, 1])."),
        ({"level": 1.5}, "x.level: must lie in [0, 1], got 1.5."),
        ({"level": True}, "x.level: must be a number, got True."),
        ({"level": "high"}, "x.level: must be a number, got 'high'."),
        (
            {"level": "1e-3"},
            "x.level: must be a number, got '1e-3'. YAML reads that as text: no quotes, and 1.0e-3 for 1e-3.",
        ),
        ({"level": float("nan")}, "x.level: must be a finite number, got nan."),
        ({"level": 10**400}, "x.level: must be a finite number, got inf."),
        ({"level": list(range(100))}, "x.level: must be a number, got [0, 1, 2, 3, 4, 5, ...]."),
        ({"level": 0.5, "size": "big"}, "x.size: must be a whole number or a list, got 'big'."),
        ({"level": 0.5, "how": "c"}, "x.how: unknown 'c'. Known: a, b."),
        ({"level": 0.5, "sise": 3}, "x: unknown 'sise'. Did you mean 'size'? Known: how, level, size."),
        (
            {"level": 0.5, "size": [1, "2"]},
            "x.size[1]: must be a whole number, got '2'. YAML reads that as text: no quotes, and 1.0e-3 for 1e-3.",
        ),
    ],
)
def test_a_wrong_setting_is_one_line(given, line):
    with pytest.raises(ConfigError) as error:
        checked("x", example, given)
    assert str(error.value) == line
