"""Where a PyTorch network comes from: a function of the user's, in a file or a module, or a name that torchvision has.

`torch: nets/mine.py:make` is the function `make` of a file, `torch: mine.nets:make` of a module, `torch: resnet50` is
torchvision's. Relative files and modules count from the folder that a run starts in, as plugins do.
"""

import ast
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from wsol.errors import ConfigError, Missing
from wsol.networks.models.architectures import brief
from wsol.places import as_written, expanded, file, is_there
from wsol.settings import shown

MISSING = "PyTorch is not installed: `pip install .[torch]`, or `make test-torch`."


class Factory(NamedTuple):
    """What makes a network: `name` in the module or file `source`, "" for torchvision, called with `arguments`."""

    source: str
    name: str
    arguments: Mapping[str, Any]

    @property
    def written(self) -> str:
        return f"{self.source}:{self.name}" if self.source else self.name

    @property
    def is_file(self) -> bool:
        return self.source.endswith(".py")


def factory(given: str | Mapping[str, Any]) -> Factory:
    """The setting `torch` read: `SOURCE:NAME`, a torchvision name, or `{factory: …, arguments: {…}}`."""
    entry = {"factory": given} if isinstance(given, str) else dict(given)
    for key in entry:
        if key not in ("factory", "arguments"):
            raise ConfigError(f"torch: unknown '{key}'. Known: arguments, factory.")
    text: Any = entry.get("factory")
    arguments: Any = entry.get("arguments", {})
    if not isinstance(text, str) or not isinstance(arguments, Mapping):
        raise ConfigError(f"torch: must be a factory, or {{factory: …, arguments: {{…}}}}, got {shown(given)}.")
    source, _, name = text.rpartition(":")
    if not name.isidentifier() or (":" in text and not source):
        raise ConfigError(f"torch: must be my_file.py:factory, my_module:factory or a torchvision name, got '{text}'.")
    return Factory(expanded("torch", source) if source else "", name, arguments)


def check(settings: Mapping[str, Any]) -> None:
    """A ConfigError where a network can be none, or may not be trusted. Needs no PyTorch, and says where there is none.

    `settings`: a backbone's.
    """
    made_by = factory(settings["torch"])
    if settings["safe"]:
        said = "say `safe: false` if you trust who made it."
        raise ConfigError(f"torch: '{made_by.written}' is code that can read and write files; {said}")
    if made_by.is_file:
        if not is_there(made_by.source):
            raise Missing(f"torch: no such file: '{made_by.source}'.")
        file("torch", made_by.source)
    elif _place(made_by.source or "torchvision") is None:
        where = f"there is no module '{made_by.source}' here" if made_by.source else "torchvision is not installed"
        raise ConfigError(f"torch: {where}; '{made_by.written}' needs it.")
    weights = settings["weights"]
    if isinstance(weights, Mapping):
        raise ConfigError("weights: a torch network is not trained here; give a file with its state dict.")
    if importlib.util.find_spec("torch") is None:
        raise ConfigError(f"torch: {MISSING}")


def sources(given: str | Mapping[str, Any]) -> list[str]:
    """The files of the user's that a network's code lies in: the factory's own, and those that it imports from here."""
    made_by = factory(given)
    first = made_by.source if made_by.is_file else _place(made_by.source or "torchvision")
    if first is None or not is_there(first):
        return []
    found: list[str] = []
    waiting = [os.fspath(first)]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.append(path)
            waiting += [here for name in _imported(path) if (here := _here(name)) is not None]
    return sorted(found)


