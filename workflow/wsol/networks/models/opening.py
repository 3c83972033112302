"""A user's model file, or SavedModel folder, as a graph, with weights of another file where they are given."""

import warnings
from pathlib import Path
from typing import Any

from wsol.errors import ConfigError, DataError
from wsol.networks.graphs import Graph
from wsol.networks.models import modelfile, owncode
from wsol.networks.models.architectures import brief
from wsol.networks.models.kerasmodel import KerasGraph
from wsol.networks.models.savedmodel import SavedGraph
from wsol.places import is_there, named


def check_source(path: str, safe: bool) -> None:
    """A DataError where a model's path can hold none, or one that is not to be trusted. Needs no Keras."""
    if not is_there(path):
        raise DataError(f"model {named(path)} does not exist.")
    if not Path(path).is_dir():
        return
    if not (Path(path) / "saved_model.pb").is_file():
        raise DataError(f"model '{path}' is a folder without a saved_model.pb: no SavedModel.")
    if safe:
        raise DataError(
            f"model '{path}' is a SavedModel, a program that can read and write files; "
            "say `safe: false` if you trust who made it."
        )


def opened(path: str, safe: bool, weights: str | None = None, code: str | None = None) -> Graph:
    """The graph of a Keras file, with other weights where they are given, or of a SavedModel folder that may be run.

    `code` is a Python file that defines what the model names and Keras does not have; it is run.
    """
    check_source(path, safe)
    if code:
        owncode.check_file(code, path, safe)
    if Path(path).is_dir():
        if weights:
            raise ConfigError(f"weights: the SavedModel '{path}' keeps its own; leave out 'weights'.")
        return SavedGraph(path)
    model = _model(path, safe, code)
    if weights:
        _load(model, path, weights)
    return KerasGraph(model)


def _model(path: str, safe: bool, code: str | None) -> Any:
    import keras

    described = modelfile.description(path)
    owncode.check(path, described, code, safe)
    objects = owncode.objects(code, described) if code else None
    try:
        model = keras.saving.load_model(path, objects, compile=False, safe_mode=safe)
    except Exception as error:  # a foreign file may fail anywhere in Keras' loading
        raise owncode.refusal(path, error) from error
    owncode.check_lambdas(path, model)
    return model


def _load(model: Any, path: str, weights: str) -> None:
    """Weights of a file into all of a model, before anything is made of it that would keep the old ones."""
    warnings.filterwarnings("ignore", "Skipping nested container")  # Keras 3.15 says this of complete files too
    try:
        model.load_weights(weights)
    except Exception as error:
        raise DataError(f"weights '{weights}' are not those of model '{path}': {brief(error)}") from error
