"""How many images a shard of a run has: what the config says, or what follows from the plan where it says `auto`.

The plan's file holds all that enters, so a rerun cuts no shard anew, on whatever machine. Networks, imported backbones
and controls have shards each of their own, so that one more of them leaves the others' files where they are.
"""

from collections.abc import Mapping
from math import ceil, prod
from typing import Any

from wsol.experiment.decisions import Experiment
from wsol.experiment.questions import predicts, rows
from wsol.index import splits
from wsol.maps import imported

AUTO = "auto"
FLOAT32 = 4
SHARED = ("center", "center_box", "full")  # controls whose targets share one map
MOST = 10_000  # images: a longer job would be a loss where it is killed
LEAST = 1_000  # images: a shorter one is mostly its start
SIDE_BY_SIDE = 4  # shards of one data set, where there are images enough for that: so many jobs can be at work
SHOWN = 2_000 * 224 * 224  # pixels shown to a network in one job, whose evidence takes 1 to 2 GB of disk
HOLDS = 400e6  # bytes that a job may hold of its targets, beside what it holds of none (benchmarks/jobs.py)
OF_A_TARGET = 64_000  # bytes that `localize` holds, map apart, of 14x14 maps at every level (benchmarks/jobs.py)
COPIES = 4  # of a map: as it was read, as it is packed, as it is drawn


class Sharding:
    """The shards of every run of an experiment."""

    def __init__(self, experiment: Experiment):
        self.given = experiment.settings["shard_size"]
        self.settings = {id: decision.settings for id, decision in experiment.decisions().items()}
        # Of several trainings of a network the plan has looked at the first.
        self.planned = {
            run.backbone.id: first.backbone.id
            for first, *more in rows(experiment)
            for run in (first, *more)
            if run.backbone and first.backbone
        }

    def shards(self, plan: Mapping[str, Any], dataset: str, backbone: str, cam: str) -> list[str]:
        """The names of the shards of a data set for a backbone's, or a control's, maps, all named by their ids."""
        return splits.shards(plan["images"][dataset], self.size(plan, dataset, backbone, cam))

    def size(self, plan: Mapping[str, Any], dataset: str, backbone: str, cam: str) -> int:
        """How many images a shard has."""
        if self.given != AUTO:
            return self.given
        counts = plan["images"][dataset], plan["targets"][dataset]
        if predicts(self.settings.get(backbone)):  # one size for all its cams, which share what was read off it
            return shard_size(*counts, shown=prod(plan["networks"][self.planned[backbone]]["input"]))
        given = plan["maps"][dataset].get(backbone, 0)
        return shard_size(*counts, map_bytes=max(given, _of_map(self.settings[cam])))


def _of_map(cam: Mapping[str, Any]) -> int:
    """Bytes that a target's map of a cam has; 0 where all targets share one, and of an imported one, as it came.

    A plugin's control may have a map for each target: of its `size`, or else of 224 pixels.
    """
    if "refine" in cam:
        return FLOAT32 * cam["refine"]["side"] ** 2
    own = cam["method"] not in (*SHARED, imported.CAM)
    return FLOAT32 * cam.get("size", 224) ** 2 if own else 0


def shard_size(images: int, targets: int, *, shown: int = 0, map_bytes: int = 0) -> int:
    """How many images a shard has, where the experiment says `auto`; nothing of the machine enters.

    Jobs of a network are few, for each starts it anew: they end where its evidence would fill the disk. All others
    are as long as memory allows, and several side by side.

    `shown`: pixels of the input of the network that sees the images, 0 for none. `map_bytes`: of one target's map.

    >>> shard_size(50_000, 50_000, shown=224 * 224), shard_size(50_000, 50_000, shown=448 * 448)
    (2000, 500)
    >>> shard_size(50_000, 50_000), shard_size(3_000, 3_000), shard_size(300, 300)
    (6250, 1000, 300)
    """
    held = max(targets / max(images, 1), 1) * (OF_A_TARGET + COPIES * map_bytes)
    most = max(min(MOST, int(HOLDS / held)), 1)
    if shown:
        return max(min(most, SHOWN // shown), 1)
    count = max(ceil(images / most), min(SIDE_BY_SIDE, images // LEAST), 1)
    return max(ceil(images / count), 1)
