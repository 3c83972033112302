"""An experiment's config: checked once, before anything is computed, and resolved into runs."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from wsol import places
from wsol.errors import ConfigError
from wsol.experiment import idle, networks, plugins
from wsol.experiment.claims import claims
from wsol.experiment.decisions import IMPORTED, Decision, Experiment, Run
from wsol.experiment.located import located
from wsol.experiment.networks import OF_NETWORK, CamEntry
from wsol.experiment.schema import shaped
from wsol.exports.forms import EXPORTS
from wsol.files import augmentations
from wsol.files.heatmap import HEATMAPS
from wsol.files.index import LABELS, TARGETS
from wsol.files.localize import REGIONS
from wsol.files.measures import MEASURES
from wsol.files.score import CURVES, DRAWS, OUTCOMES, SCORES, STRATA
from wsol.index import indexing
from wsol.maps import refining
from wsol.maps.cams import CAMS
from wsol.maps.controls import CONTROLS
from wsol.maps.fusion import fuse
from wsol.regions.edges import STEP
from wsol.regions.parting import SPLIT, splitting
from wsol.regions.protocols import PROTOCOLS
from wsol.regions.thresholds import THRESHOLDS
from wsol.scores.metrics import metric, todays
from wsol.scores.metrics.registry import plain
from wsol.settings import File, Seed, checked, conform, known

PREPARED = ("protocol", "upsampling", "normalization", "canvas", "alignment", "masks")  # what a region depends on
ASKED = (*OF_NETWORK, *augmentations.SETTINGS)  # what a cam asks of networks
PAIRING = ("method", "fusion", "backbones", "refine")  # of a cam, what its method does not take


def check(config: Mapping[str, Any]) -> Experiment:
    """The experiment that `config` describes; a ConfigError names the first thing that is wrong in it."""
    config = shaped(config)
    # Before any name is looked up: a plugin's entries are then as good as the library's own.
    plugins.load(conform("plugins", list[File], config["plugins"]))
    config = located(config)
    datasets = {name: _dataset(name, given) for name, given in config["datasets"].items()}
    plain = {key: value for key, value in config.items() if not isinstance(value, dict)}
    images = {name: decision.settings["images"] for name, decision in datasets.items()}
    images = {name: path for name, path in images.items() if path}
    plain["results"] = places.results(plain["results"], images)
    runs: list[Run] = []
    for name, evaluation in config["evaluations"].items():
        runs += _runs(name, evaluation, config, datasets)
    _paired(config["backbones"], runs)
    exports = {name: evaluation["exports"] for name, evaluation in config["evaluations"].items()}
    plain["claims"] = claims(config["claims"], config["evaluations"], runs)
    return Experiment(plain | {"datasets": datasets, "exports": exports}, runs)


def _paired(backbones: Mapping[str, Any], runs: list[Run]) -> None:
    """A ConfigError where a network's entry says how it is explained, and none of its cams asks for that."""
    methods: dict[str, set[str]] = {}
    for run in runs:
        if run.backbone and IMPORTED not in run.backbone.settings:
            methods.setdefault(run.backbone.name, set()).add(run.cam.settings["method"])
    for name, found in methods.items():
        idle.paired(name, backbones[name], networks.usual(name, backbones[name]), found)


def _dataset(name: str, given: Mapping[str, Any]) -> Decision:
    """A dataset as decided: its adapter's settings and those that every dataset has."""
    where = f"datasets.{name}"
    conform(f"{where}.adapter", str, given.get("adapter", ""))
    _, own, common = indexing.split(given, where)
    settings = {"adapter": given["adapter"], **own, **asdict(common)} | plugins.used(("ADAPTERS", given["adapter"]))
    _sources(where, settings)
    return Decision(name, settings, (TARGETS, LABELS))


def _sources(where: str, settings: dict) -> None:
    """A ConfigError where a folder is given for a file, a file for a folder, or a seed that generators do not take."""
    for key in ("class_map", "output_names", "boxes_from"):
        if isinstance(settings[key], str):
            places.file(f"{where}.{key}", settings[key])
    if settings["images"] is not None:
        places.folder(f"{where}.images", settings["images"])
    if "seed" in settings:
        conform(f"{where}.seed", Seed, settings["seed"])


