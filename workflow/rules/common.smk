# What every stage's rules share: the experiment's settings, and what a stage depends on.
import os

from wsol.experiment import decisions as experiments
from wsol.provenance.code import library
from wsol.files.plan import PLAN
from wsol.index.shards import shards

RESULTS = EXPERIMENT.settings["results"]
SETTINGS = {key: decision.settings for key, decision in EXPERIMENT.decisions().items()}
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


def code(stage):
    """The library modules that a stage's script uses: editing one of them reruns the stage."""
    return [relative(path) for path in library(ROOT / "scripts" / f"{stage}.py", ROOT / "workflow")]


def relative(path):
    """As seen from where Snakemake runs, so that a checkout that moves is still the same inputs."""
    return os.path.relpath(path)


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
