"""Plugins: a user's own Python file, whose CAMS, METRICS and other tables add their entries to the registries.

    plugins: [mine.py]      # in the config; mine.py: CAMS = {"mine": function}

A plugin is one file of Python, read by itself: it may import packages and `wsol`, and no file that lies beside it. A
decision that uses an entry holds the plugin's name and the digest of its code among its settings. So editing the code
makes a new decision, with a folder of its own, of whatever uses the plugin; a comment edited makes none. The tables:

- CAMS: `(activations [n h w k], gradients, *, settings) -> maps [n h w]`, as in `maps.cams`.
- CONTROLS: `(names of images, *, settings) -> list of maps [h w]`, as in `maps.controls`.
- THRESHOLDS: `(prepared [H W], *, settings) -> levels [t]`, as in `regions.thresholds`.
- REFINERS: `(heatmap [H W] in [0, 1], image [H W 3] uint8, *, settings) -> map [H W]`, as in `maps.refiners`.
- METHODS: a class of `training.methods.method.Method`, of which it changes the images of a batch, the network while it
  is trained, or the loss; its settings are those of its `__init__`.
- METRICS: `(view) -> values [n]`, without settings, as in `scores.metrics`.
- ADAPTERS: `(*, settings) -> Annotations`, a `read` as in `adapters`; images are files below `images`.
- BUILDERS: `(size (h, w), classes, *, settings) -> keras.Model`, an `architecture` of the user's. The model takes RGB
  0..255 [n h w 3] and ends in logits [n classes], of which a softmax makes probabilities. It is built with weights as
  Keras draws them; a weights file is loaded into it. Its input is 224 pixels a side unless the config says otherwise.

Settings are keyword-only parameters with a type (`wsol.settings`). Keras is imported inside functions only, since
plugins are loaded before anything is computed.
"""

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from wsol import places
from wsol.errors import ConfigError
from wsol.experiment import contracts
from wsol.files import pythonfile
from wsol.provenance.code import Library
from wsol.settings import parameters, shown

KEY = "plugins"  # under which settings hold {file: digest of its code}
WORKFLOW = Path(__file__).parents[2]

_joined: dict[tuple[str, str], str] = {}  # (table, name) -> the plugin's file, as the config names it
_digests: dict[str, str] = {}


def load(files: Iterable[str]) -> None:
    """Let the entries of these plugins join the registries, in place of those of any plugin before.

    A ConfigError of one line names the first file that is no plugin, or whose entry breaks its contract or has a name
    that is taken.
    """
    _forget()
    for file in files:
        places.file(KEY, file)
        tables = read(file)
        contracts.check(f"{KEY}: {file}", tables)
        for table, entries in tables.items():
            for name in entries:
                _check_free(file, table, name)
            _join(file, table, entries)
        _digests[file] = digest(file)


def used(*entries: tuple[str, str]) -> dict[str, dict[str, str]]:
    """What a decision's settings say of the plugins that it uses: {"plugins": {file: digest}}, {} where it uses none.

    `entries` are (table, name), whether or not they are a plugin's.
    """
    found = sorted({_joined[entry] for entry in entries if entry in _joined})
    return {KEY: {file: _digests[file] for file in found}} if found else {}


def joined(settings: Mapping[str, Any]) -> dict[str, Any]:
    """A decision's settings as functions take them, once the plugins that they name have joined the registries.

    A ConfigError where a plugin is no longer what it was when the run was planned.
    """
    for file, planned in settings.get(KEY, {}).items():
        if digest(file) != planned:
            raise ConfigError(f"{KEY}: {file}: was edited while the run was at work; start the run again.")
        for table, entries in read(file).items():
            _join(file, table, entries)
    return {key: value for key, value in settings.items() if key != KEY}


def digest(file: str) -> str:
    """The digest of a plugin's code and of all it imports of the library, comments and docstrings apart."""
    return Library(WORKFLOW).digest(file)


def read(file: str) -> dict[str, dict[str, Any]]:
    """The tables that a plugin defines, by their names; a ConfigError where it cannot be read or defines none."""
    where = f"{KEY}: {file}"
    module = pythonfile.run(where, file, f"plugin_{Path(file).stem}")
    tables = {table: getattr(module, table) for table in REGISTRIES if hasattr(module, table)}
    if not tables:
        raise ConfigError(f"{where}: defines none of {', '.join(REGISTRIES)}.")
    for table, entries in tables.items():
        if not isinstance(entries, dict):
            raise ConfigError(f"{where}: {table} must be a dict of names and functions, got {shown(entries)}.")
    return tables


def _check_free(file: str, table: str, name: str) -> None:
    """A ConfigError where another has the name already; cams and controls are named in one section of a config."""
    together = ("CAMS", "CONTROLS") if table in ("CAMS", "CONTROLS") else (table,)
    for other in together:
        if name not in registry(other):
            continue
        taken = f"that of '{_joined[other, name]}'" if (other, name) in _joined else "one of the library's own"
        raise ConfigError(f"{KEY}: {file}: {table} '{name}' has the name of another, {taken}; choose another name.")


def _forget() -> None:
    """Without the plugins of a config that was checked before, in this process."""
    for table, name in _joined:
        registry(table).pop(name, None)
    _joined.clear()
    _digests.clear()


def registry(table: str) -> Any:
    """The registry that a plugin's table joins, imported when it is asked for: a job needs one of them."""
    module, name, _ = REGISTRIES[table]
    return getattr(import_module(f"wsol.{module}"), name)


def _join(file: str, table: str, entries: Mapping[str, Any]) -> None:
    """The one place where entries join a registry."""
    prepare = REGISTRIES[table][2]
    for name, entry in entries.items():
        _joined[table, name] = file
        try:
            registry(table)[name] = prepare(entry)
        except ConfigError as error:
            raise ConfigError(f"{KEY}: {file}: {table} '{name}': {error}") from error


def _as_it_is(entry: Callable) -> Callable:
    return entry


def _architecture(build: Callable) -> Any:
    """A builder as an architecture: it sees RGB 0..255, and takes what its own parameters say."""
    # By name, as registries are: an import statement would make every stage depend on that module.
    module = import_module("wsol.networks.models.architectures")
    arguments = {name: parameter.annotation for name, parameter in parameters(build).items()}
    return module.Architecture(224, "none", arguments, least=1, build=build)


def _method(entry: Callable) -> Callable:
    """A training method, which has to have all that a plain fit has."""
    module = import_module("wsol.training.methods.method")
    if not (isinstance(entry, type) and issubclass(entry, module.Method)):
        raise ConfigError(f"must be a class of wsol.training.methods.method.Method, got {entry.__name__}.")
    return entry


# A plugin's table -> the module and the name of the registry that it joins, and what an entry becomes there.
REGISTRIES: dict[str, tuple[str, str, Callable[[Callable], Any]]] = {
    "ADAPTERS": ("adapters", "ADAPTERS", _as_it_is),
    "BUILDERS": ("networks.models.architectures", "ARCHITECTURES", _architecture),
    "CAMS": ("maps.cams", "CAMS", _as_it_is),
    "CONTROLS": ("maps.controls", "CONTROLS", _as_it_is),
    "METHODS": ("training.methods", "METHODS", _method),
    "METRICS": ("scores.metrics", "METRICS", _as_it_is),
    "REFINERS": ("maps.refiners", "REFINERS", _as_it_is),
    "THRESHOLDS": ("regions.thresholds", "THRESHOLDS", _as_it_is),
}
