"""What of a network can be explained: its maps, what of the image a cell sees, and whether a class is read there."""

from typing import NamedTuple

from wsol.networks import layers, mixing, receptive
from wsol.networks.built import Backbone
from wsol.networks.graphs import Step
from wsol.networks.reaching import shares
from wsol.networks.tokens import Grid


class Candidate(NamedTuple):
    """A layer that can be explained."""

    step: Step  # with the shape of its map [n h w k]
    field: tuple[int, int] | None  # height, width in pixels of what a cell sees; None where that is not known
    reached: float  # share of its places that have a gradient of the logits, on one image of noise
    grid: Grid | None  # of a sequence of tokens


def rows(backbone: Backbone) -> list[Candidate]:
    """Every layer that can be explained, first to last."""
    graph, grids = backbone.graph, backbone.grids
    steps = layers.candidates(graph, backbone.output, grids)
    keys = [step.outputs[0] for step in steps]
    fields = receptive.every_field(graph, keys, backbone.size)
    reached = shares(graph, backbone.output, [(key, grids.get(key)) for key in keys])
    sizes = [_size(fields.get(key)) if key not in grids else _of_tokens(backbone, key, fields) for key in keys]
    listed = zip(steps, sizes, reached, keys, strict=True)
    return [Candidate(step, size, share, grids.get(key)) for step, size, share, key in listed]


def _size(field: receptive.Field | receptive.Unknown | None) -> tuple[int, int] | None:
    return (round(field.size[0]), round(field.size[1])) if isinstance(field, receptive.Field) else None


def _of_tokens(backbone: Backbone, key: int, fields: receptive.Fields) -> tuple[int, int] | None:
    """A token sees its patch, and everything once attention has been there."""
    origin = backbone.grids[key].origin
    if origin is None:
        return None
    if any(mixing.attends(step) for step in backbone.graph.upstream([key])):
        return backbone.size
    return _size(fields.get(origin))


def said(row: Candidate) -> str:
    """A row in words: what follows its name and kind."""
    high, wide, channels = row.step.shape[1:]
    field = f"{row.field[0]} x {row.field[1]}" if row.field else "?"
    grid = f"  tokens, {row.grid.skip} to skip" if row.grid else ""
    return f"{high:>4} x {wide:<4} x {channels:<5} sees {field:12} reached {row.reached:4.0%}{grid}"
