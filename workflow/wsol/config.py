"""An experiment's config: checked once, before anything is computed, and resolved into runs.

Every decision (a dataset, a backbone, a cam, a threshold, an evaluation) becomes `name@digest`, the digest covering all
its settings with defaults filled in. That string is the decision's folder, so two settings never share a file.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import yaml

from wsol import backbones, files, imported, indexing, train
from wsol import settings as settings_of
from wsol.cams import CAMS, EVIDENCE_OF
from wsol.controls import CONTROLS, NO_BACKBONE
from wsol.datasets import ADAPTERS, OPENERS
from wsol.errors import ConfigError, unknown
from wsol.exports import EXPORTS
from wsol.fusion import fuse
from wsol.metrics import METRICS
from wsol.settings import checked, conform
from wsol.thresholds import THRESHOLDS

SCHEMA = Path(__file__).parents[1] / "schemas" / "config.schema.yaml"
# Backbone settings that a cam may set for itself: what of the network it explains.
EXPLAINED = ("layer", "score", "explain", "evidence")
PICTURED = 4  # runs side by side in the report
IMPORTED = imported.CAM
PREPARED = ("protocol", "upsampling", "normalization", "canvas", "alignment", "masks")  # what a region depends on
UPSAMPLING = {"exact": "linear", "wsol2020": "cubic"}


class Decision(NamedTuple):
    """A named choice with all its settings, and the formats that its folder's files are in."""

    name: str
    settings: dict
    formats: tuple[files.Format, ...]

    @property
    def id(self) -> str:
        """The folder's name."""
        return f"{self.name}@{files.digest([self.settings, [(f.name, f.version) for f in self.formats]])}"


class Run(NamedTuple):
    """One row of the leaderboard: what is scored on which dataset, and how."""

    evaluation: Decision
    report: Decision
    select: Decision | None
    backbone: Decision | None  # None for controls
    cam: Decision
    threshold: Decision

    def folder(self, dataset: Decision, *stages: str) -> str:
        """`dataset/backbone/cam/threshold/evaluation`, as deep as the stages named."""
        parts = {"dataset": dataset.id, "backbone": self.backbone.id if self.backbone else NO_BACKBONE}
        parts |= {stage: getattr(self, stage).id for stage in ("cam", "threshold", "evaluation")}
        return "/".join(parts[stage] for stage in ("dataset", *stages))


class Experiment(NamedTuple):
    """A checked config: its plain settings and its runs."""

    settings: dict
    runs: list[Run]
    trainings: dict[str, Decision]  # by id: backbone settings that training depends on

    def decisions(self) -> dict[str, Decision]:
        """Every decision by its folder's name."""
        found = [d for run in self.runs for d in run if isinstance(d, Decision)]
        found += self.trainings.values()
        found += [self.dataset(t.settings["train"]["dataset"]) for t in self.trainings.values()]
        return {d.id: d for d in found}

    def dataset(self, name: str) -> Decision:
        return self.settings["datasets"][name]


def check(config: Mapping[str, Any]) -> Experiment:
    """The experiment that `config` describes; a ConfigError names the first thing that is wrong in it."""
    config = _shaped(config)
    datasets = {name: _dataset(name, given) for name, given in config["datasets"].items()}
    plain = {key: value for key, value in config.items() if not isinstance(value, dict)}
    runs: list[Run] = []
    trainings: dict[str, Decision] = {}
    for name, evaluation in config["evaluations"].items():
        for run, training in _runs(name, evaluation, config, datasets):
            runs.append(run)
            trainings |= {training.id: training} if training else {}
    exports = {name: evaluation["exports"] for name, evaluation in config["evaluations"].items()}
    return Experiment(plain | {"datasets": datasets, "exports": exports}, runs, trainings)


def _shaped(config: Mapping[str, Any]) -> dict:
    """`config` with the schema's defaults, or what the schema says against it."""
    errors = sorted(_validator().iter_errors(dict(config)), key=lambda e: (len(e.path), str(e.path)))
    if errors:
        raise ConfigError(_complaint(errors[0]))
    shape = _validator().schema
    plain = _defaults(shape, config)
    named = {key: config.get(key) or {} for key in ("datasets", "backbones", "cams", "thresholds")}
    evaluation = shape["$defs"]["evaluation"]
    return plain | named | {"evaluations": {n: _defaults(evaluation, e) for n, e in config["evaluations"].items()}}


def _defaults(schema: Mapping, given: Mapping) -> dict:
    return {key: s["default"] for key, s in schema["properties"].items() if "default" in s} | dict(given)


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(yaml.safe_load(SCHEMA.read_text()))


def _complaint(error: jsonschema.ValidationError) -> str:
    where = ".".join(map(str, error.absolute_path)) or "config"
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = error.schema.get("properties", {})
        extra = next(key for key in error.instance if key not in known)
        return unknown(where, extra, known)
    return f"{where}: {error.message}."


