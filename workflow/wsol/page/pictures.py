"""From the report's inputs to the gallery: which files are of which evaluation and run."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from wsol.files.index import TARGETS
from wsol.index import indexing
from wsol.page.pictured import PicturedRun
from wsol.page.showing import PicturedEvaluation


def pictured(runs: Sequence[Mapping[str, Any]], files: Any, scores: pd.DataFrame) -> list[PicturedEvaluation]:
    """What `gallery` takes: every evaluation of `runs`, which are the rule's, in their order.

    `files` has `targets`, `outcomes` and `levels` (SCORES), a path for each run, and `heatmaps`, those of all runs;
    `scores` is scores.csv.
    """
    found: dict[str, list[tuple[Mapping[str, Any], str, PicturedRun]]] = {}
    for run, targets, outcomes, levels in zip(runs, files.targets, files.outcomes, files.levels, strict=True):
        about = {key: run[key] for key in ("name", "control", "training", "settings", "maps", "explain")}
        heatmaps = [path for path in files.heatmaps if f"/{run['maps']}/" in path]
        own = PicturedRun(**about, outcomes=outcomes, scores=levels, heatmaps=list(dict.fromkeys(heatmaps)))
        found.setdefault(run["evaluation"], []).append((run, targets, own))
    return [_evaluation(name, own, scores[scores["evaluation"] == name]) for name, own in found.items()]


def _evaluation(
    name: str, runs: Sequence[tuple[Mapping[str, Any], str, PicturedRun]], scores: pd.DataFrame
) -> PicturedEvaluation:
    about, targets, _ = runs[0]
    opener = indexing.opener(about["dataset"])
    return PicturedEvaluation(name, about["report"], TARGETS.read(targets), opener, [run for *_, run in runs], scores)