def _runs(name: str, evaluation: dict, config: dict, datasets: dict[str, Decision]) -> Iterator[Run]:
    """Every run of an evaluation; those that differ in their training alone follow each other."""
    where = f"evaluations.{name}"
    report = known(f"{where}.report", evaluation["report"], datasets)
    select = known(f"{where}.select", evaluation["select"], datasets) if evaluation["select"] is not None else None
    if select and select.settings == report.settings:
        raise ConfigError(f"{where}: select and report are the same images ({select.name}, {report.name}).")
    evaluation = evaluation | {"metrics": todays(evaluation["metrics"], f"{where}.metrics")}
    _consistent(where, evaluation)
    scored = [each for each in (report, select) if each]
    idle.classes(f"{where}.metrics", evaluation["metrics"], [(each.name, each.settings) for each in scored])
    decision = _evaluation(name, evaluation, select, config)
    thresholds = _chosen(where, "thresholds", evaluation, config)
    levels = [_threshold(name, given, evaluation) for name, given in thresholds.items()]
    idle.levels(where, evaluation, [level.settings["threshold"]["method"] for level in levels])
    pairs = list(_pairs(where, evaluation, config))
    if not pairs or not levels:
        raise ConfigError(f"{where}: nothing to score: the config names no {'thresholds' if pairs else 'cams'}.")
    for backbone_name, cam in pairs:
        decided = networks.decide(backbone_name, cam, config, datasets, (report, select))
        for level in levels:
            for backbone, training in decided:
                yield Run(decision, report, select, backbone, cam.decision, level, training)


def _consistent(where: str, evaluation: dict) -> None:
    """A ConfigError where an evaluation names what is unknown, or settings that do not go together."""
    for export in evaluation["exports"]:
        known(f"{where}.exports", export, EXPORTS)
        if export in ("npy", "npy_raw") and evaluation["alignment"] != "stretch":
            raise ConfigError(f"{where}.exports: {export} has no place for an alignment; each map covers its image.")
    idle.evaluation(where, evaluation)


def _pairs(where: str, evaluation: dict, config: dict) -> Iterator[tuple[str | None, CamEntry]]:
    """Every pair of a backbone, None for none, and a cam.

    Controls stand alone, and maps from elsewhere have one cam. Every other cam goes with every network, unless it says
    which `backbones` it explains.
    """
    named = _chosen(where, "backbones", evaluation, config)
    elsewhere = [name for name, given in named.items() if IMPORTED in given]
    own = [name for name in named if name not in elsewhere]
    if IMPORTED in config["cams"]:
        raise ConfigError(f"cams.{IMPORTED}: the name belongs to the maps of imported backbones.")
    cams = config["cams"] | ({IMPORTED: {}} if elsewhere else {})
    for name, given in _chosen(where, "cams", evaluation, config | {"cams": cams}).items():
        cam = _cam(name, given, config["backbones"])
        if cam.method == IMPORTED:
            yield from ((backbone, cam) for backbone in elsewhere)
        elif cam.method in CONTROLS:
            yield None, cam
        elif not own and ("cams" in evaluation or not elsewhere):
            raise ConfigError(f"cams.{name}: '{cam.method}' explains a model, and the config names no backbones.")
        else:
            explained = [backbone for backbone in own if backbone in given.get("backbones", own)]
            if "cams" in evaluation and not explained:
                raise ConfigError(f"{where}.cams: '{name}' explains none of this evaluation's networks.")
            yield from ((backbone, cam) for backbone in explained)


def _evaluation(name: str, evaluation: dict, select: Decision | None, config: dict) -> Decision:
    """What the score of a run depends on beside its regions."""
    keys = ("metrics", "protocol", "levels")
    statistics = {key: config[key] for key in ("resamples", "seed")}
    chosen_on = {"select": select.id if select else None}
    settings = {key: evaluation[key] for key in keys} | statistics | chosen_on
    settings |= plugins.used(*(("METRICS", plain(metric)) for metric in evaluation["metrics"]))
    return Decision(name, settings, (SCORES, DRAWS, OUTCOMES, CURVES, STRATA))


