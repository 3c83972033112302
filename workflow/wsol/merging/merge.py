"""Results folders -> the tables and the report of all their runs, the same bytes whatever the order of the folders.

Runs of different folders are compared in the same resamples where one evaluation, so one seed, reports on one data set:
equal targets have equal groups. Nothing else is compared. The report has no gallery and no claims: those are of the
folders' own reports.
"""

from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pandas as pd

from wsol.errors import DataError
from wsol.experiment import plugins
from wsol.files.formats import atomic
from wsol.files.recorded import PLACE
from wsol.merging import together
from wsol.merging.carried import Carried, CarriedRun, opened
from wsol.merging.identity import Settings
from wsol.merging.naming import Called, called, told
from wsol.merging.ordering import ordered
from wsol.page.page import page
from wsol.page.seen import Tables
from wsol.provenance import products, sums
from wsol.report.leaderboard import text
from wsol.report.tables import printed, read
from wsol.report.tidy import tidy
from wsol.scores.comparisons import comparisons
from wsol.scores.runs import ScoredRun, by_row
from wsol.scores.tables import scored_run

PARTS = {"select": "levels chosen on", "cam": "cam", "threshold": "threshold", "evaluation": "evaluation"}


class Merged(NamedTuple):
    """The files of a merged folder by their names, and what is to be said of them."""

    files: dict[str, str]
    said: str


def merge(into: str | Path, roots: Sequence[str | Path]) -> str:
    """Write the tables and the report of these results folders into another; what is to be said of them.

    A DataError of one line, and nothing written, where a folder is not whole or two contradict each other.
    """
    if Path(into, PLACE).exists() or any(map(products.sealed, products.files(into))):
        raise DataError(f"merge: '{into}' holds the results of an experiment; merge into a folder of its own.")
    found = merged([opened(root) for root in roots])
    for name, content in found.files.items():
        with atomic(Path(into, name)) as temporary:
            temporary.write_text(content, encoding="utf-8")
    sums.record(into, products.every)
    return found.said


def merged(folders: Sequence[Carried]) -> Merged:
    """Everything that is written of these folders."""
    settings = {name: own for folder in folders for name, own in folder.record["settings"].items()}
    runs = together.distinct(run for folder in folders for run in folder.runs)
    runs = ordered([folder.runs for folder in folders], runs, settings)
    targets = together.contents(folders)
    for evaluation in dict.fromkeys(run.evaluation for run in runs):
        join_metrics(evaluation, settings[evaluation])
    names = called(runs, settings)
    tables = _tables(runs, names, targets, every=any(folder.record["compare"] == "all" for folder in folders))
    files = {f"{name}.csv": printed(frame).to_csv(index=False) for name, frame in tables.items()}
    telling = [f"merge: {line}." for line in told(names.values())]
    versions = together.versions(runs)
    if len(versions) > 1:
        telling += ["merge: what computed the scores differs:", *(f"  {line}" for line in versions)]
    shown = Tables(*(read(StringIO(files[f"{name}.csv"])) for name in Tables._fields))
    files["report.html"] = _page(shown, folders, runs, names, settings, telling)
    return Merged(files, "\n".join([*telling, text(tables["scores"], tables["comparisons"])]))


def join_metrics(evaluation: str, settings: Mapping[str, Any]) -> None:
    """Let the plugins of an evaluation's metrics join, whose units its scores are read with; a DataError without."""
    for file, digest in settings.get(plugins.KEY, {}).items():
        if not Path(file).is_file() or plugins.digest(file) != digest:
            raise DataError(f"merge: '{file}', a plugin of evaluation {evaluation}, is not here as it was scored with.")
    plugins.joined(settings)


def _tables(
    runs: Sequence[CarriedRun], names: Mapping[str, Called], targets: Mapping[str, str], *, every: bool
) -> dict[str, pd.DataFrame]:
    """The tables, row by row, for two runs that are called alike in their folders may have other names here."""
    scored = {run.place: _scored(run, names[run.place], targets[run.report]) for run in runs}
    places = {id(own): run for run, own in zip(runs, scored.values(), strict=True)}
    parts: dict[str, list[pd.DataFrame]] = {}
    for trainings in by_row(scored.values()):
        own = [places[id(each)] for each in trainings]
        files = {name: [run.file(f"{name}.parquet") for run in own] for name in ("strata", "outcomes", "curves")}
        found = tidy([trainings], SimpleNamespace(**files, targets=[run.targets for run in own]))
        for name, frame in found.items():
            parts.setdefault(name, []).append(frame.assign(**names[own[0].place]._asdict()))
    tables = {name: _below(frames) for name, frames in parts.items()}
    return tables | {"comparisons": comparisons(scored.values(), every=every)}


def _scored(run: CarriedRun, names: Called, targets: str) -> ScoredRun:
    """A run as comparisons take it, by what it is called among the others, and by what its targets are."""
    found = scored_run(str(run.file("scores.parquet")), str(run.file("draws.npz")), run.control, run.training or "")
    own = {key: value for key, value in names._asdict().items() if key != "dataset"}
    return found._replace(**own, targets=targets, scores=found.scores.assign(**names._asdict()))


def _below(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """One table below another; an empty one has no types that could count."""
    return pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)


def _page(
    tables: Tables,
    folders: Sequence[Carried],
    runs: Sequence[CarriedRun],
    names: Mapping[str, Called],
    settings: Settings,
    telling: Sequence[str],
) -> str:
    """The report; what was said of the merge stands before what the indexes say."""
    commands = sorted({folder.record["command"] for folder in folders})
    indexed = {_plain(id, runs, names): found for id, found in together.summaries(folders).items()}
    about = "\n".join(
        ["Made of several results folders; pictures, trainings and claims are in the reports of these.", *telling]
    )
    described = {
        "command": " && ".join([*commands, "make merge"]),
        "runs": _described(runs, names),
        "settings": dict(sorted(settings.items())),
    }
    return page(
        tables,
        summaries={"merged results": about} | {name: said for name, (said, _) in indexed.items()},
        problems={name: pd.read_csv(place / "problems.csv", dtype=str) for name, (_, place) in indexed.items()},
        described=described,
    )


def _plain(dataset: str, runs: Sequence[CarriedRun], names: Mapping[str, Called]) -> str:
    """What a data set is called in the tables; of one that none reports on, its id."""
    return next((names[run.place].dataset for run in runs if run.report == dataset), dataset)


def _described(runs: Iterable[CarriedRun], names: Mapping[str, Called]) -> list[dict[str, Any]]:
    """The rows of the tables and the ids of their decisions, as `experiment.described` has them."""
    rows: dict[Called, list[CarriedRun]] = {}
    for run in runs:
        rows.setdefault(names[run.place], []).append(run)
    found = []
    for row, trainings in rows.items():
        first = trainings[0]
        decisions = [("backbone", run.backbone) for run in trainings if run.backbone]
        decisions += [("reported on", first.report)]
        decisions += [(said, part) for kind, said in PARTS.items() if (part := getattr(first, kind))]
        found.append({"evaluation": row.evaluation, "name": row.name, "decisions": decisions})
    return found
