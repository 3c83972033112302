"""The settings of a registered function are its keyword-only parameters: their names, types and ranges are read here.

    def fixed(heatmap, *, level: Annotated[float, Range(0, 1)]): ...

`checked("thresholds.fixed15", fixed, {"level": 0.15})` gives the settings with every default filled in, so that a
setting left out and the same setting spelt out are one.
"""

import inspect
import math
import reprlib
import types
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from wsol.errors import ConfigError, Missing, unknown
from wsol.places import Located, expanded, is_there, named


class Range(NamedTuple):
    """Bounds of a number, both included."""

    low: float
    high: float


class Length(NamedTuple):
    """How many values a list holds."""

    size: int


class Doc(NamedTuple):
    """What a setting means, as `config/README.md` says it; of several the last counts."""

    text: str


class Expands(NamedTuple):
    """Marks text that names a file or folder of the user's: `~`, `$NAME` and `${NAME}` in it are replaced."""


class Exists(NamedTuple):
    """Marks text that names a file or folder, which must be there: `Annotated[str, Exists()]`."""


Place = Annotated[str, Expands()]
File = Annotated[str, Expands(), Exists()]
Side = Annotated[int, Range(1, 4096), Doc("Pixels on a side.")]
# The range is that of NumPy's and Keras' generators.
Seed = Annotated[int, Range(0, 2**32 - 1), Doc("Seed of the random numbers that are drawn.")]


@cache
def parameters(function: Callable) -> dict[str, inspect.Parameter]:
    """The keyword-only parameters of `function` (of what a record wraps, or a class is made by), types resolved."""
    function = inspect.unwrap(function)
    made = function.__init__ if isinstance(function, type) else function  # type: ignore[misc]
    hints = get_type_hints(made, include_extras=True)
    found = inspect.signature(function).parameters.values()
    return {p.name: p.replace(annotation=hints.get(p.name, Any)) for p in found if p.kind is p.KEYWORD_ONLY}


def accepts_any(function: Callable) -> bool:
    """Whether a function takes further settings as they come (`**settings`)."""
    return any(p.kind is p.VAR_KEYWORD for p in inspect.signature(function).parameters.values())


def checked(where: str, function: Callable, given: Mapping[str, Any]) -> dict[str, Any]:
    """`given` with defaults filled in; a ConfigError for what is unknown, missing, of another type or out of range.

    `where` is what errors call the entry.

    >>> def fixed(prepared, *, level: Annotated[float, Range(0, 1)] = 0.5): ...
    >>> checked("thresholds.fixed", fixed, {"level": 1})
    {'level': 1.0}
    """
    known = parameters(function)
    for key in given:
        if key not in known and not accepts_any(function):
            raise ConfigError(unknown(where, key, known))
    settings = dict(given)
    for name, parameter in known.items():
        if name in given:
            settings[name] = conform(f"{where}.{name}", parameter.annotation, given[name])
        elif parameter.default is parameter.empty:
            raise ConfigError(f"{where}: '{name}' is required ({describe(parameter.annotation)}).")
        else:
            settings[name] = parameter.default
    return settings


def conform(where: str, kind: Any, value: Any) -> Any:
    """`value` as the annotation wants it (an int where a float is due becomes one), or a ConfigError.

    >>> conform("input", list[int], (224, 224))
    [224, 224]
    """
    origin = get_origin(kind)
    args = get_args(kind)
    if origin is Annotated:
        return _within(where, args[1:], conform(where, args[0], value))
    if origin is Literal:
        if value not in args or isinstance(value, bool) != any(value is a for a in args if isinstance(a, bool)):
            raise ConfigError(unknown(where, value, args))
        return value
    if origin in (Union, types.UnionType):
        return _any_of(where, kind, args, value)
    if not _fits(kind, value):
        raise _mismatch(where, kind, value)
    if origin in (list, tuple):
        return [conform(f"{where}[{i}]", args[0], v) for i, v in enumerate(value)]
    if origin is dict:
        return {conform(where, args[0], key): conform(f"{where}.{key}", args[1], v) for key, v in value.items()}
    return _finite(where, value) if kind is float else value


def _fits(kind: Any, value: Any) -> bool:
    """Whether a value is of an annotation's plain type, whatever it holds or wherever it lies."""
    origin = get_origin(kind)
    args = get_args(kind)
    if origin is Annotated:
        return _fits(args[0], value)
    if origin is Literal:
        return any(type(value) is type(a) for a in args)
    plain: Any = {Any: object, Path: str, None: types.NoneType, float: (int, float)}
    wanted = plain.get(kind, (list, tuple) if (origin or kind) in (list, tuple) else origin or kind)
    return isinstance(value, wanted) and not (isinstance(value, bool) and kind in (int, float))


