"""What is measured of maps and pixels while they are cut: what the metrics read that are taken of them.

A threshold's regions of a data set serve every evaluation that is scored on them, so that the sources of all are
measured together. What a folder has stays measured: a metric that is left out makes nothing anew, nor do two
experiments in turn that share results.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from wsol.experiment.decisions import Experiment, Run
from wsol.experiment.questions import seen
from wsol.files.formats import atomic
from wsol.files.measures import MEASURES
from wsol.files.npz import BROKEN
from wsol.scores.metrics import metric

Measured = dict[str, list[str]]


def measured(experiment: Experiment, results: str | Path) -> Measured:
    """By the folder of regions, below the results: the sources that are there, or asked for, in their order."""
    found: dict[str, frozenset[str]] = {}
    for run in experiment.runs:
        for dataset in seen(run):
            folder = run.folder(dataset, "backbone", "cam", "threshold")
            if folder not in found:
                found[folder] = _there(Path(results) / folder)
            found[folder] |= asked(run)
    return {folder: sorted(sources) for folder, sources in found.items()}


def asked(run: Run) -> frozenset[str]:
    """The sources that the metrics of a run read."""
    settings = run.threshold.settings
    found: frozenset[str] = frozenset()
    for name in run.evaluation.settings["metrics"]:
        found |= metric(name).asks(settings["threshold"]["method"])
    return found if settings["masks"] else found - {"masks"}


def note(path: str | Path, found: Mapping[str, list[str]]) -> None:
    """Write down what a run measures: while it makes some of it anew, the files do not tell."""
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(found, sort_keys=True), encoding="utf-8")


def noted(path: str | Path) -> Measured:
    """What `note` wrote down."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def _there(folder: Path) -> frozenset[str]:
    """What the last of a folder's files has measured; others may be of shards of before."""
    files = [(path.stat().st_mtime_ns, path) for path in folder.glob("[0-9]*.measures.npz")]
    for _, file in sorted(files, reverse=True):
        try:
            return frozenset(MEASURES.peek(file)["settings"]["measures"])
        except (*BROKEN, KeyError, TypeError):
            continue
    return frozenset()