def _imported(path: str) -> Iterator[str]:
    """The modules that a file names in import statements; none of what is no Python, which is said when it is run."""
    try:
        tree = ast.parse(Path(path).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(Path(path).parent.parts[-node.level :]) if node.level else ""
            base = ".".join(part for part in (package, node.module) if part)
            yield from (base, *(f"{base}.{alias.name}" for alias in node.names))


def _here(module: str) -> str | None:
    """The file of a module below the folder that the run starts in, as it is written from there."""
    path = Path(*module.split("."))
    return next((str(each) for each in (path.with_suffix(".py"), path / "__init__.py") if is_there(str(each))), None)


def _place(module: str) -> str | None:
    """The file of a module, here or among what is installed, without importing it."""
    if (here := _here(module)) is not None:
        return here
    top, *rest = module.split(".")
    found = importlib.util.find_spec(top)
    if found is None or not found.origin:
        return None
    path = Path(found.origin).parent.joinpath(*rest) if rest else Path(found.origin)
    known = (path, path.with_suffix(".py"), path / "__init__.py")
    return next((str(each) for each in known if each.is_file()), None)


def load(settings: Mapping[str, Any], weights: str | None = None) -> Any:
    """The network in inference mode, as a torch.nn.Module whose parameters have no gradients; a ConfigError where none.

    It is drawn from the settings' `seed`; `weights` is a file with a state dict that is to fit it exactly.
    """
    import torch

    made_by = factory(settings["torch"])
    make = _function(made_by)
    torch.manual_seed(settings["seed"])
    try:
        network = make(**made_by.arguments)
    except Exception as error:  # whatever a user's code may raise
        raise ConfigError(f"torch: '{made_by.written}' raises {type(error).__name__}: {brief(error)}") from error
    if not isinstance(network, torch.nn.Module):
        raise ConfigError(f"torch: '{made_by.written}' gives a {type(network).__name__}, a torch.nn.Module is meant.")
    if weights:
        _fill(network, made_by.written, weights)
    return network.eval().requires_grad_(False)


def _function(made_by: Factory) -> Any:
    """The factory, its module run or imported."""
    if not made_by.source:
        torchvision = importlib.import_module("torchvision")
        if made_by.name not in torchvision.models.list_models():
            raise ConfigError(f"torch: torchvision has no model '{made_by.name}'.")
        return lambda **arguments: torchvision.models.get_model(made_by.name, weights=None, **arguments)
    try:
        module = _ran(made_by.source) if made_by.is_file else _imported_module(made_by.source)
    except (Exception, SystemExit) as error:  # whatever a user's code may raise
        raise ConfigError(f"torch: '{made_by.source}' raises {type(error).__name__}: {brief(error)}") from error
    if not callable(getattr(module, made_by.name, None)):
        raise ConfigError(f"torch: '{made_by.source}' has no function '{made_by.name}'.")
    return getattr(module, made_by.name)


def _ran(path: str) -> Any:
    """A file as a module, run anew; what it imports may lie in the folder that the run starts in."""
    _look_here()
    spec = importlib.util.spec_from_file_location(f"network_{Path(path).stem}", path)
    assert spec is not None and spec.loader is not None, "a .py file has a loader"
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses in it look themselves up
    spec.loader.exec_module(module)
    return module


def _imported_module(name: str) -> Any:
    _look_here()
    return importlib.import_module(name)


def _look_here() -> None:
    """Modules of the folder that the run starts in can be imported, behind all others."""
    if os.getcwd() not in sys.path:  # noqa: PTH109 -- sys.path holds texts
        sys.path.append(os.getcwd())  # noqa: PTH109


def _fill(network: Any, written: str, path: str) -> None:
    """A state dict into all of a network; a ConfigError that names what is missing, too much or of another shape."""
    import torch

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a foreign file may fail anywhere in PyTorch's loading
        raise ConfigError(f"weights '{as_written(path)}' are no state dict: {brief(error)}") from error
    if not isinstance(state, Mapping):
        raise ConfigError(f"weights '{as_written(path)}' are a {type(state).__name__}, a state dict is meant.")
    own = network.state_dict()
    wrong = {
        "it lacks": [name for name in own if name not in state],
        "it alone has": [name for name in state if name not in own],
        "of another shape are": [name for name in own if name in state and _shape(own[name]) != _shape(state[name])],
    }
    said = [f"{what} {_few(names)}" for what, names in wrong.items() if names]
    if said:
        raise ConfigError(f"weights '{as_written(path)}' are not those of '{written}': {'; '.join(said)}.")
    network.load_state_dict(state)


def _shape(value: Any) -> tuple:
    return tuple(getattr(value, "shape", ()))


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
