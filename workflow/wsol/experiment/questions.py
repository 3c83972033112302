"""What the rules and the checks ask of an experiment: its files, its networks and data sets, and who needs whom.

Data sets, networks and trainings are named by their folders here (`Decision.id`).
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from wsol import settings as settings_of
from wsol.adapters import ADAPTERS
from wsol.experiment.decisions import IMPORTED, Decision, Experiment, Run
from wsol.experiment.decisions import NO_BACKBONE as NO_BACKBONE  # for the rules
from wsol.experiment.plugins import KEY as PLUGINS
from wsol.files.formats import digest
from wsol.files.plan import PLAN
from wsol.index import indexing, outputnames
from wsol.maps import imported
from wsol.maps.controls import CONTROLS, NETWORK_CONTROLS

PICTURED = 4  # runs side by side in the report


def has_images(dataset: Decision) -> bool:
    return dataset.settings["images"] is not None or ADAPTERS.opener(dataset.settings["adapter"]) is not None


def sources(settings: Mapping[str, Any]) -> list[str]:
    """The user's own files that a dataset's or a backbone's stage reads, images apart: there are too many of those."""
    if "adapter" not in settings:
        named = [settings.get("model"), settings.get("weights")]
        given = [Path(name) for name in named if isinstance(name, str) and name not in ("imagenet", "random")]
        files = [file for path in given for file in (path, *sorted(path.rglob("*")))]  # a SavedModel is a folder
        return [str(path) for path in files if path.is_file()]
    functions = (ADAPTERS[settings["adapter"]], indexing.Common)
    found = [path for f in functions for path in settings_of.sources(f, settings) if path != settings["images"]]
    mapped = settings["class_map"] or settings["output_names"] or ADAPTERS.opener(settings["adapter"])
    return found if mapped else [*found, str(outputnames.keras_index())]


def adapters(settings: Iterable[Mapping[str, Any]], drawn: bool = False) -> list[str]:
    """The modules of the library, below `wsol`, of the adapters among some decisions' settings: `adapters/voc`.

    With `drawn` only those that images are opened by, where they are no files. A plugin's adapter is no module here.
    """
    names = sorted({each["adapter"] for each in settings if "adapter" in each and PLUGINS not in each})
    return [f"adapters/{name}" for name in names if not drawn or ADAPTERS.opener(name) is not None]


def of_metrics(experiment: Experiment) -> dict[str, dict[str, str]]:
    """The plugins that the metrics of all runs are from, as settings hold them; {} for none."""
    found: dict[str, str] = {}
    for run in experiment.runs:
        found |= run.evaluation.settings.get(PLUGINS, {})
    return {PLUGINS: found} if found else {}


def notes(experiment: Experiment) -> dict[str, list[str]]:
    """What is noted of the user's files (`fingerprints`): note, below `inputs` of the results -> what it is of."""
    decisions = experiment.decisions()
    found: dict[str, list[str]] = {}
    for name in datasets(experiment):
        settings = decisions[name].settings
        found[f"{name}/annotations"] = sources(settings)
        if settings["images"] is not None:
            found[f"{name}/images"] = [settings["images"]]
    for run in experiment.runs:
        for dataset in (run.report, run.select):
            if run.backbone and dataset and IMPORTED in run.backbone.settings:
                found[f"{dataset.id}/{run.backbone.id}"] = [maps_of(run.backbone.settings, dataset.id)]
        if run.backbone and IMPORTED not in run.backbone.settings:
            found[f"{run.backbone.id}/weights"] = sources(run.backbone.settings)
    found |= {f"{name}/weights": sources(training.settings) for name, training in experiment.trainings.items()}
    return {note: read for note, read in found.items() if read}


def pairs(experiment: Experiment) -> list[list[str]]:
    """Every two datasets (by id) that may share no image: one selects or trains for what the other reports."""
    known = datasets(experiment)
    return [[a, b] for a in known for b in partners(experiment, a) if a < b]


def planned(experiment: Experiment) -> list[dict[str, Any]]:
    """Every network that images are shown to: id, settings, datasets, what it was trained on if here, its CAMs."""
    found: dict[str, dict[str, Any]] = {}
    for run in experiment.runs:
        if run.backbone and predicts(run.backbone.settings):
            training = experiment.trainings.get(trained(run) or "")
            about: dict[str, Any] = {
                "id": run.backbone.id,
                "settings": run.backbone.settings,
                "datasets": [],
                "cams": [],
            }
            about["trained_on"] = training.settings["train"]["images"] if training else None
            mine = found.setdefault(run.backbone.id, about)
            if run.cam.settings["method"] == "cam":
                mine["cams"] = sorted({*mine["cams"], run.cam.name})
            mine["datasets"] = sorted({*mine["datasets"], *(d.id for d in (run.report, run.select) if d)})
    return list(found.values())


def plan(experiment: Experiment) -> str:
    """The name of what is found out before any map is made: of these datasets, splits and networks."""
    return f"plan@{digest([datasets(experiment), pairs(experiment), planned(experiment), PLAN.version])}"


def is_control(run: Run) -> bool:
    """Whether a run's maps ignore the model, or the class."""
    return run.cam.settings["method"] in CONTROLS | NETWORK_CONTROLS


def predicts(backbone: Mapping[str, Any] | None) -> bool:
    """Whether a run's backbone is a network; controls have none, nor have maps from elsewhere."""
    return backbone is not None and IMPORTED not in backbone


def maps_of(backbone: Mapping[str, Any], dataset: str) -> str:
    """Where the imported maps of a dataset (its id) lie."""
    return imported.place(backbone["imported"], dataset.split("@")[0])


def datasets(experiment: Experiment) -> list[str]:
    """The ids of every dataset that the experiment reads."""
    used = {d.id for run in experiment.runs for d in (run.report, run.select) if d}
    return sorted(used | {t.settings["train"]["images"] for t in experiment.trainings.values()})


def pictured(experiment: Experiment) -> list[Run]:
    """The runs that the report draws: of each evaluation the first few that explain a model, at its first threshold."""
    found: dict[str, list[Run]] = {}
    for run in experiment.runs:
        first = next(r.threshold for r in experiment.runs if r.evaluation == run.evaluation)
        shown = found.setdefault(run.evaluation.name, [])
        if run.backbone and has_images(run.report) and run.threshold == first and len(shown) < PICTURED:
            shown.append(run)
    return [run for runs in found.values() for run in runs]


def exported(experiment: Experiment) -> list[tuple[Run, str]]:
    """Every run whose evaluation exports, with each form it exports."""
    exports = experiment.settings["exports"]
    return [(run, form) for run in experiment.runs for form in exports[run.evaluation.name]]


def partners(experiment: Experiment, dataset: str) -> list[str]:
    """The datasets (by id) that may share no image with this one: one selects or trains for what the other reports."""
    found: set[str] = set()
    for run in experiment.runs:
        used = {d.id for d in (run.report, run.select) if d} | _trained_on(run, experiment)
        found |= used if dataset in used else set()
    return sorted(found - {dataset})


def _trained_on(run: Run, experiment: Experiment) -> set[str]:
    training = experiment.trainings.get(trained(run) or "")
    return {training.settings["train"]["images"]} if training else set()


def trained(run: Run) -> str | None:
    """The id of the training that a run's backbone needs, None where its weights come from elsewhere."""
    weights: Any = run.backbone.settings.get("weights") if run.backbone else None
    return weights["train"] if isinstance(weights, dict) else None
