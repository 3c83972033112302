"""Which layers of a graph can be explained, which one is meant by a name or by `auto`, and what follows it."""

from wsol.errors import ConfigError, unknown
from wsol.networks import mixing
from wsol.networks.graphs import POOLING, RESHAPING, TRANSPARENT, Graph, Step

# What `auto` goes back from: it makes nothing of the map before it, or takes its places together or elsewhere.
PASSED_BY = (*POOLING, *TRANSPARENT, *RESHAPING, *mixing.TURNING, "ZeroPadding2D")


def is_spatial(step: Step) -> bool:
    """[n h w k] with more than one place."""
    return len(step.shape) == 4 and None not in step.shape[1:] and step.shape[1] * step.shape[2] > 1


def candidates(graph: Graph, output: int) -> list[Step]:
    """The layers that can be explained for this output: those with a map larger than 1x1, first to last."""
    return [step for step in graph.upstream([output]) if is_spatial(step)]


def automatic(graph: Graph, output: int) -> Step:
    """The last map upstream of the pooling, after its nonlinearity.

    What comes last may itself be a pooling (VGG) or do nothing in inference (dropout): the map before it is meant.
    Where a small input has shrunk to one place before the pooling, the last map is often one branch of many: the last
    one that everything passes through is meant. Where what follows it mixes places otherwise than a pooling or a dense
    layer does, the last map is not what the class was read from: a ConfigError asks for the layer's name.
    """
    maps = mixing.maps(graph, output)
    known = {step.outputs[0]: step for step in candidates(graph, output) if step.outputs[0] in maps}
    if not known:
        raise ConfigError("layer: auto finds no layer with a map larger than 1x1: this model has no spatial layer.")
    step = list(known.values())[-1]
    # Where a convolution left one place, the last map may be one branch among many.
    if any(_convolves_on(user) for user in graph.consumers(step.outputs[0], graph.upstream([output]))):
        step = next((s for s in reversed(known.values()) if is_cut(graph, output, s.outputs[0])), step)
    # A pooling or a dropout shows nothing of its own: the map that went into it does.
    while step.kind in PASSED_BY and step.inputs[0] in known:
        step = known[step.inputs[0]]
    if culprit := mixing.behind(graph, output, step):
        raise ConfigError(
            f"layer: auto finds '{culprit.name}' ({culprit.kind}) behind the last map, '{step.name}', and it mixes "
            f"places otherwise than a pooling; name the layer to explain, of: {', '.join(_notable([*known.values()]))}."
        )
    return step


def _convolves_on(step: Step) -> bool:
    """Does it make one place of a map by other means than pooling?"""
    return len(step.shape) == 4 and tuple(step.shape[1:3]) == (1, 1) and step.kind not in (*POOLING, "Mean")


def is_cut(graph: Graph, output: int, key: int) -> bool:
    """Does all that reaches the output pass through here?"""
    return not any(set(graph.inputs).intersection(step.inputs) for step in graph.upstream([output], [key]))


def find(graph: Graph, output: int, name: str) -> Step:
    """The layer called `name`, by its full path or, where only one has it, its own name."""
    known = candidates(graph, output)
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
        if user.kind not in TRANSPARENT and not (user.kind == "Activation" and user.activation == "linear"):
            return None
        key = user.outputs[0]
    return None


def _is_mean(step: Step, before: Step | None) -> bool:
    """The mean over all places: by a layer, by an average pooling as large as the map, or by `keras.ops.mean`."""
    if step.kind == "AveragePooling2D":
        return before is not None and tuple(step.operation.pool_size) == tuple(before.shape[1:3])
    axes = getattr(step.operation, "axis", None)
    over_space = isinstance(axes, list | tuple) and sorted(axes) == [1, 2]
    return step.kind == "GlobalAveragePooling2D" or (step.kind == "Mean" and over_space)
