# What every stage's rules share: the experiment's settings, and what a stage depends on.
import functools
import os
import re

from wsol.experiment import labelsets, measured
from wsol.experiment import questions as experiments
from wsol.experiment import readings
from wsol.experiment.sharding import Sharding
from wsol.provenance.code import Library
from wsol.files.plan import PLAN

RESULTS = EXPERIMENT.settings["results"]
# What is in the results is known to the process that plans; jobs are told, for meanwhile some of it is made anew.
READ = f"{RESULTS}/inputs/readings.txt"
READINGS = readings.readings(EXPERIMENT, RESULTS) if workflow.is_main_process else readings.noted(EXPERIMENT, READ)
MEASURING = f"{RESULTS}/inputs/measured.txt"
MEASURED = measured.measured(EXPERIMENT, RESULTS) if workflow.is_main_process else measured.noted(MEASURING)
SETTINGS = {key: decision.settings for key, decision in EXPERIMENT.decisions().items()}
SETTINGS |= {reading.id: reading.settings for reading in READINGS.values()}
# Logits from elsewhere, which are what imported backbones predict; by the name of their folder, and a pattern of those.
LOGITS = experiments.logits(EXPERIMENT)
SAID = {answers.id: answers.settings for answers in LOGITS.values()}
SETTINGS |= SAID
ANSWERS = "|".join(map(re.escape, SAID)) or "(?!)"
STAGES = "index plan train predict logits heatmap control imported refine localize score table reproduction export report".split()
THREADS = EXPERIMENT.settings["threads"]
# The cams that refine maps, each with the one that it begins with; and a pattern of their names alone.
REFINED = experiments.refined(EXPERIMENT)
REFINING = "|".join(map(re.escape, REFINED)) or "(?!)"
NOTES = experiments.notes(EXPERIMENT)
SHARDING = Sharding(EXPERIMENT)
# Asked for by `all` itself: a checkpoint's file that is missing is not missed where everything behind it is there.
PLANNED = f"{RESULTS}/plans/{experiments.plan(EXPERIMENT)}/plan.json"


wildcard_constraints:
    dataset=r"[^/]+@[0-9a-f]{8}",
    backbone=r"[^/]+@[0-9a-f]{8}",
    reading=r"[^/]+@[0-9a-f]{8}",
    cam=r"[^/]+@[0-9a-f]{8}",
    threshold=r"[^/]+@[0-9a-f]{8}",
    evaluation=r"[^/]+@[0-9a-f]{8}",
    shard=r"\d+-\d+",


def settings(kind):
    """The settings of the decision that a path's wildcard names."""
    return lambda wildcards: SETTINGS[wildcards[kind]]


def code(stage, *adapters):
    """The notes of a stage's code and of adapters that it calls: one that changed is newer than what it made before."""
    return [f"{RESULTS}/inputs/code/{name}.txt" for name in (stage, *adapters)]


def written():
    """What the notes of code say, by their names: the digest of every file that a stage or an adapter consists of."""
    library = Library(ROOT / "workflow")
    adapters = experiments.adapters(SETTINGS.values())
    places = {name: ROOT / f"workflow/wsol/{name}.py" for name in adapters}
    places |= {stage: ROOT / f"scripts/{stage}.py" for stage in STAGES}
    return {f"code/{name}": library.listing(place) for name, place in places.items()}


def noted(*names):
    """The notes of the user's files that a stage reads, as its inputs: one that changed makes its note newer."""
    return [f"{RESULTS}/inputs/{name}.txt" for name in names if name in NOTES]


@functools.lru_cache(maxsize=1)
def planned(path, changed):
    """The plan as it was `changed` last: it is asked for four times by each data set of a run."""
    return PLAN.read(path)


def sharded(pattern, dataset, backbone, cam):
    """`pattern` for every shard of `dataset` for these maps, known once the experiment is planned."""
    path = checkpoints.plan.get().output[0]
    plan = planned(path, os.stat(path).st_mtime_ns)
    return [pattern.format(shard=shard) for shard in SHARDING.shards(plan, dataset, backbone, cam)]


def network(wildcards):
    """The network that a reading is of, as its notes are named."""
    name = wildcards.reading.split("@")[0]
    return experiments.Decision(name, SETTINGS[wildcards.reading]["network"], ()).id


def weights(wildcards):
    """The files a backbone's weights come from: a training of this run, the user's, or none of either."""
    network = SETTINGS[wildcards.reading]["network"]
    given = network["weights"]
    if isinstance(given, dict):
        return [f"{RESULTS}/weights/{given['train']}/model.weights.h5"]
    return experiments.sources({"weights": given} if given else {"model": network["model"]})


def labels_of(wildcards):
    """The data sets that a training has labels of: those that it learns from first, then the one that judges it."""
    return labelsets.labels_of(SETTINGS[wildcards.backbone])


def model(wildcards):
    """The user's model file or code, where its weights come from elsewhere."""
    network = SETTINGS[wildcards.reading]["network"]
    return experiments.sources({key: network[key] for key in ("model", "torch")}) if network["weights"] else []


def read(kind, dataset, backbone, shard="{shard}"):
    """The file of predictions, or of evidence, that has what is explained of a backbone."""
    reading = READINGS.get((dataset, backbone)) or LOGITS[dataset, backbone]
    return f"{RESULTS}/{dataset}/predict/{reading.id}/{shard}.{kind}.npz"


def program(wildcards):
    """The user's Python file that a model needs."""
    settings = SETTINGS[wildcards.reading]["network"] if "reading" in wildcards.keys() else SETTINGS[wildcards.backbone]
    return experiments.sources({"code": settings["code"]})


def outcome(dataset, wildcards):
    """Every file that the score of a run on `dataset` reads."""
    of = (dataset, wildcards.backbone, wildcards.cam)
    maps = f"{RESULTS}/{'/'.join(of)}"
    predicted = of[:2] in READINGS or of[:2] in LOGITS
    return {
        "targets": f"{RESULTS}/{dataset}/index/targets.parquet",
        "predictions": sharded(read("predictions", *of[:2]), *of) if predicted else [],
        "heatmaps": sharded(f"{maps}/{{shard}}.heatmaps.npz", *of),
        "regions": sharded(f"{maps}/{wildcards.threshold}/{{shard}}.regions.npz", *of),
        "measures": sharded(f"{maps}/{wildcards.threshold}/{{shard}}.measures.npz", *of),
    }


def report_and_select(wildcards):
    """The reported dataset's files and, under `select_…`, those of the dataset that levels are chosen on."""
    select = SETTINGS[wildcards.evaluation]["select"]
    chosen_on = outcome(select, wildcards) if select else {}
    return outcome(wildcards.dataset, wildcards) | {f"select_{key}": files for key, files in chosen_on.items()}


def names_of_run(wildcards):
    """What the user called each decision of a run."""
    return {kind: wildcards[kind].split("@")[0] for kind in ("dataset", "backbone", "cam", "threshold", "evaluation")}


def run_and_seed(wildcards):
    """What the user called each decision of a run, and the seed of its training where its backbone has one."""
    weights = (SETTINGS.get(wildcards.backbone) or {}).get("weights")
    seed = {"seed": SETTINGS[weights["train"]]["train"]["seed"]} if isinstance(weights, dict) else {}
    return names_of_run(wildcards) | seed


def scored(name):
    """A file of every run's score."""
    stages = ("backbone", "cam", "threshold", "evaluation")
    return [f"{RESULTS}/{run.folder(run.report, *stages)}/{name}" for run in EXPERIMENT.runs]
