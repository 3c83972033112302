"""What the rules and the checks ask of an experiment: its files, its networks and data sets, and who needs whom.

Data sets, networks and trainings are named by their folders here (`Decision.id`).
"""

from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from wsol import settings as settings_of
from wsol.adapters import ADAPTERS
from wsol.experiment import labelsets
from wsol.experiment.decisions import IMPORTED, OF_NETWORK, Decision, Experiment, Run, plain
from wsol.experiment.decisions import NO_BACKBONE as NO_BACKBONE  # the rules name it too
from wsol.experiment.labelsets import has_images, labels_of
from wsol.experiment.plugins import KEY as PLUGINS
from wsol.files import augmentations
from wsol.files.formats import digest
from wsol.files.plan import PLAN
from wsol.files.predict import PREDICTIONS
from wsol.index import indexing, outputnames
from wsol.maps import imported
from wsol.maps.controls import CONTROLS, NETWORK_CONTROLS
from wsol.networks.pytorch import code as torchcode


def sources(settings: Mapping[str, Any]) -> list[str]:
    """The user's own files that a dataset's or a backbone's stage reads, images apart: there are too many of those."""
    if "adapter" not in settings:
        return _model_files(settings)
    found = [
        path
        for function in (ADAPTERS[settings["adapter"]], indexing.Common)
        for path in settings_of.sources(function, settings)
        if path != settings["images"]
    ]
    # Where nothing says which output a class is, Keras' list of ImageNet's classes does.
    mapped = settings["class_map"] or settings["output_names"] or ADAPTERS.opener(settings["adapter"])
    return found if mapped else [*found, str(outputnames.keras_index())]


def _model_files(settings: Mapping[str, Any]) -> list[str]:
    """The files of a backbone's model, weights and code, where they are the user's."""
    found: list[Path] = []
    trained = settings.get("train")
    initial = trained.get("initial") if isinstance(trained, Mapping) else None
    for name in (*map(settings.get, ("model", "weights", "code")), initial):
        if isinstance(name, str) and name not in ("imagenet", "random"):
            found += [Path(name), *sorted(Path(name).rglob("*"))]  # a SavedModel is a folder
    code = torchcode.sources(settings["torch"]) if settings.get("torch") else []
    return [str(path) for path in found if path.is_file()] + code


def adapters(settings: Iterable[Mapping[str, Any]], drawn: bool = False) -> list[str]:
    """The modules of the library, below `wsol`, of the adapters among some decisions' settings: `adapters/voc`.

    With `drawn` only of the adapters that draw their images. A plugin's adapter is no module of the library.
    """
    decided = list(settings)
    names = {each["adapter"] for each in decided if "adapter" in each and PLUGINS not in each}
    names |= {"table" for each in decided if each.get("boxes_from")}  # `index/retold.py` reads it so
    return [f"adapters/{name}" for name in sorted(names) if not drawn or ADAPTERS.opener(name) is not None]


def of_metrics(experiment: Experiment) -> dict[str, dict[str, str]]:
    """The plugins that any run's metrics are from, as settings hold them; {} for none."""
    found: dict[str, str] = {}
    for run in experiment.runs:
        found |= run.evaluation.settings.get(PLUGINS, {})
    return {PLUGINS: found} if found else {}


def notes(experiment: Experiment) -> dict[str, list[str]]:
    """What is noted of the user's files (`fingerprints`): the note, below `inputs` of the results -> what it is of."""
    decisions = experiment.decisions()
    found: dict[str, list[str]] = {}
    for name in datasets(experiment):
        settings = decisions[name].settings
        found[f"{name}/annotations"] = sources(settings)
        if settings["images"] is not None:
            found[f"{name}/images"] = [settings["images"]]
    for run in experiment.runs:
        if run.backbone and predicts(run.backbone.settings):
            found[f"{explained(run.backbone).network.id}/weights"] = sources(run.backbone.settings)
        elif run.backbone:
            for each in seen(run):
                found[f"{each.id}/{run.backbone.id}"] = [maps_of(run.backbone.settings, each.id)]
    for (dataset, _), answers in logits(experiment).items():
        found[f"{dataset}/{answers.id}"] = [answers.settings["logits"]]
    for name, training in experiment.trainings.items():
        found[f"{name}/weights"] = sources(training.settings)
    return {note: read for note, read in found.items() if read}


def seen(run: Run) -> list[Decision]:
    """The data sets that a run is scored on: the reported one, and the one that its levels are chosen on if any."""
    return [dataset for dataset in (run.report, run.select) if dataset]


def datasets(experiment: Experiment) -> list[str]:
    """Every data set that the experiment reads."""
    found = set(labelled(experiment))
    for run in experiment.runs:
        found |= {dataset.id for dataset in seen(run)}
    return sorted(found)


def labelled(experiment: Experiment) -> list[str]:
    """Every data set whose labels a training reads."""
    return sorted({id for training in experiment.trainings.values() for id in labels_of(training.settings)})


def pairs(experiment: Experiment) -> list[list[str]]:
    """Every two data sets that may share no image: one selects, trains or validates for what the other reports."""
    return labelsets.disjoint(experiment.runs)


def rows(experiment: Experiment) -> list[list[Run]]:
    """The runs of each row of the tables together: one, or one for each training of its backbone."""
    return [list(trainings) for _, trainings in groupby(experiment.runs, lambda run: run.names)]