def _finite(where: str, value: float) -> float:
    """A number as float; one that is not finite, or a whole number too large for a float, is a ConfigError."""
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ConfigError(f"{where}: must be a finite number, got {number}.")
    return number


def _any_of(where: str, kind: Any, options: tuple, value: Any) -> Any:
    """`value` as the first of several types that takes it."""
    complaints = []
    for option in options:
        try:
            return conform(where, option, value)
        except ConfigError as error:
            complaints.append((option, error))
    # Where the value is of an option's type, what that one says of it is more than a list of types. Words that are
    # meant literally stand before free text, of which more can be said.
    precise = [error for option, error in complaints if _fits(option, value)]
    raise precise[-1] if precise else _mismatch(where, kind, value)


def _mismatch(where: str, kind: Any, value: Any) -> ConfigError:
    """What to say of a value of another type; `1e-3` is text to YAML, and looks like a number to everyone else."""
    wanted = describe(kind)
    hint = " YAML reads that as text: no quotes, and 1.0e-3 for 1e-3." if "number" in wanted and _counts(value) else ""
    return ConfigError(f"{where}: must be {wanted}, got {shown(value)}.{hint}")


def _counts(value: Any) -> bool:
    """Whether text reads as a finite number."""
    try:
        return isinstance(value, str) and math.isfinite(float(value))
    except ValueError:
        return False


def _within(where: str, marks: tuple, value: Any) -> Any:
    """`value`, paths in it expanded, or a ConfigError where a mark of its annotation forbids it."""
    for mark in marks:
        if isinstance(mark, Length) and len(value) != mark.size:
            raise ConfigError(f"{where}: must hold {mark.size} values, got {len(value)}.")
        if isinstance(mark, Range) and not mark.low <= value <= mark.high:
            raise ConfigError(f"{where}: must lie in {span(mark)}, got {value!r}.")
        if isinstance(mark, Expands) and not isinstance(value, Located):
            value = expanded(where, value)
        if isinstance(mark, Exists) and not is_there(value):
            raise Missing(f"{where}: no such file or folder: {named(value)}.")
    return value


def span(bounds: Range) -> str:
    """A range as it is printed, `[0, 4294967295]`: whole numbers to the last digit."""
    low, high = (str(b) if isinstance(b, int) else f"{b:g}" for b in bounds)
    return f"[{low}, {high}]"


def shown(value: Any) -> str:
    """A value as an error prints it, on less than a line."""
    short = reprlib.Repr()
    short.maxstring = short.maxother = short.maxlong = 60
    return short.repr(value)


def sources(function: Callable, settings: Mapping[str, Any]) -> list[str]:
    """The files and folders among the settings: what a stage's result depends on beside the settings themselves."""
    files = {name: p.annotation for name, p in parameters(function).items() if marked(p.annotation, Exists)}
    given = {name: settings.get(name) for name in files}
    return [str(v) for name, v in given.items() if isinstance(v, str) and v not in words(files[name])]


def words(kind: Any) -> list[Any]:
    """The words that stand for themselves where a file may be named too: of `Literal["labels"] | File`, "labels"."""
    origin = get_origin(kind)
    args = get_args(kind)
    if origin is Annotated:
        return words(args[0])
    if origin is Literal:
        return list(args)
    return [word for option in args for word in words(option)]


def marked(kind: Any, mark: type) -> bool:
    """Whether an annotation, or one of its options, bears a mark: `marked(File | None, Exists)`."""
    args = get_args(kind)
    return any(isinstance(a, mark) for a in args) or any(marked(a, mark) for a in args)


def describe(kind: Any) -> str:
    """An annotation in the words of an error.

    >>> describe(Annotated[float, Range(0, 1)])
    'a number in [0, 1]'
    """
    origin = get_origin(kind)
    args = get_args(kind)
    if origin is Annotated:
        bounds = [f" in {span(b)}" for b in args[1:] if isinstance(b, Range)]
        sizes = [f" of {length.size}" for length in args[1:] if isinstance(length, Length)]
        return describe(args[0]) + "".join([*sizes, *bounds])
    if origin is Literal:
        return " | ".join(map(str, args))
    if origin in (Union, types.UnionType):
        return " or ".join(describe(a) for a in args)
    plain = {int: "a whole number", float: "a number", bool: "true or false", str: "text", types.NoneType: "nothing"}
    more = {list: "a list", dict: "a mapping", tuple: "a list"}
    return plain.get(kind) or more.get(origin or kind) or str(getattr(kind, "__name__", kind))


def known(where: str, name: Any, registry: Mapping[str, Any]) -> Any:
    """What a registry has under a name, or a ConfigError with the nearest name it has."""
    if not isinstance(name, str) or name not in registry:
        raise ConfigError(unknown(where, name, registry))
    return registry[name]
