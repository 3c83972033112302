"""What merged runs are called: as before where a name means one thing, with its digest where it means several."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from wsol.maps.controls import NO_BACKBONE
from wsol.merging.carried import CarriedRun
from wsol.merging.identity import Settings, asked, network


class Called(NamedTuple):
    """The columns of the tables that say which run a row is of."""

    evaluation: str
    dataset: str
    backbone: str
    cam: str
    threshold: str

    @property
    def name(self) -> str:
        return f"{self.backbone}/{self.cam}/{self.threshold}"


def told_apart(named: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """(name, digest) -> the name, with the digest behind it where there are several of that name.

    >>> told_apart([("a", "1"), ("b", "1"), ("b", "2")])
    {('a', '1'): 'a', ('b', '1'): 'b@1', ('b', '2'): 'b@2'}
    """
    each = list(dict.fromkeys(named))
    names = [name for name, _ in each]
    return {(name, digest): f"{name}@{digest}" if names.count(name) > 1 else name for name, digest in each}


def called(runs: Sequence[CarriedRun], settings: Settings) -> dict[str, Called]:
    """By the place of each run, what it is called in the tables of all of them.

    A backbone is told apart by its network, a threshold within its evaluation, where maps are prepared in one way. Rows
    whose names are equal all the same differ in what their cam asks of the network, and are told apart by the cam.
    """
    datasets = told_apart(_split(run.report) for run in runs)
    evaluations = _evaluations(runs, datasets)
    cams = told_apart(_split(run.cam) for run in runs)
    networks = told_apart(_backbone(run, settings) for run in runs)
    thresholds = {board: told_apart(_split(run.threshold) for run in own) for board, own in _boards(runs).items()}
    found = {}
    for run in runs:
        backbone, threshold = networks[_backbone(run, settings)], thresholds[run.board][_split(run.threshold)]
        names = (evaluations[run.board], datasets[_split(run.report)], backbone, cams[_split(run.cam)], threshold)
        found[run.place] = Called(*names)
    ways: dict[Called, set[str]] = {}
    for run in runs:
        ways.setdefault(found[run.place], set()).add(asked(run, settings))
    for run in runs:
        if len(ways[names := found[run.place]]) > 1:
            found[run.place] = names._replace(cam=f"{_split(run.cam)[0]}@{asked(run, settings)}")
    return found


def _evaluations(runs: Sequence[CarriedRun], datasets: dict[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """What evaluations are called: with the data set behind them where one of them reports on several."""
    known = told_apart(_split(run.evaluation) for run in runs)
    boards = dict.fromkeys(run.board for run in runs)
    reported = [evaluation for evaluation, _ in boards]
    return {
        (evaluation, report): known[_split(evaluation)]
        + (f" on {datasets[_split(report)]}" if reported.count(evaluation) > 1 else "")
        for evaluation, report in boards
    }


def _boards(runs: Sequence[CarriedRun]) -> dict[tuple[str, str], list[CarriedRun]]:
    found: dict[tuple[str, str], list[CarriedRun]] = {}
    for run in runs:
        found.setdefault(run.board, []).append(run)
    return found


def _split(decision: str) -> tuple[str, str]:
    """A decision's name and digest."""
    name, _, digest = decision.rpartition("@")
    return name, digest


def _backbone(run: CarriedRun, settings: Settings) -> tuple[str, str]:
    return (_split(run.backbone)[0], network(run, settings)) if run.backbone else (NO_BACKBONE, "")


def told(called: Iterable[Called]) -> list[str]:
    """What to say of runs that could be taken for each other: lines, [] where every name means one thing."""
    found: dict[tuple[str, str], set[str]] = {}
    for names in called:
        for kind, word in zip(Called._fields, names, strict=True):
            plain = word.partition(" on ")[0].partition("@")[0]
            if word != plain:
                found.setdefault((kind, plain), set()).add(word)
    more = {"evaluation": ", each compared by itself"}
    each = sorted(found.items())
    return [
        f"{kind} {plain} is of several{more.get(kind, '')}: {', '.join(sorted(words))}" for (kind, plain), words in each
    ]