def called(experiment: Experiment) -> dict[str, str]:
    """What the user calls each network, and each training, of which there are several of one name."""
    found: dict[str, str] = {}
    for trainings in rows(experiment):
        for run in trainings if len(trainings) > 1 else ():
            if run.backbone and run.training:
                name = f"{run.backbone.name} seed {run.training.settings['train']['seed']}"
                found |= {run.backbone.id: name, run.training.id: name}
    return found


def planned(experiment: Experiment) -> list[dict[str, Any]]:
    """Every network that images are shown to.

    Each is a mapping of its `id`, its `settings`, the `datasets` that it sees, its `training` in this run, None for
    none, and the names of its `cams` of method `cam`, which is not of every head. Of several trainings the first: what
    is found out before the images are shown is the same of all.
    """
    found: dict[str, dict[str, Any]] = {}
    for run, *_ in rows(experiment):
        if not (run.backbone and predicts(run.backbone.settings)):
            continue
        training = run.training
        about: dict[str, Any] = {
            "id": run.backbone.id,
            "settings": run.backbone.settings,
            "datasets": [],
            "cams": [],
            "training": training.settings["train"] if training else None,
        }
        network = found.setdefault(run.backbone.id, about)
        if run.cam.settings["method"] in ("cam", "tscam"):
            network["cams"] = sorted({*network["cams"], run.cam.name})
        network["datasets"] = sorted({*network["datasets"], *(dataset.id for dataset in seen(run))})
    return list(found.values())


def elsewhere(experiment: Experiment) -> list[dict[str, str]]:
    """Every pair of a `dataset` and an imported `backbone` that is scored on it, with the place of the `maps`."""
    found = {
        (dataset.id, run.backbone.id): maps_of(run.backbone.settings, dataset.id)
        for run in experiment.runs
        if run.backbone and not predicts(run.backbone.settings)
        for dataset in seen(run)
    }
    return [{"dataset": dataset, "backbone": id, "maps": maps} for (dataset, id), maps in sorted(found.items())]


def plan(experiment: Experiment) -> str:
    """The name of what is found out before any map is made: of these data sets, splits and networks."""
    parts = [datasets(experiment), pairs(experiment), planned(experiment), elsewhere(experiment), answered(experiment)]
    return f"plan@{digest([*parts, PLAN.version])}"


def refined(experiment: Experiment) -> dict[str, str]:
    """The cams that refine maps, and the one whose maps each begins with."""
    return {run.cam.id: plain(run.cam).id for run in experiment.runs if plain(run.cam) != run.cam}


def is_control(run: Run) -> bool:
    """Whether a run's maps ignore the model, or the class."""
    return run.cam.settings["method"] in CONTROLS | NETWORK_CONTROLS


def predicts(backbone: Mapping[str, Any] | None) -> bool:
    """Whether a run's backbone, given by its settings, is a network; controls have none, nor have imported maps."""
    return backbone is not None and IMPORTED not in backbone


class Explained(NamedTuple):
    """A backbone's two halves: the network, and what is asked of it."""

    network: Decision
    asked: dict[str, Any]  # layer, score, explain, evidence; scales and flip, where there are some


def explained(backbone: Decision) -> Explained:
    """The halves of a backbone that is a network."""
    keys = (*OF_NETWORK, *augmentations.SETTINGS)
    asked = {key: backbone.settings[key] for key in keys if key in backbone.settings}
    rest = {key: value for key, value in backbone.settings.items() if key not in keys}
    return Explained(Decision(backbone.name, rest, ()), asked)


def maps_of(backbone: Mapping[str, Any], dataset: str) -> str:
    """Where the imported maps of a data set lie."""
    return imported.place(backbone["imported"], dataset.split("@")[0])


def logits(experiment: Experiment) -> dict[tuple[str, str], Decision]:
    """By the ids of a data set and of an imported backbone that has them: its logits; several may share them."""
    found: dict[tuple[str, str], Decision] = {}
    for run in experiment.runs:
        if run.backbone is None or "logits" not in run.backbone.settings:
            continue
        given = run.backbone.settings
        for dataset in seen(run):
            path = imported.place(given["logits"], dataset.name, "logits")
            settings = {"activation": given.get("activation", ""), "logits": path}
            found[dataset.id, run.backbone.id] = Decision("logits", settings, (PREDICTIONS,))
    return found


def answered(experiment: Experiment) -> list[list[str]]:
    """Each file of logits with the data set that it is of, and what the first backbone that has it is called."""
    found: dict[tuple[str, str], str] = {}
    for (dataset, backbone), answers in logits(experiment).items():
        found.setdefault((answers.settings["logits"], dataset), backbone.split("@")[0])
    return [[path, dataset, name] for (path, dataset), name in sorted(found.items())]


def pictured(experiment: Experiment) -> list[Run]:
    """The runs that the report may draw: of each evaluation those at its first threshold whose images can be opened.

    Of a network that was trained several times, the first training. Which of them are drawn the scores say.
    """
    first: dict[str, Decision] = {}
    found: list[Run] = []
    for run, *_ in rows(experiment):
        if has_images(run.report) and run.threshold == first.setdefault(run.evaluation.id, run.threshold):
            found.append(run)
    return found


def exported(experiment: Experiment) -> list[tuple[Run, str]]:
    """Every run whose evaluation exports, with each form that it exports."""
    exports = experiment.settings["exports"]
    return [(run, form) for run in experiment.runs for form in exports[run.evaluation.name]]
