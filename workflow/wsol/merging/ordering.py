"""The order of merged runs: that of the tables they come from, and the same whatever the order of the folders.

What no table says, as of networks that were run on two machines, goes by name.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from wsol.merging.carried import CarriedRun
from wsol.merging.identity import Settings, network, seed

Sequences = Iterable[Iterable[Any]]


def merged(sequences: Sequences) -> list[Any]:
    """Every item once, each behind those that it follows in any sequence; of several that may come next the least.

    Where sequences contradict each other the least comes first, so that there always is an order, and one.

    >>> merged([["a", "c"], ["c", "b"]]), merged([["c", "b"], ["a", "c"]])
    (['a', 'c', 'b'], ['a', 'c', 'b'])
    >>> merged([["b", "a"], ["a", "b"]])
    ['a', 'b']
    """
    before: dict[Any, set[Any]] = {}
    for sequence in sequences:
        items = list(dict.fromkeys(sequence))
        for item in items:
            before.setdefault(item, set())
        for one, other in pairwise(items):
            before[other].add(one)
    found = []
    while before:
        ready = [item for item, earlier in before.items() if not earlier & before.keys()]
        found.append(min(ready or before))
        del before[found[-1]]
    return found


def ordered(
    folders: Sequence[Sequence[CarriedRun]], runs: Iterable[CarriedRun], settings: Settings
) -> list[CarriedRun]:
    """The `runs` in the order of the tables: by evaluation, cam, backbone, threshold and training.

    `folders` has those of each results folder, as its own tables have them.
    """

    def backbone(run: CarriedRun) -> tuple[str, str]:
        return (run.backbone or "").partition("@")[0], network(run, settings)

    def training(run: CarriedRun) -> tuple[int, str]:
        return seed(run, settings), run.training or ""

    boards = {board: place for place, board in enumerate(merged([run.board for run in own] for own in folders))}
    axes = (
        _axis(folders, lambda run: run.cam, lambda run: ()),
        _axis(folders, backbone, lambda run: (run.cam,)),
        _axis(folders, lambda run: run.threshold, lambda run: (run.cam, backbone(run))),
        _axis(folders, training, lambda run: (run.cam, backbone(run), run.threshold)),
    )
    return sorted(runs, key=lambda run: (boards[run.board], *(axis(run) for axis in axes)))


def _axis(
    folders: Sequence[Sequence[CarriedRun]],
    item: Callable[[CarriedRun], Any],
    within: Callable[[CarriedRun], Hashable],
) -> Callable[[CarriedRun], int]:
    """The place of a run's item among those of its evaluation; within what a sequence runs is said of each run."""
    sequences: dict[Any, dict[Any, list[Any]]] = {}
    for number, own in enumerate(folders):
        for run in own:
            sequences.setdefault(run.board, {}).setdefault((number, within(run)), []).append(item(run))
    places: Mapping[Any, dict[Any, int]] = {
        board: {each: place for place, each in enumerate(merged(found.values()))} for board, found in sequences.items()
    }
    return lambda run: places[run.board][item(run)]
