"""voc_miou against a confusion matrix a level, by scikit-learn; what no map may decide."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from severalclasses import drawn, table
from wsol.affine import IDENTITY
from wsol.files import rle
from wsol.regions.drawing import NOTHING, PreparedMap
from wsol.scores.metrics import METRICS
from wsol.scores.outcome import Outcome
from wsol.scores.seedmaps import BACKGROUND, LEVELS, by_image
from wsol.scores.seeds import measure
from wsol.scores.views import View
from wsol.statistics.intervals import variance
from wsol.statistics.resampling import Resamples

CLASSES = 5


def split(seed, images=8):
    """Images of one to three of five classes: masks that overlap, void, maps of noise and some of none."""
    random = np.random.default_rng(seed)
    rows, maps = [], []
    for image in range(images):
        size = tuple(random.integers(9, 30, 2).tolist())
        labels = np.sort(random.choice(CLASSES, random.integers(1, 4), replace=False))
        void = random.random(size) < 0.1
        for label in labels.tolist():
            mask = random.random(size) < 0.4
            rows.append((f"{image:03d}", label, mask, void & ~mask, size))
            values = random.normal(0, 1, size) * 10.0 ** random.integers(-3, 4) + mask
            maps.append(NOTHING if random.random() < 0.15 else drawn(values))
    return table(rows), maps


def naive_truth(rows):
    """What each pixel is, -1 for void: painted from the largest mask to the smallest."""
    size = (rows[0].height, rows[0].width)
    painted = np.zeros(size, int)
    masks = {row.label: rle.decode(row.mask, *size) for row in rows if row.mask}
    for row in rows:
        if row.ignore:
            painted[rle.decode(row.ignore, *size)] = -1
    for area, label in sorted(((mask.sum(), label) for label, mask in masks.items()), reverse=True):
        assert area
        painted[masks[label]] = label + 1
    return painted


def naive_matrices(targets, maps, level):
    """The confusion matrix [truth predicted] of each image, as the field's programs have it."""
    found = []
    for places in targets.groupby("image", sort=False).indices.values():
        rows = list(targets.iloc[places].itertuples())
        truth = naive_truth(rows)
        stack = [np.full(truth.shape, level)]
        for place in places:
            values = np.maximum(maps[place].values.astype(np.float32), 0)
            scaled = values / values.max() / np.float32(1 + 1e-5) if values.any() else np.zeros(truth.shape)
            stack.append(scaled.astype(np.float64))
        labels = np.array([0, *(row.label + 1 for row in rows)])
        predicted = labels[np.argmax(stack, axis=0)]
        kept = truth >= 0
        found.append(confusion_matrix(truth[kept], predicted[kept], labels=range(CLASSES + 1)))
    return np.array(found)


def naive_ious(matrix):
    union = matrix.sum(axis=0) + matrix.sum(axis=1) - np.diag(matrix)
    with np.errstate(invalid="ignore"):
        return np.diag(matrix) / union


@pytest.mark.parametrize("seed", range(4))
def test_every_level_is_a_naive_confusion_matrix(seed):
    targets, maps = split(seed)
    seeds = measure(targets, maps)
    assert seeds.counted.all() and np.array_equal(LEVELS, [float(f"{0.01 * i:.2f}") for i in range(60)])
    curve = seeds.curve()
    for place, level in enumerate(LEVELS):
        ious = naive_ious(naive_matrices(targets, maps, level).sum(axis=0))
        assert curve[place] == pytest.approx(np.nanmean(ious), abs=1e-12)
        by_class = {label: each.value for label, each in seeds.by_class(level, targets["group"])}
        expected = {label - 1: iou for label, iou in enumerate(ious) if iou == iou}
        assert by_class == pytest.approx(expected, abs=1e-12)
    assert seeds.best_level() == LEVELS[np.argmax(curve)]


