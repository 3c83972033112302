"""Which layers of a graph can be explained, which one is meant by a name or by `auto`, and what follows it."""

from collections.abc import Mapping
from typing import NamedTuple

from wsol.errors import ConfigError, unknown
from wsol.networks import mixing
from wsol.networks.graphs import POOLING, RESHAPING, TRANSPARENT, Graph, Step
from wsol.networks.reaching import shares
from wsol.networks.tokens import Grid, as_map

# What `auto` goes back from: it makes nothing of the map before it, or takes its places together or elsewhere.
ADAPTIVE = ("AdaptiveAveragePool", "AdaptiveMaxPool")  # poolings to a size of their own
PASSED_BY = (*POOLING, *ADAPTIVE, *TRANSPARENT, *RESHAPING, *mixing.TURNING, "ZeroPadding2D")

HALF = 0.5  # of the places: where fewer have a gradient, the class is not read from there


def is_spatial(step: Step) -> bool:
    """[n h w k] with more than one place."""
    return len(step.shape) == 4 and None not in step.shape[1:] and step.shape[1] * step.shape[2] > 1


class Choice(NamedTuple):
    """What `auto` takes, and why it is not simply the last map, else ""."""

    step: Step
    why: str = ""


def candidates(graph: Graph, output: int, grids: Mapping[int, Grid] = {}) -> list[Step]:
    """The layers that can be explained for this output: those with a map larger than 1x1, first to last.

    A sequence of patches, of which `grids` (`tokens.find`) has the layout, has the shape of its map here.
    """
    steps = graph.upstream([output])
    laid = [as_map(step, grids[step.outputs[0]]) if step.outputs[0] in grids else step for step in steps]
    return [step for step in laid if is_spatial(step)]


def automatic(graph: Graph, output: int, grids: Mapping[int, Grid] = {}) -> Choice:
    """The last map upstream of the pooling, after its nonlinearity.

    What comes last may itself be a pooling (VGG) or do nothing in inference (dropout): the map before it is meant.
    Where a small input has shrunk to one place before the pooling, the last map is often one branch of many: the last
    one that everything passes through is meant. Where what follows it mixes places otherwise than a pooling or a dense
    layer does, the last map is not what the class was read from: a ConfigError asks for the layer's name.

    Where the class is read from a token of its own, the last patches say nothing: what went into the last attention is
    meant, and a ConfigError asks for the layer's name where there is none that is known.
    """
    maps = mixing.maps(graph, output) | set(grids)
    known = {step.outputs[0]: step for step in candidates(graph, output, grids) if step.outputs[0] in maps}
    if not known:
        raise ConfigError("layer: auto finds no layer with a map larger than 1x1: this model has no spatial layer.")
    step = list(known.values())[-1]
    # Where a convolution left one place, the last map may be one branch among many.
    if any(_convolves_on(user) for user in graph.consumers(step.outputs[0], graph.upstream([output]))):
        step = next((s for s in reversed(known.values()) if is_cut(graph, output, s.outputs[0])), step)
    # Of a sequence beside others that the class is read from too, nobody says which is meant.
    if step.outputs[0] in grids and not is_cut(graph, output, step.outputs[0]):
        step = next((s for s in reversed(known.values()) if s.outputs[0] not in grids), step)
    # A pooling or a dropout shows nothing of its own: the map that went into it does, though not the sequence.
    while step.kind in PASSED_BY and step.inputs[0] in known:
        if step.inputs[0] in grids and step.outputs[0] not in grids:
            break
        step = known[step.inputs[0]]
    if culprit := mixing.behind(graph, output, step):
        raise ConfigError(
            f"layer: auto finds '{culprit.name}' ({culprit.kind}) behind the last map, '{step.name}', and it mixes "
            f"places otherwise than a pooling; {_asked(known)}"
        )
    if step.outputs[0] not in grids:
        return Choice(step)
    return _reached(graph, output, step, known, grids)


