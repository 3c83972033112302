"""What the report says of how its numbers were made: each run's decisions, their settings, and the command."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from wsol.experiment.decisions import NO_BACKBONE, Decision, Experiment, Run
from wsol.experiment.questions import rows
from wsol.places import as_written
from wsol.settings import parameters
from wsol.training import recipe


def described(experiment: Experiment, configfiles: Iterable[str]) -> dict[str, Any]:
    """A mapping of plain values: the `command`, the `runs`, and every decision's `settings` by its folder's name.

    A run is a mapping of its `evaluation`, its `name` in the tables and its `decisions`: pairs of what a decision is of
    and its folder's name, of a backbone with several trainings one for each.
    """
    settings = {name: as_written(decision.settings) for name, decision in experiment.decisions().items()}
    runs = [_run(trained) for trained in rows(experiment)]
    return {"command": command(configfiles), "runs": runs, "settings": dict(sorted(settings.items()))}


def trainings(experiment: Experiment) -> list[dict[str, Any]]:
    """Each training as a mapping of its `id`, `name`, `seed` and `settings`.

    `on` are the ids of what it is trained on, `unusual` the names of settings that are not their defaults.
    """
    defaults = {name: parameter.default for name, parameter in parameters(recipe.settings).items()}
    found = []
    for training in experiment.trainings.values():
        given = training.settings["train"]
        about = {"id": training.id, "name": training.name, "seed": given["seed"], "on": given["images"]}
        unusual = [name for name, usual in defaults.items() if given.get(name, usual) != usual]
        found.append(about | {"unusual": unusual, "settings": as_written(training.settings)})
    return found


def _run(trained: list[Run]) -> dict[str, Any]:
    first = trained[0]
    parts: dict[str, Decision | None] = {"reported on": first.report, "levels chosen on": first.select}
    parts |= {"cam": first.cam, "threshold": first.threshold, "evaluation": first.evaluation}
    found = [(kind, part.id) for kind, part in parts.items() if part]
    backbones = [("backbone", run.backbone.id) for run in trained if run.backbone]
    name = "/".join([first.backbone.name if first.backbone else NO_BACKBONE, first.cam.name, first.threshold.name])
    return {"evaluation": first.evaluation.name, "name": name, "decisions": backbones + found}


def command(configfiles: Iterable[str]) -> str:
    """What makes these numbers again; of a file elsewhere than below the folder that was run in, its name alone.

    >>> command(["config.yaml"]), command(["workflow/experiments/coco.yaml"])
    ('make run', 'make run CONFIG=workflow/experiments/coco.yaml')
    """
    said = [_said(file) for file in configfiles]
    return "make run" if said in ([], ["config.yaml"]) else f"make run CONFIG={' '.join(said)}"


def _said(file: str) -> str:
    below = os.path.relpath(file)
    return Path(file).name if below.startswith("..") else below
