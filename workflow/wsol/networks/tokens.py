"""Sequences of patches [n t k] as maps [n h w k]: where a transformer's tokens lie on the image, and what reads them.

A network whose patch embedding is a map made a sequence says so itself; what is put before the patches (a class token,
registers) is followed through concatenations and slices. A layer that is explained is laid out in the graph, between
what makes it and what uses it, so that all that holds of maps holds of it.
"""

from collections.abc import Iterable, Mapping
from math import prod
from typing import Annotated, Any, NamedTuple

import numpy as np

from wsol.errors import ConfigError
from wsol.networks import mixing
from wsol.networks.graphs import Graph, Step
from wsol.settings import Doc, Range

SELECTING = ("GetItem", "StridedSlice", "Slice", "Split", "Concatenate", "Gather", "GatherV2", "Take")
MOVING = (*mixing.TURNING, "Flip", "Roll", "Sort", "Unstack", "Unpack")  # of which it is not said where tokens go

Cells = Annotated[int, Range(1, 10**4)]


class Grid(NamedTuple):
    """Patches in a sequence: `shape` (h, w), the tokens before them, and the key of the map that they were made of."""

    shape: tuple[int, int]
    skip: int
    origin: int | None = None

    @property
    def patches(self) -> slice:
        """Their places in the sequence."""
        return slice(self.skip, self.skip + prod(self.shape))


def tokens(
    *,
    grid: Annotated[list[Cells], Doc("Rows and columns of the patches.")],
    skip: Annotated[
        Annotated[int, Range(0, 10**4)], Doc("The tokens before the patches: a class token, registers.")
    ] = 0,
) -> Grid:
    """How a sequence of tokens lies on the image, where a network does not say it itself."""
    if len(grid) != 2:
        raise ConfigError(f"tokens: grid must be rows and columns, got {grid!r}.")
    return Grid((grid[0], grid[1]), skip)


def find(graph: Graph, output: int, said: Grid | None = None) -> dict[int, Grid]:
    """The grids of the sequences of patches, by key: as `said`, or as the network itself shows."""
    steps = [step for step in graph.upstream([output]) if _is_sequence(step)]
    if said is None:
        return _followed(graph, output, steps)
    total = said.patches.stop
    found = {step.outputs[0]: said for step in steps if step.shape[1] == total}
    if not found:
        raise ConfigError(_mismatch(said, steps[-1] if steps else None))
    return found


def _mismatch(said: Grid, step: Step | None) -> str:
    high, wide = said.shape
    other = f"'{step.name}' has {step.shape[1]}" if step else "the model has no sequence of tokens"
    return f"tokens: grid {high}x{wide} and {said.skip} to skip are {said.patches.stop} tokens, {other}."


def check_layer(said: Grid | None, step: Step, name: str) -> None:
    """A ConfigError where a layer that is named is a sequence of another length than was said."""
    if said is not None and _is_sequence(step):
        raise ConfigError(_mismatch(said, step._replace(name=name)))


def _is_sequence(step: Step) -> bool:
    """[n t k]"""
    return len(step.shape) == 3 and step.shape[0] is None and None not in step.shape[1:]


def _followed(graph: Graph, output: int, steps: Iterable[Step]) -> dict[int, Grid]:
    maps = mixing.maps(graph, output)
    shapes = {step.outputs[0]: step.shape for step in graph.steps}
    found: dict[int, Grid] = {}
    for step in steps:
        grid = _begun(step, maps, shapes) or _kept(graph, step, found, shapes)
        if grid is not None:
            found[step.outputs[0]] = grid
    return found


def _begun(step: Step, maps: set[int], shapes: Mapping[int, tuple]) -> Grid | None:
    """A map [n h w k] made a sequence [n h*w k]."""
    if step.kind != "Reshape" or not maps.intersection(step.inputs[:1]):
        return None
    rows, *sides, channels = shapes.get(step.inputs[0], (None, None))
    if rows is not None or len(sides) != 2 or None in sides or prod(sides) == 1:
        return None
    return Grid((sides[0], sides[1]), 0, step.inputs[0]) if (prod(sides), channels) == step.shape[1:] else None


def _kept(graph: Graph, step: Step, found: Mapping[int, Grid], shapes: Mapping[int, tuple]) -> Grid | None:
    """Tokens made of tokens, in their order: as many as before, or with some before them put in or left out."""
    before = next((key for key in step.inputs if key in found), None)
    if before is None or step.kind in MOVING:
        return None
    if step.kind in SELECTING:
        return _selected(graph, step, before, found[before], shapes)
    return found[before] if step.shape[1] == shapes[before][1] else None