def _cam(name: str, given: dict, backbones: dict) -> CamEntry:
    """A cam as decided: its method with the settings of that, how several layers' maps are joined, and refined."""
    where = f"cams.{name}"
    method = given.get("method", name)
    settings: dict[str, Any] = {}
    if method != IMPORTED or ("refine" not in given and name != IMPORTED):
        function = known(where if "method" in given else "cams", method, CAMS | CONTROLS)
        own = {key: value for key, value in given.items() if key not in (*PAIRING, *ASKED)}
        settings = checked(where, function, own)
        _named(f"{where}.backbones", given, backbones)
    if method in CAMS:
        settings["fusion"] = checked(f"{where}.fusion", fuse, conform(f"{where}.fusion", dict, given.get("fusion", {})))
    idle.cam(name, method, given, ASKED, backbones)
    settings |= plugins.used(("CAMS", method), ("CONTROLS", method))
    if "refine" in given:
        refine = refining.settings(f"{where}.refine", given["refine"])
        settings["refine"] = refine | plugins.used(("REFINERS", refine["method"]))
    return CamEntry(method, given, Decision(name, {"method": method, **settings}, (HEATMAPS,)))


def _named(where: str, given: dict, backbones: dict) -> None:
    """A ConfigError where a cam names `backbones` that are no networks, or none at all."""
    if "backbones" in given:
        networks = {name: entry for name, entry in backbones.items() if IMPORTED not in entry}
        chosen = conform(where, list[str], given["backbones"])
        if not chosen:
            raise ConfigError(f"{where}: names none; leave out the cam instead.")
        for backbone in chosen:
            known(where, backbone, networks)


def _threshold(name: str, given: dict, evaluation: dict) -> Decision:
    """A threshold as decided, with how maps are prepared for it: both decide what a region is."""
    method = given.get("method", name)
    function = known(f"thresholds.{name}" if "method" in given else "thresholds", method, THRESHOLDS)
    own = checked(f"thresholds.{name}", function, {k: v for k, v in given.items() if k not in ("method", SPLIT)})
    own |= _split(f"thresholds.{name}.{SPLIT}", given, method, evaluation["protocol"])
    if evaluation["masks"] and method == "sweep":
        raise ConfigError(f"thresholds.{name}: masks need one level a map, a sweep has many; name the others.")
    if "voc_png" in evaluation["exports"] and method not in ("sweep", "fixed"):
        raise ConfigError(
            f"thresholds.{name}: the export voc_png has one background level for all maps, of a sweep or fixed, and "
            f"{method} gives each map its own; name the others in the evaluation's thresholds."
        )
    at_level = [name for name in evaluation["metrics"] if metric(name).pixel_level]
    if at_level and (step := own.get("step")) and step < STEP:
        raise ConfigError(
            f"thresholds.{name}.step: {at_level[0]} counts pixels at steps of {STEP} or more, got {step}."
        )
    prepared = {key: evaluation[key] for key in PREPARED}
    if prepared["upsampling"] == "auto":
        prepared["upsampling"] = PROTOCOLS[prepared["protocol"]].upsampling
    prepared |= plugins.used(("THRESHOLDS", method))
    return Decision(name, {"threshold": {"method": method, **own}, **prepared}, (REGIONS, MEASURES))


def _split(where: str, given: dict, method: str, protocol: str) -> dict:
    """How a threshold's regions are parted; nothing where they stay whole, so that `none` and no word are one."""
    split = splitting(where, given.get(SPLIT, "none"))
    if split is None:
        return {}
    if method == "sweep":
        raise ConfigError(f"{where}: parts the regions of one level a map, a sweep has many; take another method.")
    if said := PROTOCOLS[protocol].refuses.get(SPLIT):
        raise ConfigError(f"{where}: protocol {protocol} {said.format(split['method'])}")
    return {SPLIT: split}


def _chosen(where: str, kind: str, evaluation: dict, config: dict) -> dict:
    """The entries of a section, `kind`, that an evaluation uses, by name: those that it names, or all."""
    names = evaluation.get(kind, list(config[kind]))
    return {name: known(f"{where}.{kind}", name, config[kind]) for name in names}
