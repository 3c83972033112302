"""What an experiment is once it is checked: decisions, and the runs that they make up.

Every decision (a dataset, a backbone, a cam, a threshold, an evaluation) is `name@digest`, the digest covering all its
settings with defaults filled in. That string is the decision's folder, so two settings never share a file.
"""

from typing import NamedTuple

from wsol.files.formats import Format, digest
from wsol.maps import imported
from wsol.maps.controls import NO_BACKBONE

IMPORTED = imported.CAM
# Backbone settings that a cam may set for itself: what of the network it explains.
OF_NETWORK = ("layer", "score", "explain", "evidence")


class Decision(NamedTuple):
    """A named choice with all its settings, and the formats that its folder's files are in.

    Where it uses a plugin the settings hold the digest of the plugin's code too (`plugins.used`).
    """

    name: str
    settings: dict
    formats: tuple[Format, ...]

    @property
    def id(self) -> str:
        """The folder's name."""
        return f"{self.name}@{digest([self.settings, [(f.name, f.version) for f in self.formats]])}"


def plain(cam: Decision) -> Decision:
    """The cam whose maps a refined one begins with, named by its method; any other cam as it is."""
    if "refine" not in cam.settings:
        return cam
    settings = {key: value for key, value in cam.settings.items() if key != "refine"}
    return Decision(settings["method"], settings, cam.formats)


class Run(NamedTuple):
    """What is scored on which dataset, and how; with one training of its backbone, where that has several."""

    evaluation: Decision
    report: Decision
    select: Decision | None
    backbone: Decision | None  # None for controls
    cam: Decision
    threshold: Decision
    training: Decision | None = None  # of the backbone, where it is trained in this experiment

    @property
    def names(self) -> tuple[str | None, ...]:
        """What the user calls it: one row of the tables, of which each training of its backbone is a run."""
        parts = (self.evaluation, self.backbone, self.cam, self.threshold)
        return tuple(part.name if part else None for part in parts)

    def folder(self, dataset: Decision, *stages: str) -> str:
        """`dataset/backbone/cam/threshold/evaluation`, of which `dataset` and the `stages` named, in their order."""
        parts = {"dataset": dataset.id, "backbone": self.backbone.id if self.backbone else NO_BACKBONE}
        parts |= {stage: getattr(self, stage).id for stage in ("cam", "threshold", "evaluation")}
        return "/".join(parts[stage] for stage in ("dataset", *stages))


class Experiment(NamedTuple):
    """A checked config: its plain settings, and its runs; those of one row of the tables stand together."""

    settings: dict
    runs: list[Run]

    @property
    def trainings(self) -> dict[str, Decision]:
        """By id, those that the runs need; the settings are those of a backbone that training depends on."""
        return {run.training.id: run.training for run in self.runs if run.training}

    def decisions(self) -> dict[str, Decision]:
        """Every decision by its folder's name."""
        found = [part for run in self.runs for part in run if isinstance(part, Decision)]
        found += [plain(run.cam) for run in self.runs]
        for training in self.trainings.values():
            own = training.settings["train"]
            found += map(self.dataset, [*own["dataset"], *([own["validation"]] if own["validation"] else [])])
        return {decision.id: decision for decision in found}

    def dataset(self, name: str) -> Decision:
        """The data set of this name in the config."""
        return self.settings["datasets"][name]
