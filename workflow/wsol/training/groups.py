"""Which weights of a network are trained, how fast, and from which epoch on: read off its graph."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, NamedTuple

from wsol.errors import ConfigError, few
from wsol.networks.graphs import Step
from wsol.networks.layers import is_cut
from wsol.networks.models.kerasmodel import KerasGraph
from wsol.settings import Doc, Range

HEADS = ("head_", "acol_")  # how the names of layers begin that a backbone's setting `head` adds
# What makes a vector of a map or a sequence.
POOLED = ("GlobalAveragePooling2D", "GlobalMaxPooling2D", "GlobalAveragePooling1D", "Flatten", "Mean")


class Group(NamedTuple):
    """Weights that are trained alike."""

    weights: list[Any]  # Keras variables
    factor: float  # of the training's rate
    freed: int  # the epoch from which on they are trained


class Parts(NamedTuple):
    """The weights of a network that are ever trained, and its layers that are frozen at first or for good."""

    groups: list[Group]
    frozen: list[tuple[Any, bool]]  # layers, and whether each was to be trained
    freed: int | None  # the epoch from which on the frozen layers are trained; None: never

    def free(self, epoch: int) -> bool:
        """Whether all layers are trained in an epoch."""
        return self.freed is not None and epoch >= self.freed

    def settle(self, free: bool) -> None:
        """Freeze the layers, or let them go; frozen, their batch normalisation is as in inference.

        What has been traced before stays as it was.
        """
        for layer, trained in self.frozen:  # the outer ones first, which say it of all that is in them
            layer.trainable = free and trained


def frozen(
    *,
    until: Annotated[str | None, Doc("The last layer that keeps its weights, with all that lies before it.")] = None,
    epochs: Annotated[
        Annotated[int, Range(1, 10_000)] | None, Doc("For how many epochs; for the whole training unless said.")
    ] = None,
) -> dict[str, Any]:
    """What `frozen` may say; without `until` it is all but the head."""
    if until is None and epochs is None:
        raise ConfigError("frozen: says nothing; give `until`, a layer's name, `epochs`, or both.")
    return {"until": until, "epochs": epochs}


class ClosedGraph(KerasGraph):
    """A graph in which a layer made of layers is one step: it is frozen or fast as a whole."""

    def _inside(self, layer: Any, bind: Any, inputs: list[int], name: str) -> list[int]:
        return []


def parts(network: Any, model: Any, recipe: Mapping[str, Any], headed: bool = False) -> Parts:
    """The groups of the weights of `network`, which is trained; what it has beyond `model`'s layers is of the head.

    Slow is what the last map is made of (`before_head`), or with `fast_from` what that layer is made from: a shortcut
    beside it is as fast as it is. `headed`: whether the model has a head of HEADS. The published benchmark's code has
    ten times the rate for ResNet50's conv5 and dense layer and for all of VGG16 but its features; of the layers that
    acol and spg add to ResNet50 it has the slow rate, which is not followed here.
    """
    graph = ClosedGraph(model)
    slow = _ids(_slow(graph, recipe["fast_from"], headed))
    still = _still(graph, recipe["frozen"], headed)
    freed = recipe["frozen"]["epochs"] if recipe["frozen"] else None
    cold = _ids(still)
    found: dict[tuple[float, int], list[Any]] = {}
    for weight in network.trainable_weights:
        start = freed if id(weight) in cold else 0
        if start is not None:
            factor = 1.0 if id(weight) in slow else recipe["head_rate_factor"]
            found.setdefault((factor, start), []).append(weight)
    _check(found, cold, network, recipe["frozen"])
    groups = [Group(weights, *key) for key, weights in sorted(found.items())]
    return Parts(groups, [(layer, layer.trainable) for layer in _inner(still)], freed)


def resting(model: Any, recipe: Mapping[str, Any], headed: bool) -> list[Any]:
    """The layers that are frozen for good, those inside of others too."""
    if not recipe["frozen"] or (recipe["frozen"]["epochs"] or recipe["epochs"]) < recipe["epochs"]:
        return []
    return _inner(_still(ClosedGraph(model), recipe["frozen"], headed))


def before_head(graph: KerasGraph, headed: bool) -> list[Step]:
    """All but the head: what a map or a sequence with more than one place is made by, and what is pooled over places.

    The latter counts where a small input has shrunk to one place: what goes into the first pooling of all there is.
    """
    output = next(iter(graph.outputs.values()))
    steps = graph.upstream([output])
    body = [key for step in steps if _has_places(step) for key in step.outputs]
    pooled = (step for step in steps if step.kind in POOLED and is_cut(graph, output, step.outputs[0]))
    body += next((step.inputs for step in pooled), ())
    return [step for step in graph.upstream(body) if not (headed and _own_name(step).startswith(HEADS))]


def _slow(graph: KerasGraph, fast_from: str | None, headed: bool) -> list[Step]:
    if fast_from is None:
        return before_head(graph, headed)
    return graph.upstream(_find(graph, "fast_from", fast_from)[0].inputs)


def _still(graph: KerasGraph, frozen: Mapping[str, Any] | None, headed: bool) -> list[Step]:
    """The steps whose layers are frozen."""
    if frozen is None:
        return []
    if frozen["until"] is None:
        return before_head(graph, headed)
    return graph.upstream([key for step in _find(graph, "frozen.until", frozen["until"]) for key in step.outputs])


def _find(graph: KerasGraph, where: str, name: str) -> list[Step]:
    """The calls of the layer of that name, full or its own, or those in the model of that name; else a ConfigError."""
    found = [step for step in graph.steps if step.name == name]
    found = found or [step for step in graph.steps if _own_name(step) == name]
    if len({step.name for step in found}) > 1:
        raise ConfigError(f"{where}: '{name}' is in {few(s.name for s in found)}. Give the whole path.")
    found = found or [step for step in graph.steps if step.name.startswith(f"{name}/")]
    if found:
        return found
    names = [step.name for step in graph.steps if _weights([step])]
    near = get_close_matches(name, [step.name for step in graph.steps], n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise ConfigError(f"{where}: the network has no layer '{name}'.{hint} It has {few(names[-3:])} and others.")


def _check(found: Mapping[tuple[float, int], list], cold: set[int], network: Any, frozen: Any) -> None:
    """A ConfigError where nothing is frozen that could be, or nothing is left to train."""
    if frozen and not any(id(weight) in cold for weight in network.trainable_weights):
        name = f"up to '{frozen['until']}' " if frozen["until"] else "before the head "
        raise ConfigError(f"frozen: no layer {name}has weights that are trained.")
    if frozen and not any(start == 0 for _, start in found):
        when = f" in the first {frozen['epochs']} epochs" if frozen["epochs"] else ""
        which = f".until: '{frozen['until']}'" if frozen["until"] else ": the head has no weights, which"
        raise ConfigError(f"frozen{which} leaves no weights to be trained{when}.")


def _layers(steps: Iterable[Step]) -> list[Any]:
    """The layers of steps, each once."""
    import keras

    return list({id(s.operation): s.operation for s in steps if isinstance(s.operation, keras.layers.Layer)}.values())


def _inner(steps: Iterable[Step]) -> list[Any]:
    """The layers of steps, each followed by those inside of it."""
    return [each for layer in _layers(steps) for each in layer._flatten_layers()]


def _weights(steps: Iterable[Step]) -> list[Any]:
    return [weight for layer in _layers(steps) for weight in layer.weights]


def _ids(steps: Iterable[Step]) -> set[int]:
    return {id(weight) for weight in _weights(steps)}


def _own_name(step: Step) -> str:
    return step.name.rsplit("/", 1)[-1]


def _has_places(step: Step) -> bool:
    """[n … k] with more than one place, or with as many as the image has."""
    return len(step.shape) > 2 and any(side is None or side > 1 for side in step.shape[1:-1])