def test_a_resample_is_the_matrix_of_the_images_that_it_drew():
    targets, maps = split(7)
    seeds = measure(targets, maps)
    resamples = Resamples(targets["group"], 30, 0)
    matrices = [naive_matrices(targets, maps, level) for level in LEVELS]
    images = targets["group"].drop_duplicates().index.to_numpy()
    chosen = seeds.levels_of_resamples(resamples)
    place = seeds.place(0.2)
    scores = resamples.pooled(lambda weights: seeds.mean_ious(weights, slice(place, place + 1))[:, 0])
    for r, times in enumerate(resamples.times.of(resamples.codes[images]).astype(int)):
        of_levels = [np.nanmean(naive_ious(np.tensordot(times, every, axes=1))) for every in matrices]
        assert scores[r] == pytest.approx(of_levels[place], abs=1e-12)
        assert chosen[r] == LEVELS[np.argmax(np.round(of_levels, 12))]


def test_the_interval_of_a_class_is_as_wide_as_its_resamples():
    targets, maps = split(3, images=60)
    seeds = measure(targets, maps)
    place = seeds.place(0.1)
    matrices = naive_matrices(targets, maps, 0.1)
    times = Resamples(targets["group"].unique(), 4000, 0).times[:].astype(int)  # in the order of the images
    drawn = np.array([naive_ious(np.tensordot(row, matrices, axes=1)) for row in times])
    for label, estimate in seeds.by_class(seeds.levels[place], targets["group"]):
        assert estimate.low < estimate.value < estimate.high
        spread = np.sqrt(variance(drawn[:, label + 1], 60))
        assert (estimate.high - estimate.low) / (2 * 2.0 * spread) == pytest.approx(1, abs=0.15)
        assert estimate.groups == estimate.n == (60 if label == BACKGROUND else (targets["label"] == label).sum())


@pytest.mark.parametrize("scale", [1e-30, 1e-7, 0.25, 1e7, 1e30])
def test_no_map_s_scale_decides_anything(scale):
    targets, maps = split(2)
    seeds = measure(targets, maps)
    # By a power of two, so that no value is rounded anew.
    factor = np.float32(2.0 ** np.round(np.log2(scale)))
    other = measure(targets, [PreparedMap(each.values * factor, IDENTITY) for each in maps])
    np.testing.assert_array_equal(other.rows.hit, seeds.rows.hit)
    np.testing.assert_array_equal(other.rows.predicted, seeds.rows.predicted)


def test_maps_drawn_from_the_truth_score_100_at_every_level():
    random = np.random.default_rng(0)
    rows, maps = [], []
    for image in range(5):
        truth = random.integers(0, 4, (20, 30))
        for label in np.unique(truth[truth > 0]):
            rows.append((f"{image}", label - 1, truth == label, None, truth.shape))
            maps.append(drawn((truth == label) * 7.0))
    np.testing.assert_array_equal(measure(table(rows), maps).curve(), 1)


def test_maps_of_one_image_are_held_at_a_time():
    """A generator of maps is never ahead of the image that is counted by more than the next one's first."""
    targets, maps = split(1, images=5)
    asked = []

    def one_after_the_other():
        for place, each in enumerate(maps):
            asked.append(place)
            yield each

    def counted():
        for first, own, _ in by_image(targets, one_after_the_other()):
            yield asked[-1], first + len(own)

    assert all(last <= stop for last, stop in counted())


def test_the_metric_asks_for_the_level_of_where_it_is_chosen():
    report, select = ((targets, measure(targets, maps)) for targets, maps in (split(0), split(5)))
    outcomes = [Outcome(t, np.array(["ok"] * len(t)), find_seeds=lambda s=s: s) for t, s in (report, select)]
    for level_from, level in (("oracle", report[1].best_level()), ("selected", select[1].best_level())):
        view = View(outcomes[0], level_from, outcomes[1])
        values = METRICS["voc_miou"](view)
        assert list(view.levels.values()) == [level]
        assert values.score() == report[1].curve()[report[1].place(level)]
    assert report[1].best_level() != select[1].best_level()
