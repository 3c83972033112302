"""A PyTorch network as a backbone: the same facts as a Keras network's, by the same rules, of another library."""

import os
from collections.abc import Mapping
from typing import Any

from wsol.errors import ConfigError
from wsol.networks import layers, tokens
from wsol.networks.built import Backbone
from wsol.networks.explainer import Explainer
from wsol.networks.graphs import Step
from wsol.networks.pytorch import code as torchcode
from wsol.networks.pytorch.graph import TorchGraph, mapless
from wsol.processor import described


class TorchBackbone(Backbone):
    """A classifier in PyTorch. Its layers are called as `named_modules` calls them."""

    network: TorchGraph

    def _layer(self, name: str) -> Step:
        """The layer of one name: of a module the tensor that it gives, where that is a map."""
        key = self.network.named.get(name)
        step = next((s for s in layers.candidates(self.graph, self.output, self.grids) if s.outputs[0] == key), None)
        if step is not None:
            return step._replace(name=name)
        made = self.network.producer(key) if key is not None else None
        if made is not None and self.settings["tokens"]:
            tokens.check_layer(tokens.tokens(**self.settings["tokens"]), made, name)
        if name and (why := mapless(self.network, name)):
            raise why
        return super()._layer(name)

    def explainer(self, batch: int, threads: int = 2) -> Explainer:
        """What answers for it, `batch` images at a time; PyTorch's own threads were settled before."""
        from wsol.networks.pytorch.explainer import TorchExplainer

        return TorchExplainer(self, self.network, batch)


def build(settings: Mapping[str, Any]) -> TorchBackbone:
    """The backbone that checked `settings` name; a ConfigError where it is none or where they do not fit it."""
    torchcode.check(settings)
    network = torchcode.load(settings, settings["weights"] if settings["weights"] != "random" else None)
    network = network.to(device())
    high, wide = (settings["input"],) * 2 if isinstance(settings["input"], int) else settings["input"]
    prepare = settings["preprocessing"]
    written = torchcode.factory(settings["torch"]).written
    graph = TorchGraph(network, (high, wide), 1 if prepare["order"] == "gray" else 3, f"'{written}'")
    found = TorchBackbone(graph, settings, (high, wide), prepare)
    if settings["classes"] not in (None, found.classes):
        raise ConfigError(f"classes: '{written}' has {found.classes} outputs, {settings['classes']} are said.")
    return found


def device() -> str:
    """Where networks run: on a graphics card where PyTorch finds one."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def deterministic(threads: int | None = None, gpus: int = 0, deterministic: bool = True) -> str:
    """The same bytes from the same input, as far as PyTorch has operations that give them; says what networks run on.

    Without `gpus` no card is seen. A ConfigError where a card is asked for and PyTorch has none.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it, products on a card may differ
    if not gpus:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    import torch

    if gpus and not torch.cuda.is_available():
        raise ConfigError("gpus: PyTorch sees no card here; say `gpus: 0`.")
    torch.use_deterministic_algorithms(deterministic)
    torch.backends.cudnn.allow_tf32 = False  # as in TensorFlow's determinism, float32 is float32
    if threads:
        torch.set_num_threads(threads)
    return f"device: {torch.cuda.get_device_name()}; {described()}" if gpus else described()