def _selected(graph: Graph, step: Step, key: int, grid: Grid, shapes: Mapping[int, tuple]) -> Grid | None:
    """Where the patches are behind a slice or a concatenation, by what it makes of numbered tokens."""
    if any(len(shapes.get(other, ())) != 3 or None in shapes[other][1:] for other in step.inputs):
        return None

    numbered = graph.numbered(step, key)
    patches = np.arange(1, shapes[key][1] + 1)[grid.patches]
    places = np.flatnonzero(np.isin(numbered, patches))
    whole = len(places) == len(patches) and np.array_equal(numbered[places], patches)
    if not whole or places[-1] - places[0] + 1 != len(patches):
        return None
    return grid._replace(skip=int(places[0]))


def as_map(step: Step, grid: Grid) -> Step:
    """The step of a sequence with the shape of its map; `laid_out` puts such a one into a graph."""
    return step._replace(shape=(None, *grid.shape, step.shape[2]))


class Patches:
    """A sequence's patches as a map, [n t k] -> [n h w k]."""

    def __init__(self, grid: Grid):
        self.grid = grid

    def __call__(self, sequence: Any) -> Any:
        import tensorflow as tf

        high, wide = self.grid.shape
        return tf.reshape(sequence[:, self.grid.patches], (-1, high, wide, sequence.shape[2]))


class Sequence:
    """A map of patches put back into its sequence, [n h w k] and [n t k] -> [n t k]."""

    def __init__(self, grid: Grid):
        self.grid = grid

    def __call__(self, patches: Any, sequence: Any) -> Any:
        import tensorflow as tf

        inner = self.grid.patches
        flat = tf.reshape(patches, (-1, prod(self.grid.shape), patches.shape[3]))
        return tf.concat([sequence[:, : inner.start], flat, sequence[:, inner.stop :]], axis=1)


class Flattened(Sequence):
    """The same where the patches are the whole sequence."""


class Laid(NamedTuple):
    """A sequence that is laid out: `step` made it, its `patches` are looked at, `sequence` goes on."""

    patches: Step
    sequence: Step


class LaidOut(Graph):
    """A graph in which some sequences pass through their maps; all else is as in the graph given."""

    def __init__(self, graph: Graph, chosen: Mapping[int, Grid]):
        self._graph = graph
        self.model, self.size = graph.model, graph.size
        self.inputs, self.input_shapes, self.outputs = graph.inputs, graph.input_shapes, graph.outputs
        self.feeds, self.constants, self.notes = graph.feeds, graph.constants, graph.notes
        self._laid: dict[int, Laid] = {}  # by the key that goes on
        self._first = max(key for step in graph.steps for key in (*step.inputs, *step.outputs)) + 1
        self.steps = [own for step in graph.steps for own in self._with_map(step, chosen.get(step.outputs[0]))]

    def _with_map(self, step: Step, grid: Grid | None) -> list[Step]:
        """A step, and how its sequence is laid out and goes on, where that is chosen."""
        if grid is None:
            return [step]
        key, *others = step.outputs
        made = self._first + 2 * len(self._laid)
        seen = made + 1
        patches = as_map(step._replace(operation=Patches(grid), inputs=(made,), outputs=(seen,), bind=None), grid)
        kind = Flattened if step.shape[1] == prod(grid.shape) else Sequence
        sequence = step._replace(operation=kind(grid), inputs=(seen, made), outputs=(key,), bind=None)
        self._laid[key] = Laid(patches, sequence)
        return [step._replace(outputs=(made, *others)), patches, sequence]

    def map_of(self, key: int) -> Step:
        """The map that a chosen sequence passes through."""
        return self._laid[key].patches

    def run(self, values: Mapping[int, Any], wanted: Iterable[int]) -> dict[int, Any]:
        """`values` and the `wanted`, by key, and what was needed on the way."""
        values, wanted = dict(values), list(wanted)
        needed = {key for step in self.upstream(wanted, values) for key in step.outputs}
        for key, laid in self._laid.items():
            if needed.intersection((key, *laid.patches.inputs, *laid.patches.outputs)):
                self._pass(values, laid)
        return values | self._own(values, [key for key in wanted if key not in values])

    def _own(self, values: Mapping[int, Any], wanted: list[int]) -> dict[int, Any]:
        """Run by the graph itself, which knows nothing of maps."""
        known = {key: value for key, value in values.items() if key < self._first}
        return self._graph.run(known, wanted) if wanted else {}

    def _pass(self, values: dict[int, Any], laid: Laid) -> None:
        """A sequence through its map, from what is known of either."""
        (made,), (seen,), (key,) = laid.patches.inputs, laid.patches.outputs, laid.sequence.outputs
        if made not in values:
            # With all that was needed on the way: a network that is run twice takes twice as long.
            found = self._own(values, [key])
            values |= {made: found.pop(key), **found}
        if seen not in values:
            values[seen] = laid.patches.operation(values[made])
        values[key] = laid.sequence.operation(values[seen], values[made])
