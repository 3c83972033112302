"""The settings of a registered function are its keyword-only parameters: their names, types and ranges are read here.

    def fixed(heatmap, *, level: Annotated[float, Range(0, 1)]): ...

`checked("thresholds.fixed15", fixed, {"level": 0.15})` gives the settings with every default filled in, so that a
setting left out and the same setting spelt out are one.
"""

import inspect
import types
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from wsol.errors import ConfigError, unknown


class Range(NamedTuple):
    """Bounds of a number, both included."""

    low: float
    high: float


class Exists(NamedTuple):
    """Marks text that names a file or folder, which must be there: `Annotated[str, Exists()]`."""


File = Annotated[str, Exists()]
Side = Annotated[int, Range(1, 4096)]  # pixels


@cache
def parameters(function: Callable) -> dict[str, inspect.Parameter]:
    """The keyword-only parameters of `function`, with their types resolved."""
    hints = get_type_hints(function, include_extras=True)
    found = inspect.signature(function).parameters.values()
    return {p.name: p.replace(annotation=hints.get(p.name, Any)) for p in found if p.kind is p.KEYWORD_ONLY}


def accepts_any(function: Callable) -> bool:
    """Whether further settings pass through (`**settings`)."""
    return any(p.kind is p.VAR_KEYWORD for p in inspect.signature(function).parameters.values())


def checked(where: str, function: Callable, given: Mapping[str, Any]) -> dict[str, Any]:
    """`given` with defaults filled in; a ConfigError for what is unknown, missing, of another type or out of range."""
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
    """`value` as the annotation wants it (an int where a float is due becomes one), or a ConfigError."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _within(where, args[1:], conform(where, args[0], value))
    if origin is Literal:
        if value not in args or isinstance(value, bool) != any(value is a for a in args if isinstance(a, bool)):
            raise ConfigError(unknown(where, value, args))
        return value
    if origin in (Union, types.UnionType):
        return _any_of(where, kind, args, value)
    if origin in (list, tuple) and isinstance(value, list | tuple):
        return [conform(f"{where}[{i}]", args[0], v) for i, v in enumerate(value)] if args else list(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    wanted: Any = {Any: object, Path: str, None: types.NoneType}.get(kind, origin or kind)
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted in (int, float)):
        raise ConfigError(f"{where}: must be {describe(kind)}, got {value!r}.")
    return value


def _any_of(where: str, kind: Any, options: tuple, value: Any) -> Any:
    complaints = []
    for option in options:
        try:
            return conform(where, option, value)
        except ConfigError as error:
            complaints.append(error)
    # The complaint of the one option that is no plain type says more than a list of types; a file's more than a word's.
    pairs = list(zip(complaints, options, strict=True))
    precise = [c for c, o in pairs if get_origin(o) is Annotated] or [c for c, o in pairs if get_origin(o) is Literal]
    raise precise[0] if len(precise) == 1 else ConfigError(f"{where}: must be {describe(kind)}, got {value!r}.")


def _within(where: str, bounds: tuple, value: Any) -> Any:
    for bound in bounds:
        if isinstance(bound, Range) and not bound.low <= value <= bound.high:
            raise ConfigError(f"{where}: must lie in [{bound.low:g}, {bound.high:g}], got {value!r}.")
        if isinstance(bound, Exists) and not Path(value).exists():
            raise ConfigError(f"{where}: no such file or folder: '{value}'.")
    return value


def sources(function: Callable, settings: Mapping[str, Any]) -> list[str]:
    """The files and folders among the settings: what a stage's result depends on beside the settings themselves."""
    named = {name: p.annotation for name, p in parameters(function).items() if _names_a_file(p.annotation)}
    given = {name: settings.get(name) for name in named}
    return [v for name, v in given.items() if isinstance(v, str) and v not in _words(named[name])]


def _words(kind: Any) -> list[Any]:
    """The words that stand for themselves where a file may be named too: of `Literal["labels"] | File`, "labels"."""
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    return [word for option in get_args(kind) for word in _words(option)] if get_origin(kind) is not Annotated else []


def _names_a_file(kind: Any) -> bool:
    args = get_args(kind)
    return any(isinstance(a, Exists) for a in args) or any(_names_a_file(a) for a in args)


def describe(kind: Any) -> str:
    """`Annotated[float, Range(0, 1)]` -> `a number in [0, 1]`."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        bounds = [f" in [{b.low:g}, {b.high:g}]" for b in args[1:] if isinstance(b, Range)]
        return describe(args[0]) + "".join(bounds)
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
