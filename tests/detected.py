"""Detections of targets that have no maps: boxes as likely right as wrong, and more of them at a lower level."""

import numpy as np

from wsol.scores.detections import MatchedBoxes, arrange


def at_random(targets, seed=0):
    """What an Outcome's `find_detections` is: of targets with boxes, whose names and labels may be left out."""
    truths = np.array([len(flat) // 4 for flat in targets["boxes"]])
    labels = targets.get("label", np.zeros(len(targets), int))
    names = targets.get("image", [f"{i:04}" for i in range(len(targets))])

    def find(levels, ious):
        return [arrange(_collected(level, len(ious)), np.asarray(labels), names, truths, ious) for level in levels]

    def _collected(level, count):
        random = np.random.default_rng([seed, 1000 if level is None else int(1000 * level)])
        found = MatchedBoxes()
        for truth in truths:
            boxes = min(truth, 1) * int(1 + 3 * (1 - (level or 0)))
            hits = np.zeros((count, boxes), bool)
            for row in hits:  # a true box is taken once
                row[random.permutation(boxes)[: random.integers(0, truth + 1)]] = True
            found.add(np.sort(random.random(boxes))[::-1], hits)
        return found

    return find
