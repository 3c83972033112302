"""What a results folder keeps of its experiment, so that its scores can be put beside those of other folders."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from wsol.experiment.decisions import Experiment, Run
from wsol.experiment.described import described
from wsol.experiment.questions import datasets, is_control, logits
from wsol.experiment.readings import Readings
from wsol.files.formats import digest
from wsol.files.recorded import PLACE, RECORDED

PARTS = ("evaluation", "report", "select", "backbone", "cam", "threshold", "training")


def record(experiment: Experiment, readings: Readings, configfiles: Iterable[str]) -> None:
    """Write down, below the results, which runs the experiment has and what they are made of."""
    told = described(experiment, configfiles)
    read = [*readings.values(), *logits(experiment).values()]
    decisions = {*told["settings"], *(each.id for each in read)}
    RECORDED.write(
        Path(experiment.settings["results"]) / PLACE,
        command=told["command"],
        compare=experiment.settings["compare"],
        datasets=datasets(experiment),
        decisions=sorted(decisions),
        runs=[_run(run) for run in experiment.runs],
        settings=told["settings"],
    )


def asked(experiment: Experiment) -> dict[str, str]:
    """What tables are asked for, as notes have it (`provenance.fingerprints`): one digest of runs, order and settings.

    Snakemake knows what tables were asked for before in the folder that it was started in, and not in another, that
    results are carried to. Its tables may then be those of another experiment, and are as new as all they are made of.
    """
    settings = {name: decision.settings for name, decision in experiment.decisions().items()}
    return {"tables": digest([experiment.settings["compare"], [_run(run) for run in experiment.runs], settings])}


def _run(run: Run) -> dict[str, Any]:
    """The ids of a run's parts, None for those that it has not, and whether it is a control."""
    parts = {part: getattr(run, part) for part in PARTS}
    return {name: part.id if part else None for name, part in parts.items()} | {"control": is_control(run)}
