"""Channels first in a SavedModel: its operations run as they are, and their maps are moved to [n h w k] as they come.

TensorFlow itself has no form of some of these operations for processors; what it then says becomes a line of ours
(`device.told`).
"""

from typing import Any

from wsol.networks.graphs import RESHAPING, Step
from wsol.networks.models.channels import AXES, FIRST, TO_FIRST, TO_LAST, is_first
from wsol.networks.models.savedmodel import SavedGraph


def settle(graph: SavedGraph) -> None:
    """Move what has channels first in a graph of one image; where nothing has, leave all as it is."""
    first = is_first(graph.input_shapes[0])
    if not first and not any(getattr(step.operation, "data_format", "") == FIRST for step in graph.steps):
        return
    moved: dict[int, int] = {}  # a key of channels first -> that of the same with channels last
    if first:
        moved[graph.inputs[0]] = graph.key()
        graph.input_shapes = [tuple(graph.input_shapes[0][axis] for axis in TO_LAST)]
        graph.inputs = [*moved.values()]
    shapes: dict[int, tuple] = dict.fromkeys(moved, (None,) * 4)
    for place, step in enumerate(graph.steps):
        shapes[step.outputs[0]] = step.operation.made
        graph.steps[place] = _moved(graph, step, moved, shapes)
    graph.turned = {key: own for own, key in moved.items()}
    graph.outputs = {name: moved.get(key, key) for name, key in graph.outputs.items()}


def _moved(graph: SavedGraph, step: Step, moved: dict[int, int], shapes: dict[int, tuple]) -> Step:
    """The step between maps with channels last; `moved` grows by what it makes."""
    feeds = [key for key in step.inputs if key in moved]
    axes = tuple(getattr(step.operation, "axes", ())) if step.kind == "Transpose" else ()
    inputs = tuple(moved.get(key, key) for key in step.inputs)
    if feeds and axes == TO_LAST:
        return step._replace(operation=_named("Identity"), inputs=inputs)
    turns = not feeds and axes == TO_FIRST
    if turns or _makes_first(step, [shapes[key] for key in feeds]):
        moved[step.outputs[0]] = graph.key()
        outputs = (moved[step.outputs[0]], *step.outputs[1:])
        operation = _named("Identity") if turns else _last(step.operation)
        return step._replace(operation=operation, inputs=inputs, outputs=outputs)
    return step._replace(operation=_last(step.operation) if feeds else step.operation, inputs=inputs)


def _makes_first(step: Step, before: list[tuple]) -> bool:
    """Whether a step makes a map of channels first: it says so, or it keeps the places of one."""
    made = step.operation.made
    if len(made) != 4 or step.kind in (*RESHAPING, "Transpose"):
        return False
    said = getattr(step.operation, "data_format", "") == FIRST
    return said or step.kind == "Pad" or any(made[2:] == shape[2:] or None in shape[2:] for shape in before)


def _last(operation: Any) -> Any:
    """What an operation is where channels are last."""
    settings = dict(vars(operation))
    if settings.get("data_format") == FIRST:
        settings["data_format"] = "channels_last"
    if isinstance(settings.get("axis"), list):
        settings["axis"] = [AXES[axis % 4] for axis in settings["axis"]]
    if "paddings" in settings:
        settings["padding"] = settings["paddings"][2:]
    return _named(type(operation).__name__, settings)


def _named(kind: str, settings: dict[str, Any] | None = None) -> Any:
    made = type(kind, (), {})()
    vars(made).update(settings or {})
    return made
