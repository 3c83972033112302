"""The claims of an experiment, checked against its evaluations and runs: every name is one that there is."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wsol.errors import ConfigError, unknown
from wsol.experiment.decisions import NO_BACKBONE, Run
from wsol.report.claims import Claim
from wsol.scores.metrics import todays
from wsol.settings import conform, known


def claims(given: Mapping[str, Any], evaluations: Mapping[str, Any], runs: Sequence[Run]) -> list[Claim]:
    """A Claim for each number of the config's section; a ConfigError names the first thing that is wrong in it.

    `given` and `evaluations` are sections of a config that has its shape.
    """
    return [claim for name, entry in given.items() for claim in _claims(name, entry, evaluations, runs)]


def _claims(name: str, entry: dict, evaluations: Mapping[str, Any], runs: Sequence[Run]) -> Iterator[Claim]:
    where = f"claims.{name}"
    evaluation = known(f"{where}.evaluation", entry["evaluation"], evaluations)
    metric = todays([entry["metric"]], f"{where}.metric")[0]
    if metric not in (metrics := todays(evaluation["metrics"])):
        raise ConfigError(unknown(f"{where}.metric", metric, metrics))
    choice = entry.get("choice")
    if choice == "selected" and not evaluation["select"]:
        raise ConfigError(f"{where}.choice: no level is selected in '{entry['evaluation']}', which names no 'select'.")
    tolerance = conform(f"{where}.tolerance", float, entry["tolerance"])
    names = _names([run for run in runs if run.evaluation.name == entry["evaluation"]])
    claimed: set[str] = set()
    for given, expected in entry["values"].items():
        if given not in names:
            raise ConfigError(unknown(f"{where}.values", given, names))
        if names[given] in claimed:
            raise ConfigError(f"{where}.values: '{names[given]}' is given twice.")
        claimed.add(names[given])
        # What is written is kept: its digits say how much is claimed.
        conform(f"{where}.values.{given}", float, expected)
        about = (name, entry["source"], entry["evaluation"], metric, choice, names[given])
        yield Claim(*about, expected, tolerance, entry["subset"], bool(evaluation["select"]))


def _names(runs: Sequence[Run]) -> dict[str, str]:
    """What a run may be called -> its name: without its threshold, where the same maps are cut in one way."""
    full = {f"{_maps(run)}/{run.threshold.name}": _maps(run) for run in runs}
    maps = list(full.values())
    return {short: name for name, short in full.items() if maps.count(short) == 1} | {name: name for name in full}


def _maps(run: Run) -> str:
    return f"{run.backbone.name if run.backbone else NO_BACKBONE}/{run.cam.name}"


def unchecked(given: Mapping[str, Any]) -> list[Claim]:
    """The section's claims as they stand there, where what the config names is not here, and so no run is known."""
    return [
        Claim(name, entry["source"], entry["evaluation"], entry["metric"], entry.get("choice"), run, *numbers)
        for name, entry in given.items()
        for run, expected in entry["values"].items()
        for numbers in [(expected, entry["tolerance"], entry["subset"])]
    ]