def _dataset(name: str, given: Mapping[str, Any]) -> Decision:
    """The dataset's settings: the adapter's and those that every dataset has."""
    _, own, common = indexing.split(given, f"datasets.{name}")
    return Decision(name, {"adapter": given["adapter"], **own, **asdict(common)}, (files.TARGETS,))


def _runs(name: str, evaluation: dict, config: dict, datasets: dict[str, Decision]):
    """Every (run, training or None) of an evaluation."""
    where = f"evaluations.{name}"
    report = _known(f"{where}.report", evaluation["report"], datasets)
    select = _known(f"{where}.select", evaluation["select"], datasets) if evaluation["select"] else None
    if select and select.settings == report.settings:
        raise ConfigError(f"{where}: select and report are the same images ({select.name}, {report.name}).")
    for metric in evaluation["metrics"]:
        _known(f"{where}.metrics", metric, METRICS)
    for export in evaluation["exports"]:
        _known(f"{where}.exports", export, EXPORTS)
        if export in ("npy", "npy_raw") and evaluation["alignment"] != "stretch":
            raise ConfigError(f"{where}.exports: {export} has no place for an alignment; each map covers its image.")
    if evaluation["alignment"] != "stretch" and evaluation["protocol"] == "wsol2020":
        raise ConfigError(f"{where}.alignment: protocol wsol2020 stretches maps, got {evaluation['alignment']}.")
    decision = _evaluation(name, evaluation, select, config)
    thresholds = _chosen(where, "thresholds", evaluation, config)
    levels = [_threshold(name, given, evaluation) for name, given in thresholds.items()]
    pairs = list(_pairs(where, evaluation, config))
    if not pairs or not levels:
        raise ConfigError(f"{where}: nothing to score: the config names no {'thresholds' if pairs else 'cams'}.")
    for backbone_name, cam in pairs:
        backbone, training = _backbone(backbone_name, cam, config, datasets, (report, select))
        for level in levels:
            yield Run(decision, report, select, backbone, cam.decision, level), training


class Cam(NamedTuple):
    method: str
    given: Mapping[str, Any]
    decision: Decision


def _pairs(where: str, evaluation: dict, config: dict) -> Iterator[tuple[str | None, Cam]]:
    """(backbone or None, cam): controls stand alone, a network has every other cam, maps from elsewhere have one."""
    named = _chosen(where, "backbones", evaluation, config)
    elsewhere = [name for name, given in named.items() if IMPORTED in given]
    networks = [name for name in named if name not in elsewhere]
    if IMPORTED in config["cams"]:
        raise ConfigError(f"cams.{IMPORTED}: the name belongs to the maps of imported backbones.")
    cams = config["cams"] | ({IMPORTED: {}} if elsewhere else {})
    for name, given in _chosen(where, "cams", evaluation, config | {"cams": cams}).items():
        cam = _cam(name, given)
        if name == IMPORTED:
            yield from ((backbone, cam) for backbone in elsewhere)
        elif cam.method in CONTROLS:
            yield None, cam
        elif not networks and ("cams" in evaluation or not elsewhere):
            raise ConfigError(f"cams.{name}: '{cam.method}' explains a model, and the config names no backbones.")
        else:
            yield from ((backbone, cam) for backbone in networks)


def has_images(dataset: Decision) -> bool:
    return dataset.settings["images"] is not None or dataset.settings["adapter"] in OPENERS


def _evaluation(name: str, evaluation: dict, select: Decision | None, config: dict) -> Decision:
    """What the score of a run depends on beside its regions."""
    keys = ("metrics", "protocol")
    statistics = {key: config[key] for key in ("resamples", "seed")}
    chosen_on = {"select": select.id if select else None}
    return Decision(name, {key: evaluation[key] for key in keys} | statistics | chosen_on, (files.SCORES,))


def _backbone(name, cam: Cam, config, datasets, seen) -> tuple[Decision | None, Decision | None]:
    """The backbone as this cam explains it, and its training if the config asks for one; `seen` are its datasets."""
    if name is None:
        return None, None
    if cam.method == IMPORTED:
        return _elsewhere(name, config["backbones"][name], [dataset.name for dataset in seen if dataset]), None
    if blind := [dataset.name for dataset in seen if dataset and not has_images(dataset)]:
        raise ConfigError(f"datasets.{blind[0]}: 'images' is needed where backbones run.")
    overrides = {key: cam.given[key] for key in EXPLAINED if key in cam.given}
    if cam.method in EVIDENCE_OF or "evidence" in cam.given:
        own = conform(f"cams.{cam.decision.name}.evidence", dict, cam.given.get("evidence", {}))
        overrides["evidence"] = {"method": EVIDENCE_OF.get(cam.method, "gradient"), **own}
    settings = _network(f"backbones.{name}", config["backbones"][name] | overrides)
    settings |= {"threads": config["threads"]}
    formats = (files.PREDICTIONS, files.EVIDENCE)
    if not isinstance(settings["weights"], dict):
        return Decision(name, settings, formats), None
    training = _training(name, settings, datasets)
    return Decision(name, settings | {"weights": {"train": training.id}}, formats), training


