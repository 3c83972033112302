"""What the intervals of average precision cover: the number that many images of the same kind have."""

import numpy as np
import pytest

from wsol.boxes import iou
from wsol.scores.detections import IOUS, MatchedBoxes, Matcher, arrange
from wsol.statistics.intervals import interval, variance
from wsol.statistics.resampling import Resamples

WORLD = 4000


@pytest.fixture(scope="module")
def world():
    """Matches of one to three boxes each, some of them good, with scores that know a little of it."""
    random, matcher, found = np.random.default_rng(0), Matcher(IOUS[:1]), []
    for _ in range(WORLD):
        corner = random.uniform(0, 150, (random.integers(1, 4), 2))
        truth = np.concatenate([corner, corner + random.uniform(20, 80, corner.shape)], axis=1)
        boxes = truth[random.integers(0, len(truth), random.integers(1, 4))]
        boxes = boxes + random.normal(size=boxes.shape) * random.choice([3, 10, 25])
        boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 1)
        scores = (iou(boxes, truth).max(axis=1) + random.random(len(boxes))) / 2
        found.append((matcher.match(boxes, scores, truth), len(truth)))
    return found


def detections(world, rows, labels):
    collected = MatchedBoxes()
    for row in rows:
        collected.add(*world[row][0])
    names = [f"{place:05}" for place in range(len(rows))]
    return arrange(collected, labels, names, np.array([world[row][1] for row in rows]), IOUS[:1])


def simulated(world, classes, n, times=200):
    """How often the interval of n images holds the world's number, and how far their own lies above it on average."""
    random, labels = np.random.default_rng(1), np.arange(WORLD) % classes
    true = detections(world, range(WORLD), labels).average_precision(np.ones((1, WORLD)), IOUS[:1])[0]
    held, values = [], []
    for seed in range(times):
        rows = random.integers(0, WORLD, n)
        drawn = detections(world, rows, labels[rows])
        values.append(drawn.average_precision(np.ones((1, n)), IOUS[:1])[0])
        draws = Resamples(np.arange(n), 300, seed).pooled(
            lambda weights, d=drawn: d.average_precision(weights, IOUS[:1])
        )
        found = interval(values[-1], variance(draws, n), n, n, share=True)
        held.append(found.low <= true <= found.high)
    return np.mean(held), np.mean(values) - true


@pytest.mark.parametrize(("classes", "n"), [(1, 60), (1, 200), (5, 200)])
def test_intervals_cover_where_classes_have_forty_images_or_more(world, classes, n):
    covered, above = simulated(world, classes, n)
    assert 0.91 <= covered <= 0.99
    assert abs(above) < 0.015


def test_of_few_images_a_class_it_is_too_high_as_the_docstring_says(world):
    covered, above = simulated(world, 20, 100)
    assert 0.03 < above < 0.07 and 0.6 < covered < 0.9
