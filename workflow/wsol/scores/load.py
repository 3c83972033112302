"""A run's stage files as the Outcome that metrics see, and at the level that its table shows first."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from wsol.files.containers import header
from wsol.files.heatmap import HEATMAPS
from wsol.files.index import TARGETS
from wsol.files.localize import REGIONS
from wsol.files.measures import MEASURES
from wsol.files.predict import PREDICTIONS
from wsol.scores.detecting import detect
from wsol.scores.outcome import Outcome, Unavailable
from wsol.scores.probabilities import Probabilities, probabilities
from wsol.scores.ranks import ranks_of
from wsol.scores.stages import Stages
from wsol.scores.views import View

SCORED_FROM = ("targets", "predictions", "heatmaps", "regions", "measures")  # what a run is scored from


def load_run(files: Mapping[str, Any], settings: Mapping[str, Any]) -> tuple[Outcome, Stages]:
    """`files`: targets, and of each shard predictions, heatmaps, regions and measures.

    `settings` are those of the regions. Without measures maps are drawn for what asks for them.
    """
    stages = Stages(
        TARGETS.read(files["targets"]),
        [partial(REGIONS.read, path) for path in files["regions"]],
        [partial(HEATMAPS.read, path) for path in files["heatmaps"]],
        settings,
        [partial(MEASURES.map, path) for path in files.get("measures") or ()],
    )
    predictions = list(files["predictions"])
    return Outcome(
        stages.targets,
        stages.status,
        rank=ranks_of(stages.targets, map(PREDICTIONS.read, predictions)) if predictions else None,
        find_hit_intervals=stages.find_hit_intervals,
        find_overlaps=stages.find_overlaps,
        find_masks=stages.find_masks,
        find_pixels=stages.find_pixels if stages.heatmaps else None,
        find_pointing=stages.find_pointing if stages.heatmaps else None,
        find_probabilities=partial(find_probabilities, stages.targets, predictions) if predictions else None,
        find_detections=partial(detect, stages, predictions) if stages.heatmaps else None,
        find_seeds=stages.find_seeds if stages.heatmaps else None,
        explain=class_of_maps(files["heatmaps"]),
        boxed=stages.protocol.boxed,
        swept_levels=stages.levels,
    ), stages


def find_probabilities(targets: pd.DataFrame, predictions: Sequence[str | Path]) -> Probabilities:
    """What a run's prediction files say; Unavailable where the model does not say what makes probabilities of them."""
    said = [PREDICTIONS.peek(path)["settings"].get("activation") for path in predictions]
    if not all(said):
        raise Unavailable("what makes probabilities of the model's outputs (its activation)")
    shards = ((arrays["image"], arrays["logits"], arrays["names"]) for arrays in map(PREDICTIONS.read, predictions))
    return probabilities(targets, shards, said[0])


def class_of_maps(heatmaps: Sequence[str | Path]) -> str:
    """Of which class a run's maps are: the labelled, or the predicted; of maps without a network, the labelled."""
    settings = header(Path(heatmaps[0])).get("settings") if heatmaps else None
    return (settings or {}).get("explain", "labelled")


def viewed(files: Any, settings: Mapping[str, Any], levels: str = "one") -> tuple[View, Stages]:
    """A run at the level that its table shows first: each map's own, else the select split's best, else the oracle's.

    `files` are a stage's: those of the reported dataset by kind, and under `select_…` those levels are chosen on.
    `levels`: one for all targets, or `per_class`.
    """
    report, stages = load_run({kind: files.get(kind) for kind in SCORED_FROM}, settings)
    chosen_on = {kind: files.get(f"select_{kind}") for kind in SCORED_FROM}
    select = load_run(chosen_on, settings)[0] if chosen_on["targets"] else None
    single = settings["threshold"]["method"] != "sweep"
    level_from = "fixed" if single else "selected" if select else "oracle"
    return View(report, level_from, select, per_class=levels == "per_class"), stages