def _elsewhere(name: str, given: dict, used: Sequence[str]) -> Decision:
    """Maps that were made elsewhere, as a backbone without a network."""
    where = f"backbones.{name}"
    if network := [key for key in given if key in ("architecture", "model", "weights")]:
        raise ConfigError(f"{where}: imported maps come without a network; leave out '{network[0]}'.")
    settings = checked(where, imported.settings, given)
    try:
        settings = imported.settings(**settings)
        for dataset in used:
            imported.place(settings["imported"], dataset)
    except ConfigError as error:
        raise ConfigError(f"{where}.{error}") from error
    return Decision(name, settings, ())


def _network(where: str, given: dict) -> dict:
    """A backbone's own settings."""
    given = checked(where, backbones.backbone, given)
    try:
        settings = backbones.backbone(**given)
    except ConfigError as error:
        raise ConfigError(f"{where}: {str(error).removeprefix('backbone: ')}") from error
    if isinstance(settings["model"], str) and not Path(settings["model"]).is_file():
        raise ConfigError(f"{where}.model: no file '{settings['model']}'.")
    weights = settings["weights"]
    if isinstance(weights, str) and weights not in ("imagenet", "random") and not Path(weights).is_file():
        raise ConfigError(f"{where}.weights: must be imagenet, random, {{train: …}} or a file; no file '{weights}'.")
    arguments = settings.pop("arguments")
    return settings | arguments


def _training(name: str, settings: dict, datasets: dict[str, Decision]) -> Decision:
    """What trained weights depend on: nothing of what is explained later."""
    where = f"backbones.{name}.weights"
    if list(settings["weights"]) != ["train"] or not isinstance(settings["weights"]["train"], dict):
        raise ConfigError(f"{where}: must be imagenet, random, a file or {{train: …}}, got {settings['weights']!r}.")
    fit = checked(f"{where}.train", train.settings, settings["weights"]["train"])
    dataset = _known(f"{where}.train.dataset", fit["dataset"], datasets)
    network = {key: value for key, value in settings.items() if key not in (*EXPLAINED, "batch", "weights")}
    return Decision(name, network | {"train": fit | {"images": dataset.id}}, ())


def _cam(name: str, given: dict) -> Cam:
    where, method, settings = f"cams.{name}", given.get("method", name), {}
    if name != IMPORTED:
        function = _known(where if "method" in given else "cams", method, CAMS | CONTROLS)
        own = {key: value for key, value in given.items() if key not in ("method", "fusion", *EXPLAINED)}
        settings = checked(where, function, own)
    if method in CAMS:  # several layers' maps are joined
        settings["fusion"] = checked(f"{where}.fusion", fuse, given.get("fusion", {}))
    return Cam(method, given, Decision(name, {"method": method, **settings}, (files.HEATMAPS,)))


def _threshold(name: str, given: dict, evaluation: dict) -> Decision:
    """A threshold with how maps are prepared for it: both decide what a region is."""
    method = given.get("method", name)
    function = _known(f"thresholds.{name}" if "method" in given else "thresholds", method, THRESHOLDS)
    own = checked(f"thresholds.{name}", function, {k: v for k, v in given.items() if k != "method"})
    if evaluation["masks"] and method == "sweep":
        raise ConfigError(f"thresholds.{name}: masks need one level a map, a sweep has many; name the others.")
    prepared = {key: evaluation[key] for key in PREPARED}
    if prepared["upsampling"] == "auto":
        prepared["upsampling"] = UPSAMPLING[prepared["protocol"]]
    return Decision(name, {"threshold": {"method": method, **own}, **prepared}, (files.REGIONS,))


def _chosen(where: str, kind: str, evaluation: dict, config: dict) -> dict:
    """The evaluation's `kind` by name: those it names, or all."""
    names = evaluation.get(kind, list(config[kind]))
    return {name: _entry(f"{where}.{kind}", name, config[kind]) for name in names}


def _entry(where: str, name: str, known: Mapping[str, Any]) -> Any:
    _known(where, name, known)
    return known[name]


def _known(where: str, name: Any, known: Mapping[str, Any]) -> Any:
    if not isinstance(name, str) or name not in known:
        raise ConfigError(unknown(where, name, known))
    return known[name]


def sources(settings: Mapping[str, Any]) -> list[str]:
    """The user's own files that a dataset's or a backbone's stage reads, images apart: there are too many of those."""
    if "adapter" not in settings:
        return [path for key in ("model", "weights") if Path(path := str(settings.get(key))).is_file()]
    functions = (ADAPTERS[settings["adapter"]], indexing.Common)
    return [path for f in functions for path in settings_of.sources(f, settings) if path != settings["images"]]


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
