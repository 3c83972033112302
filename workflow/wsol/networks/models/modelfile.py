"""What a model's or a weights file is and which layers it names, read without Keras: seconds before minutes.

A `.keras` file is a zip of `config.json` and the weights; an `.h5` file is HDF5, with the model's description as an
attribute where it is a whole model. What Keras itself would refuse is said here, before anything is computed.
"""

import json
import zipfile
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from wsol.errors import ConfigError, DataError

HDF5 = (".h5", ".hdf5")
LIMIT = 2**27  # bytes of a model's description
MAGIC = b"\x89HDF\r\n\x1a\n"
BROKEN = (OSError, ValueError, KeyError, RuntimeError, NotImplementedError, RecursionError, zipfile.BadZipFile)


def description(path: str) -> dict[str, Any]:
    """A model file as Keras describes it; a DataError where the file holds no model."""
    suffix = Path(path).suffix
    if suffix not in (".keras", *HDF5):
        raise DataError(f"model '{path}' is no .keras, .h5 or .hdf5 file and no SavedModel folder.")
    try:
        text = _zipped(path) if suffix == ".keras" else _attribute(path)
        found = json.loads(text)
    except BROKEN as error:
        raise DataError(f"model '{path}' is no readable Keras file: {str(error) or type(error).__name__}.") from error
    if not isinstance(found, dict):
        raise DataError(f"model '{path}' is no readable Keras file: its description is no mapping.")
    return found


def brings_code(model: dict[str, Any]) -> bool:
    """Whether a described model has Python in it, which Keras runs only where that is asked for."""
    return '"class_name": "__lambda__"' in json.dumps(model)


def version(path: str) -> str:
    """The version of the Keras that saved a model file, "" where it does not say."""
    import h5py

    try:
        if Path(path).suffix in HDF5:
            with h5py.File(path) as file:
                return str(file.attrs.get("keras_version", ""))
        with zipfile.ZipFile(path) as archive:
            return str(json.loads(archive.read("metadata.json")).get("keras_version", ""))
    except (*BROKEN, AttributeError):
        return ""


def inputs(model: dict[str, Any]) -> dict[str, tuple]:
    """The inputs of a described functional model, by their names, with their shapes; {} where it says nothing of them.

    None stands for an open side, and for the axis of images.
    """
    config = model.get("config")
    layers = config.get("layers") if isinstance(config, dict) else None
    named = _input_names(config.get("input_layers")) if isinstance(config, dict) else []
    found = {}
    for layer in layers if isinstance(layers, list) else []:
        own = layer.get("config", {}) if isinstance(layer, dict) and layer.get("class_name") == "InputLayer" else {}
        shape = own.get("batch_shape", own.get("batch_input_shape"))
        if own.get("name") in named and isinstance(shape, list):
            found[own["name"]] = tuple(shape)
    return {name: found[name] for name in named} if len(found) == len(named) else {}


def _input_names(value: Any) -> list[str]:
    """The names in Keras' list of inputs: [name, 0, 0], or several of these in a list or a mapping."""
    if isinstance(value, list) and len(value) == 3 and isinstance(value[0], str):
        return [value[0]]
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [name for each in values for name in _input_names(each)]


def _zipped(path: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        members = archive.namelist()
        if "config.json" not in members or not any(name.startswith("model.weights") for name in members):
            raise ValueError("a zip without config.json and model.weights.h5")
        # Asked before it is unpacked: a small zip may hold any number of bytes.
        if archive.getinfo("config.json").file_size > LIMIT:
            raise ValueError(f"its config.json is over {LIMIT} bytes")
        return archive.read("config.json")


def _attribute(path: str) -> str | bytes:
    import h5py

    _check_magic(path)
    with h5py.File(path) as file:
        if "model_config" not in file.attrs:
            raise DataError(f"model '{path}' holds weights only; give it as 'weights', with its 'architecture'.")
        return file.attrs["model_config"]


def check_weights(where: str, path: str) -> None:
    """A ConfigError where a file can hold no weights that an architecture could take."""
    if path.endswith(".keras"):
        raise ConfigError(f"{where}: '{path}' is a whole model; give it as 'model', with its 'preprocessing'.")
    if not path.endswith(HDF5):
        raise ConfigError(f"{where}: '{path}' is no .h5 or .hdf5 file.")
    try:
        _check_magic(path)
        empty = not _holds_numbers(path)
    except BROKEN as error:
        raise ConfigError(f"{where}: '{path}' is no readable HDF5 file: {error}.") from error
    if empty:
        raise ConfigError(f"{where}: '{path}' holds no weights.")


def _check_magic(path: str) -> None:
    with open(path, "rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise ValueError("it does not begin as HDF5 does")


def _holds_numbers(path: str) -> bool:
    import h5py

    with h5py.File(path) as file:
        return bool(file.visititems(lambda _, item: isinstance(item, h5py.Dataset) or None))


def check_names(where: str, model: dict[str, Any], what: str, given: Sequence[str]) -> None:
    """A ConfigError for a layer or an output that a described model has nowhere; where it lies is for Keras to say."""
    known = list(dict.fromkeys(_names(model)))
    for name in given:
        strangers = [part for part in name.split("/") if part not in known]
        if not strangers or name in known:
            continue
        near = [f"'{other}'" for other in get_close_matches(strangers[-1], known, n=3)]
        hint = f"Did you mean {' or '.join(near)}?" if near else f"Its last layers are {', '.join(known[-6:])}."
        raise ConfigError(f"{where}: no {what} '{name}'. {hint}")


def _names(value: Any) -> Iterator[str]:
    """Every `name` in a description: of layers, of models in it and of functions, but not of number types."""
    if isinstance(value, dict) and "DTypePolicy" not in str(value.get("class_name")):
        if isinstance(value.get("name"), str):
            yield value["name"]
        for inner in value.values():
            yield from _names(inner)
    if isinstance(value, list):
        for inner in value:
            yield from _names(inner)
