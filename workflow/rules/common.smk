# What every stage's rules share: the experiment's settings, and what a stage depends on.
import os

from wsol.experiment import questions as experiments
from wsol.provenance.code import Library
from wsol.files.plan import PLAN
from wsol.index.shards import shards

RESULTS = EXPERIMENT.settings["results"]
SETTINGS = {key: decision.settings for key, decision in EXPERIMENT.decisions().items()}
STAGES = "index plan train predict heatmap control imported localize score table export report".split()
THREADS = EXPERIMENT.settings["threads"]
NOTES = experiments.notes(EXPERIMENT)
# Asked for by `all` itself: a checkpoint's file that is missing is not missed where everything behind it is there.
PLANNED = f"{RESULTS}/plans/{experiments.plan(EXPERIMENT)}/plan.json"


wildcard_constraints:
    dataset=r"[^/]+@[0-9a-f]{8}",
    backbone=r"[^/]+@[0-9a-f]{8}",
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


def shards_of(dataset):
    """The names of a dataset's shards, known once the experiment is planned."""
    images = PLAN.read(checkpoints.plan.get().output[0])["images"]
    return shards(images[dataset], EXPERIMENT.settings["shard_size"])


def sharded(pattern, dataset):
    """`pattern` for every shard of `dataset`."""
    return [pattern.format(shard=shard) for shard in shards_of(dataset)]
