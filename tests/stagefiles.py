"""A run's stage files from maps that a test makes, and the outcome that is read from them."""

import cv2
import numpy as np
import pandas as pd

from wsol import boxes
from wsol.affine import Affine
from wsol.files import rle
from wsol.files.heatmap import HEATMAPS
from wsol.files.index import TARGETS
from wsol.files.localize import REGIONS
from wsol.files.measures import MEASURES
from wsol.files.npz import pack
from wsol.files.predict import PREDICTIONS
from wsol.regions.localize import localize
from wsol.scores.load import load_run
from wsol.scores.measuring import Measuring
from wsol.scores.outcome import DELTAS
from wsol.scores.probabilities import Probabilities

SIZE = (48, 64)  # height, width of the network's input


def settings(protocol="exact", canvas="input", masks=False, alignment="stretch", **threshold):
    kinds = {"upsampling": "linear", "normalization": "minmax", "canvas": canvas, "masks": masks}
    kinds["alignment"] = alignment
    return {"threshold": threshold or {"method": "sweep"}, "protocol": protocol, **kinds}


def run(
    folder,
    maps,
    truths,
    sizes,
    settings,
    *,
    shard=4,
    status=None,
    name="",
    masks=None,
    cell_to_input=None,
    explain="labelled",
    activation="",
    images=None,
    labels=None,
    ignores=None,
    measured=(),
):
    """Stage files of maps stretched over images of (height, width) -> the outcome and its stages.

    Each target is of an image of its own unless `images` are named; `shard` counts targets. What is not `measured`
    has the maps drawn again.
    """
    n = len(maps)
    images = [f"{name}{i}" for i in range(n)] if images is None else [f"{name}{image}" for image in images]
    labels = np.arange(n) % 2 if labels is None else np.array(labels)
    masks = [""] * n if masks is None else masks
    table = {
        "image": images, "label": labels, "class_name": [f"class {i}" for i in labels], "width": [s[1] for s in sizes],
        "height": [s[0] for s in sizes], "boxes": [np.ravel(t).astype(float) for t in truths], "mask": masks,
        "ignore": [""] * n if ignores is None else ignores, "group": images, "outputs": [[i % 3] for i in range(n)],
        "status": ["ok" if len(t) or m else "no_ground_truth" for t, m in zip(truths, masks, strict=True)],
    }  # fmt: skip
    folder.mkdir(exist_ok=True)
    kinds = ("predictions", "heatmaps", "regions", "measures")
    files = {"targets": folder / "targets.parquet"} | {kind: [] for kind in kinds}
    table = pd.DataFrame(table)
    TARGETS.write(files["targets"], table)
    input_to_image = np.array([[w / SIZE[1], h / SIZE[0], 0, 0] for h, w in sizes], float)
    status = np.array(status or ["ok"] * n)
    for first in range(0, n, shard):
        rows, size = slice(first, first + shard), np.array(SIZE)
        paths = {kind: folder / f"{first}.{kind}.npz" for kind in kinds}
        own = {id(m): np.asarray(m, np.float32) for m in maps[rows]}  # what is one object stays one
        packed = pack([own[id(m)] for m in maps[rows]])
        cells = Affine.stretch(maps[0].shape, SIZE).array() if cell_to_input is None else cell_to_input
        how = {
            "status": status[rows],
            "input_to_image": input_to_image[rows],
            "input_size": size,
            "cell_to_input": cells,
        }
        HEATMAPS.write(paths["heatmaps"], **packed, **how, settings={"explain": explain})
        measuring = Measuring(table.iloc[rows], status[rows], settings, measured)
        found = localize(maps[rows], sizes=np.array(sizes[rows]), see=measuring.see, **how, **settings)
        REGIONS.write(paths["regions"], **found)
        MEASURES.write(paths["measures"], **measuring.arrays(packed | how))
        own = list(dict.fromkeys(images[rows]))
        logits = np.tile(np.float32([2, 1, 0]), (len(own), 1))
        of_images = input_to_image[rows][[images[rows].index(image) for image in own]]
        others = {"readable": np.ones(len(own), bool), "input_to_image": of_images, "input_size": size}
        ends = {"activation": activation}
        others["names"] = np.empty(0, np.str_)
        PREDICTIONS.write(paths["predictions"], image=np.array(own), logits=logits, **others, settings=ends)
        for kind in kinds:
            files[kind].append(paths[kind])
    return load_run(files, settings)


def perfect(tmp_path, settings, name=""):
    """Maps that are the truth's mask, one to three boxes apart an image, all of the class that the logits prefer."""
    random = np.random.default_rng(0)
    boxes_of = [[[2, y, 22, y + 25], [30, y, 48, y + 9], [52, y, 61, y + 14]] for y in random.integers(2, 20, 9)]
    truths = [three[: 1 + i % 3] for i, three in enumerate(boxes_of)]
    maps = [np.zeros(SIZE, np.float32) for _ in truths]
    for map, truth in zip(maps, truths, strict=True):
        for x0, y0, x1, y1 in truth:
            map[y0:y1, x0:x1] = 1
    masks = [rle.encode(map > 0) for map in maps]
    found, stages = run(tmp_path, maps, truths, [SIZE] * 9, settings, masks=masks, name=name)
    found.rank[:] = 0
    found.find_probabilities = lambda: certain(found.targets)
    return found, stages


def certain(targets):
    """A network that gives each image's classes probability 1."""
    present = targets["label"].to_numpy()[:, None] == targets["label"].unique()
    n = np.ones(len(targets))
    return Probabilities(np.arange(len(targets)), present, present.astype(float), n, n > 0, n > 0)


def noisy(random, n):
    return [cv2.resize(random.random((6, 8), np.float32), SIZE[::-1])[::6, ::8].copy() for _ in range(n)]


def box_of(random, height, width):
    x, y = np.sort(random.integers(0, width, 2)), np.sort(random.integers(0, height, 2))
    return [x[0], y[0], x[1] + 1, y[1] + 1]


def naive_v1(maps, truths, sizes, grid, deltas=DELTAS):
    """Hits [delta level target] of the largest region, by OpenCV's labelling of the upsampled map."""
    hit = np.zeros((len(deltas), len(grid), len(maps)), bool)
    for t, (map, truth, (height, width)) in enumerate(zip(maps, truths, sizes, strict=True)):
        full = cv2.resize(map, SIZE[::-1], interpolation=cv2.INTER_LINEAR)
        full = (full - full.min()) / np.ptp(full)
        for place, level in enumerate(grid):
            _, _, stats, _ = cv2.connectedComponentsWithStats((full >= level).astype(np.uint8))
            x, y, w, h, _ = stats[1 + np.argmax(stats[1:, cv2.CC_STAT_AREA])]
            box = Affine.stretch(SIZE, (height, width)).boxes([x, y, x + w, y + h])
            hit[:, place, t] = boxes.iou(box, truth).max() >= np.array(deltas)
    return hit
