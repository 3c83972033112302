"""Which targets the report shows, and each run's picture of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
import pandas as pd

from wsol.affine import Affine
from wsol.boxes import asboxes, iou
from wsol.errors import DataError
from wsol.files.heatmap import HEATMAPS
from wsol.files.npz import unpack
from wsol.report.pictures import data_uri, overlay, warp

COLUMNS = 4  # runs side by side


class PicturedRun(NamedTuple):
    """A run over the reported dataset: its name, its targets' outcomes, the files of its maps and how they lie."""

    name: str
    outcomes: pd.DataFrame
    heatmaps: Sequence[str]
    alignment: str


def gallery(
    targets: pd.DataFrame, open_image: Callable, runs: Sequence[PicturedRun], count: int
) -> list[dict[str, Any]]:
    """`count` targets spread evenly over the dataset, each as every run saw it; unreadable ones are left out."""
    chosen = np.unique(np.linspace(0, len(targets) - 1, min(count, len(targets))).round().astype(int))
    maps = [_maps(run, chosen) for run in runs]
    shown = []
    for place, row in enumerate(chosen.tolist()):
        target = targets.iloc[row]
        try:
            image = open_image(target["image"])
        except DataError:
            continue
        pictures = [_picture(run, target, image, row, own[place]) for run, own in zip(runs, maps, strict=True)]
        shown.append({"image": target["image"], "class_name": target["class_name"], "pictures": pictures})
    return shown


def _maps(run: PicturedRun, chosen: np.ndarray) -> list[tuple]:
    """(map, cell_to_image) of the chosen targets; a shard is read only where it holds one."""
    found: list[tuple] = []
    first = 0
    for path in run.heatmaps:
        lazy = HEATMAPS.map(path)
        here = chosen[(chosen >= first) & (chosen < first + len(lazy["index"]))] - first
        heatmaps = unpack(lazy) if len(here) else []
        for i in here:
            cell_to_input = _cell_to_input(run, lazy, heatmaps[i])
            found.append((np.array(heatmaps[i]), Affine.of(lazy["input_to_image"][i]) @ cell_to_input))
        first += len(lazy["index"])
    return found


def _cell_to_input(run: PicturedRun, lazy: Mapping[str, np.ndarray], heatmap: np.ndarray) -> Affine:
    if run.alignment == "receptive_field" and np.isfinite(lazy["cell_to_input"]).all():
        return Affine.of(lazy["cell_to_input"])
    return Affine.stretch(heatmap.shape, lazy["input_size"])


def _picture(run: PicturedRun, target: pd.Series, image: np.ndarray, row: int, seen: tuple) -> dict[str, Any]:
    heatmap, cell_to_image = seen
    # Boxes count in the annotation's pixels, which the stored file need not have.
    height, width = int(target["height"]) or image.shape[0], int(target["width"]) or image.shape[1]
    truth, outcome = asboxes(target["boxes"]), run.outcomes.iloc[row]
    predicted = asboxes(outcome["box"])
    heat = warp(heatmap, cell_to_image, height, width)
    best = float(iou(predicted, truth).max()) if len(truth) and len(predicted) else None
    drawn = overlay(_sized(image, height, width), heat, truth, predicted)
    return {"uri": data_uri(drawn), "run": run.name, "iou": best, "status": outcome["status"]}


def _sized(image: np.ndarray, height: int, width: int) -> np.ndarray:
    return image if image.shape[:2] == (height, width) else cv2.resize(image, (width, height))
