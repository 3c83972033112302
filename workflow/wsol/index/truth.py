"""What makes a box a truth that can be scored."""

import numpy as np

from wsol.boxes import asboxes, clip

SLACK = 1.0  # pixels that a box may overshoot without a word: rounding and inclusive corners scaled to floats


def sound(flat: list[float], width: int, height: int) -> tuple[list[float], list[tuple[str, str]]]:
    """Boxes cut to the image (where its size is known), without those that are empty; and what was done, in words."""
    if not flat:
        return [], []
    boxes = asboxes(flat)
    with np.errstate(invalid="ignore"):
        cut = clip(boxes, width, height) if width and height else boxes
        keep = np.isfinite(boxes).all(axis=1) & (cut[:, 2] > cut[:, 0]) & (cut[:, 3] > cut[:, 1])
        moved = keep & (np.abs(cut - boxes) > SLACK).any(axis=1)
    complaints = [("bad_box", f"{_words(box)} is not finite, empty or outside; dropped") for box in boxes[~keep]]
    complaints += [("clipped", f"{_words(box)} reaches over {width}x{height}") for box in boxes[moved]]
    return cut[keep].ravel().tolist(), complaints


def _words(box: np.ndarray) -> str:
    return "[" + " ".join(f"{value:g}" for value in box) + ")"
