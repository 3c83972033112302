"""How many images a shard of a run has: what the config says, or what follows from the plan where it says `auto`.

The plan's file holds all that enters, so a rerun cuts no shard anew, on whatever machine. Networks, imported backbones
and controls have shards each of their own, so that one more of them leaves the others' files where they are.
"""

from collections.abc import Iterable, Mapping
from math import prod
from typing import Any

import pandas as pd

from wsol.experiment.decisions import Experiment
from wsol.experiment.questions import predicts, rows
from wsol.index import splits
from wsol.maps import imported

AUTO = "auto"
FLOAT32 = 4


def weighed(pairs: Iterable[Mapping[str, str]], targets: Mapping[str, pd.DataFrame]) -> dict[str, dict[str, int]]:
    """Data set -> imported backbone -> bytes of the map of its first target, which tells of all; few for none."""
    found: dict[str, dict[str, int]] = {dataset: {} for dataset in targets}
    for pair in pairs:
        maps = imported.load(pair["maps"], targets[pair["dataset"]].head(1)).maps
        found[pair["dataset"]][pair["backbone"]] = int(sum(each.nbytes for each in maps))
    return found


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
            return splits.shard_size(*counts, shown=prod(plan["networks"][self.planned[backbone]]["input"]))
        first = plan["maps"][dataset].get(backbone, 0)
        return splits.shard_size(*counts, map_bytes=max(first, _of_map(self.settings[cam])))


def _of_map(cam: Mapping[str, Any]) -> int:
    """Bytes that a target's map of a cam has; 0 where all targets share one, and of an imported one, as it came."""
    if "refine" in cam:
        return FLOAT32 * cam["refine"]["side"] ** 2
    return FLOAT32 * cam["size"] ** 2 if cam["method"] == "random" else 0
