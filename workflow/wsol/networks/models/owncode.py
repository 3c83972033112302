"""A user's Python file with the layers and functions that a model file names, and what is said where one is missing."""

import builtins
import dis
import json
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from wsol.errors import ConfigError, DataError
from wsol.files import pythonfile
from wsol.networks.models import modelfile
from wsol.places import named

PACKAGES = ("keras_hub", "keras_cv", "keras_nlp")  # Keras itself imports what a file names of these
MISSING = re.compile(r"(?:Could not locate (class|function) |Unknown (\w+): )'?([\w>.]+\w)")
UNNAMED = re.compile(r"name '(\w+)' is not defined")
BOLD = re.compile(r"\x1b\[\d*m")
ROOT = "Exception encountered: "  # behind its last the error that the others tell of
OF_KERAS_2 = ("TFOpLambda", "SlicingOpLambda", "ModuleWrapper", "TensorFlowOpLayer")
ANY = ("class_name", "registered_name", "config", "function", "activation")


def objects(file: str, described: Any) -> dict[str, Any]:
    """What the file defines, by the names that a described model has for it.

    The file is run; what it registers with `keras.saving.register_keras_serializable` Keras finds by itself, and the
    functions of Lambda layers find what it defines and imports. A ConfigError where the model names nothing of that.
    """
    import keras

    module = pythonfile.run(f"code: {file}", file, f"code_{Path(file).stem}")
    public = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    defined = {name: value for name, value in public.items() if callable(value)}
    registered = keras.saving.get_custom_objects()
    wanted = dict.fromkeys(_names(described))
    found = {name: defined[bare] for name in wanted if (bare := name.rpartition(">")[2]) in defined}
    lambdas = modelfile.brings_code(described)
    if not found and not lambdas and not any(name in registered for name in wanted):
        raise ConfigError(f"code: {file} defines nothing that the model names; leave it out.")
    if lambdas:
        _lend(public)
    return defined | {name: value for name, value in found.items() if name not in registered}


def _lend(names: dict[str, Any]) -> None:
    """A Lambda's function is stored without the names around it: what it finds is what the module has that loads it."""
    from keras.src.utils import python_utils

    for name, value in names.items():
        vars(python_utils).setdefault(name, value)


def check_lambdas(path: str, model: Any) -> None:
    """A DataError where the function of a Lambda layer needs a name that nothing here defines."""
    import keras

    for layer in model._flatten_layers():
        function = getattr(layer, "function", None) if isinstance(layer, keras.layers.Lambda) else None
        if not isinstance(function, FunctionType):
            continue
        known = {**vars(builtins), **function.__globals__}
        if missing := next((name for name in _globals(function.__code__) if name not in known), None):
            raise DataError(unnamed(path, missing, f"its Lambda layer '{layer.name}'"))


def _globals(code: CodeType) -> Iterator[str]:
    """The names that a function looks for outside of itself, those of functions in it too."""
    yield from (each.argval for each in dis.get_instructions(code) if each.opname == "LOAD_GLOBAL")
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _globals(constant)


def unnamed(path: str, name: str, place: str) -> str:
    """What a model's file is refused with whose Lambda layer lacks a name."""
    return f"model '{path}' needs the name '{name}' in {place}; give `code: FILE` that imports or defines it."


def needed(described: Any) -> list[str]:
    """The classes that a described model of Keras 3 needs beside Keras' own, each once, without its package."""
    if isinstance(described, list):
        return list(dict.fromkeys(name for value in described for name in needed(value)))
    if not isinstance(described, dict):
        return []
    name, package = described.get("registered_name"), str(described.get("module")).partition(".")[0]
    own = [] if name is None or package in ("keras", "builtins", *PACKAGES) else [str(name).rpartition(">")[2]]
    return list(dict.fromkeys([*own, *needed([*described.values()])]))


def _names(value: Any) -> Iterator[str]:
    """Every word of a description that may be the name of a class or a function."""
    if isinstance(value, list):
        for each in value:
            yield from _names(each)
    for key, each in value.items() if isinstance(value, dict) else ():
        if isinstance(each, str) and key in ANY:
            yield each
        else:
            yield from _names(each)


def lacks(path: str, name: str, kind: str = "class") -> str:
    """What a model's file is refused with that names something which nothing here defines."""
    bare = name.rpartition(">")[2]
    if bare in OF_KERAS_2:
        return (
            f"model '{path}' needs '{bare}', which Keras 2 alone has; write it there with `model.export(FOLDER)` or "
            "`tf.saved_model.save`, and give that folder as `model`, with `safe: false`."
        )
    return f"model '{path}' needs the {kind} '{bare}'; give `code: FILE` that defines it and `safe: false`."


def refusal(path: str, error: Exception) -> DataError:
    """What is said of a file that Keras cannot load: what is missing, or the innermost of its errors."""
    text = str(error)
    if found := MISSING.search(text):
        kind = "function" if found[1] == "function" or found[2] in ("function", "activation") else "class"
        return DataError(lacks(path, found[3], kind))
    if isinstance(lacking := _first(error), NameError) and (found := UNNAMED.search(str(lacking))):
        return DataError(unnamed(path, found[1], "a Lambda layer"))
    inner = " ".join(BOLD.sub("", text.rpartition(ROOT)[2]).split())[:300] or type(error).__name__
    return DataError(f"model '{path}' cannot be loaded{_made_by(path)}: {inner}")


def _first(error: BaseException) -> BaseException:
    """The error that those behind it came of."""
    while error.__context__ is not None:
        error = error.__context__
    return error


def _made_by(path: str) -> str:
    """Which Keras saved a file, where that is another than the one here."""
    import keras

    version = modelfile.version(path)
    if not version or version.split(".")[:2] == keras.__version__.split(".")[:2]:
        return ""
    return f", saved by Keras {version}, by the Keras {keras.__version__} here"


def check(path: str, described: dict[str, Any], code: str | None, safe: bool) -> None:
    """A DataError where a described model has code that is not trusted, or needs a class or a package that lacks."""
    if safe and modelfile.brings_code(described):
        said = "brings code of its own, a Lambda layer; say `safe: false` if you trust who made it."
        raise DataError(f"model '{path}' {said}")
    if not code and (names := needed(described)):
        raise DataError(lacks(path, names[0]))
    text = json.dumps(described)
    for package in PACKAGES:
        if f'"module": "{package}.' in text and find_spec(package) is None:
            raise DataError(f"model '{path}' needs the package '{package}', which is not installed.")


def check_file(code: str, model: str, safe: bool) -> None:
    """A ConfigError where code is not to be run, or is none."""
    if Path(model).is_dir():
        raise ConfigError(f"code: the SavedModel '{model}' has its own; leave out 'code'.")
    if safe:
        raise ConfigError(f"code: {named(code)} is a program; say `safe: false` if you trust who wrote it.")