def _reached(graph: Graph, output: int, last: Step, known: dict[int, Step], grids: Mapping[int, Grid]) -> Choice:
    """The last patches, where the class is read from them, else those that the last attention was given."""
    attention = next((step for step in reversed(graph.upstream([output])) if mixing.attends(step)), None)
    before = _passed_by(graph, attention.inputs[0], known) if attention and attention.inputs else None
    keys = [step.outputs[0] for step in (last, before) if step]
    reached = shares(graph, output, [(key, grids.get(key)) for key in keys])
    if reached[0] >= HALF:
        return Choice(last)
    if attention and before and reached[1] >= HALF:
        why = f"what '{attention.name}' is given: the class is read from a token of its own, not from '{last.name}'"
        return Choice(before, why)
    raise ConfigError(
        f"layer: auto finds that the class is not read from the patches of the last layer, '{last.name}', and does "
        f"not know the attention before it; {_asked(known)}"
    )


def _passed_by(graph: Graph, key: int, known: Mapping[int, Step]) -> Step | None:
    """The layer of a key, or the one before it where that does nothing to it."""
    step = known.get(key)
    while step and step.kind in TRANSPARENT and step.inputs[0] in known:
        step = known[step.inputs[0]]
    return step


def _asked(known: Mapping[int, Step]) -> str:
    return f"name the layer to explain, of: {', '.join(_notable([*known.values()]))}."


def _convolves_on(step: Step) -> bool:
    """Does it make one place of a map by other means than pooling?"""
    return len(step.shape) == 4 and tuple(step.shape[1:3]) == (1, 1) and step.kind not in (*POOLING, "Mean")


def is_cut(graph: Graph, output: int, key: int) -> bool:
    """Does all that reaches the output pass through here?"""
    return not any(set(graph.inputs).intersection(step.inputs) for step in graph.upstream([output], [key]))


def find(graph: Graph, output: int, name: str, grids: Mapping[int, Grid] = {}) -> Step:
    """The layer called `name`, by its full path or, where only one has it, its own name."""
    known = candidates(graph, output, grids)
    found = [s for s in known if s.name == name] or [s for s in known if s.name.rsplit("/", 1)[-1] == name]
    if not found:
        raise ConfigError(unknown("layer", name, _notable(known)))
    if len({step.name for step in found}) > 1:
        raise ConfigError(f"layer: '{name}' is in {' and in '.join(s.name for s in found)}. Give the whole path.")
    return found[-1]


def _notable(steps: list[Step]) -> list[str]:
    """Activations, sums and concatenations: what people explain, short enough to print."""
    kept = [s.name for s in steps if s.kind in ("Activation", "ReLU", "Add", "Concatenate") or s.activation == "relu"]
    return (kept or [step.name for step in steps])[-12:]


def pooled(graph: Graph, output: int, key: int) -> int | None:
    """The key of the layer's mean over space, where nothing but that mean is used; the gradient is then constant."""
    steps = graph.upstream([output])
    # With a second use, or behind anything but the mean, places count differently.
    while len(users := graph.consumers(key, steps)) == 1 and key != output:
        user = users[0]
        if _is_mean(user, graph.producer(key)):
            return user.outputs[0]
        if user.kind not in (*TRANSPARENT, "Flattened") and not (
            user.kind == "Activation" and user.activation == "linear"
        ):
            return None
        key = user.outputs[0]
    return None


def _is_mean(step: Step, before: Step | None) -> bool:
    """The mean over all places: by a layer, by an average pooling as large as the map, or by `keras.ops.mean`."""
    if step.kind == "AveragePooling2D":
        return before is not None and tuple(step.operation.pool_size) == tuple(before.shape[1:3])
    axes = getattr(step.operation, "axis", None)
    axes = sorted(axes) if isinstance(axes, list | tuple) else [axes]
    places = [1, 2] if before is None or len(before.shape) == 4 else [1]  # of a map, or of a sequence
    return step.kind in ("GlobalAveragePooling2D", "GlobalAveragePooling1D") or (step.kind == "Mean" and axes == places)
