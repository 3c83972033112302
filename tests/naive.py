"""The oracle: evaluators written the slow way, one threshold at a time, from their description."""

import cv2
import numpy as np


def published_boxes(prepared, thresholds, every):
    """The published evaluator's boxes of a uint8 map, one [b 4] a threshold: of `every` contour or the largest."""
    height, width = prepared.shape
    found = []
    for threshold in thresholds:
        limit = int(threshold * np.max(prepared))
        _, mask = cv2.threshold(prepared, limit, 255, cv2.THRESH_BINARY)
        contours = cv2.findContours(mask, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)[0]
        if len(contours) == 0:
            found.append(np.array([[0, 0, 0, 0]]))
            continue
        contours = contours if every else [max(contours, key=cv2.contourArea)]
        rectangles = [cv2.boundingRect(c) for c in contours]
        found.append(np.array([[x, y, min(x + w, width - 1), min(y + h, height - 1)] for x, y, w, h in rectangles]))
    return found


def published_iou(a, b):
    """[n 4], [m 4] inclusive corners -> [n m]."""
    a, b = np.asarray(a)[:, None], np.asarray(b)[None]
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]) + 1
    shared = np.prod(np.maximum(sides, 0), axis=-1)
    union = np.prod(a[..., 2:] - a[..., :2] + 1, axis=-1) + np.prod(b[..., 2:] - b[..., :2] + 1, axis=-1) - shared
    return np.where(union > 0, shared / np.where(union > 0, union, 1), 0)


def published_hits(prepared, thresholds, truth, deltas, every):
    """Whether the best box of each threshold reaches each IoU: bool [thresholds, deltas]."""
    boxes = published_boxes(prepared, thresholds, every)
    starts = np.concatenate([[0], np.cumsum([len(b) for b in boxes])[:-1]])
    best = np.maximum.reduceat(published_iou(np.concatenate(boxes), truth).max(axis=1), starts)
    return best[:, None] >= np.asarray(deltas)[None]


def exact_boxes(prepared, levels, every):
    """Boxes [b 4], half-open, of the 8-connected regions `value >= level`, or of the one of most pixels."""
    return [_components(prepared >= level, every) for level in levels]


def _components(mask, every):
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    boxes = [[x, y, x + w, y + h] for x, y, w, h, _ in stats[1:]]
    if not every and count > 1:
        flat = labels.ravel()
        areas = [-stats[i, cv2.CC_STAT_AREA] for i in range(1, count)]
        firsts = [int(np.argmax(flat == i)) for i in range(1, count)]
        boxes = [boxes[min(range(count - 1), key=lambda i: (areas[i], firsts[i]))]]
    return np.array(boxes, int).reshape(-1, 4)


def published_map(heatmap, side=224, interpolation=cv2.INTER_CUBIC):
    """The published evaluator's uint8 map."""
    return (published_scoremap(heatmap, side, interpolation) * 255).astype(np.uint8)


def published_scoremap(heatmap, side=224, interpolation=cv2.INTER_CUBIC):
    """Its float64 map before that; a constant map stays one, whatever rounding makes of it."""
    if heatmap.min() == heatmap.max():
        return np.zeros((side, side))
    resized = cv2.resize(heatmap.astype(np.float64), (side, side), interpolation=interpolation)
    if np.isnan(resized).any() or resized.min() == resized.max():
        return np.zeros_like(resized)
    resized -= resized.min()
    resized /= resized.max()
    return resized


def published_pxap(scoremaps, masks, ignores):
    """The published mask evaluator, image by image: 224 px, ignored where not object, histograms over its edges."""
    edges = np.append(np.arange(0, 1, 0.001), [1.0, 2.0, 3.0])
    true, false = np.zeros((2, len(edges) - 1))
    for values, *truths in zip(scoremaps, masks, ignores, strict=True):
        mask, ignore = (
            cv2.resize(np.float32(255 * m), (224, 224), interpolation=cv2.INTER_NEAREST) > 0.5 for m in truths
        )
        true += np.histogram(values[mask], edges)[0]
        false += np.histogram(values[~(mask | ignore)], edges)[0]
    hit, wrong = true[::-1].cumsum(), false[::-1].cumsum()
    with np.errstate(invalid="ignore"):
        precision, recall = hit / (hit + wrong), hit / true.sum()
    return (precision[1:] * np.diff(recall))[(hit + wrong)[1:] != 0].sum()


def published_truth(inclusive, size, side=224):
    """Inclusive corners of an image of `size` (height, width), scaled and truncated."""
    height, width = map(float, size)
    return np.array(
        [
            [int(x0 * side / width), int(y0 * side / height), int(x1 * side / width), int(y1 * side / height)]
            for x0, y0, x1, y1 in inclusive
        ]
    )


def best_iou(regions, truth, truth_offsets, level=0.0):
    """The best IoU of each target's regions at one level, half-open boxes in the image, row after row."""
    found = []
    for target, number in enumerate(regions["index"]):
        sx, sy, tx, ty = regions["canvas_to_image"][target]
        best = 0.0
        for row in range(regions["offsets"][number], regions["offsets"][number + 1]):
            if regions["largest"][row] or not regions["level_low"][row] < level <= regions["level_high"][row]:
                continue
            x0, y0, x1, y1 = regions["boxes"][row] * [sx, sy, sx, sy] + [tx, ty, tx, ty]
            for a, b, c, d in truth[truth_offsets[target] : truth_offsets[target + 1]]:
                shared = max(min(x1, c) - max(x0, a), 0) * max(min(y1, d) - max(y0, b), 0)
                best = max(best, shared / ((x1 - x0) * (y1 - y0) + (c - a) * (d - b) - shared))
        found.append(best)
    return found


def region_count(regions, level=0.0):
    """How many regions each target has at one level."""
    found = []
    for number in regions["index"]:
        rows = slice(regions["offsets"][number], regions["offsets"][number + 1])
        holds = (regions["level_low"][rows] < level) & (level <= regions["level_high"][rows])
        found.append(int((holds & ~regions["largest"][rows]).sum()))
    return found


def random_mask(random: np.random.Generator, cells: int, shown: float, size: tuple[int, int]) -> np.ndarray:
    """RISE's next mask: a grid with a cell to spare on each axis, enlarged, and cut out at a shift. float32 [h w]."""
    import cv2

    cell = [-(-side // cells) for side in size]
    grid = (random.random((cells + 1, cells + 1)) < shown).astype(np.float32)
    large = cv2.resize(grid, ((cells + 1) * cell[1], (cells + 1) * cell[0]), interpolation=cv2.INTER_LINEAR)
    y, x = random.integers(0, cell[0]), random.integers(0, cell[1])
    return large[y : y + size[0], x : x + size[1]]
