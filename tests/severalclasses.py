"""Images of several classes each, their masks and their maps, as a run's stage files: what seeds are made of."""

import cv2
import numpy as np
import pandas as pd

from stagefiles import run, settings
from wsol.affine import IDENTITY
from wsol.files import rle
from wsol.regions.drawing import PreparedMap
from wsol.scores.seedmaps import LEVELS, count, joined, rows_of
from wsol.scores.seeds import Seeds


def table(rows):
    """Targets of (image, label, mask or None, ignored or None, size)."""
    known = [
        {
            "image": image,
            "label": label,
            "class_name": f"class {label}",
            "mask": "" if mask is None else rle.encode(mask),
            "ignore": "" if ignored is None else rle.encode(ignored),
            "height": size[0],
            "width": size[1],
            "group": image,
        }
        for image, label, mask, ignored, size in rows
    ]
    return pd.DataFrame(known)


def drawn(values):
    return PreparedMap(np.float32(values), IDENTITY)


def at_random(random, counted):
    """Seeds of noise: targets [n] that are an image each, class 0 and 1 in turn, of which some are `counted`."""
    n = len(counted)
    seen, true = random.random((n, 1, 1, 50), np.float32), random.integers(0, 2, (n, 1, 50), np.int16)
    rows = [rows_of(i, [i % 2], count(seen[i], true[i], LEVELS)) for i in np.flatnonzero(counted)]
    return Seeds(joined(rows, len(LEVELS)), counted)


def split(folder, seed, *, images=6, masked=True, shard=4, **threshold):
    """Images of two or three of four classes; maps of its mask and noise; in shards."""
    random = np.random.default_rng(seed)
    rows = []
    for image in range(images):
        size = tuple(random.integers(40, 70, 2).tolist())
        truth = cv2.resize(random.integers(0, 5, (4, 4)).astype(np.uint8), size[::-1], interpolation=cv2.INTER_NEAREST)
        void = random.random(size) < 0.05
        for label in [i for i in range(4) if (truth == i + 1).any()]:
            mask = (truth == label + 1) & ~void
            seen = cv2.resize(mask.astype(np.float32), (8, 6), interpolation=cv2.INTER_AREA)
            rows.append((f"d/{image}.jpg", label, seen + random.random((6, 8), np.float32), size, mask, void))
    images, labels, maps, sizes, masks, voids = zip(*rows, strict=True)
    given = {"masks": [rle.encode(m) for m in masks], "ignores": [rle.encode(v) for v in voids]} if masked else {}
    status = ["ok"] * len(maps)
    status[1] = "unreadable"
    given.update(images=images, labels=labels, name=f"{seed}/", status=status, shard=shard)
    return run(folder, maps, [[[0, 0, 9, 9]]] * len(maps), sizes, settings(**threshold), **given)
