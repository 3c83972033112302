"""Regions parted at the valleys between peaks, against discs drawn by hand and a naive flood."""

import cv2
import numpy as np
import pytest
from pycocotools import mask as coco
from scipy.ndimage import label

from configs import changed
from regionsfiles import rows_of
from wsol.errors import ConfigError
from wsol.experiment.config import check
from wsol.regions.exact import EXACT
from wsol.regions.localize import localize
from wsol.regions.packed import unpack_masks
from wsol.regions.parting import part, peaks, watershed

EIGHT = np.ones((3, 3))
HOW = {"protocol": "exact", "upsampling": "linear", "normalization": "minmax"}


def discs(*centres, radius=10, flat=0.0, size=(41, 80)):
    """Hills of a height of 1 at (x, y), .5 at their rim, whose inner share `flat` is a plateau; 0 around them."""
    y, x = np.mgrid[: size[0], : size[1]]
    found = np.zeros(size, np.float32)
    for cx, cy in centres:
        away = np.hypot(x - cx, y - cy) / radius
        found = np.maximum(found, np.where(away <= 1, 1 - 0.5 * np.clip((away - flat) / (1 - flat), 0, 1), 0))
    return found.astype(np.float32)


@pytest.mark.parametrize("flat", [0, 0.5])
def test_two_touching_discs_are_two_and_one_is_one(flat):
    both = discs((20, 20), (39, 20), flat=flat)
    assert EXACT.cut(both, np.array([0.3]))[0][:, :4].tolist() == [[10, 10, 50, 31]]
    boxes, largest = part(both >= 0.3, both, {"method": "watershed", "depth": 0.1})
    # The column in the middle, 29.5, lies between two pixels.
    assert boxes.tolist() == [[10, 10, 30, 31, 0, 1], [30, 10, 50, 31, 0, 1]]
    assert largest.tolist() == boxes.tolist()[:1]  # of equals the leftmost
    one = discs((20, 20), flat=flat)
    for found in part(one >= 0.3, one, {"method": "watershed", "depth": 0.1}):
        assert found.tolist() == [[10, 10, 31, 31, 0, 1]]


def test_a_valley_has_to_be_deep_enough():
    near = discs((20, 20), (32, 20))  # .7 between them: the valley is .3 deep
    counts = [len(part(near >= 0.3, near, {"method": "watershed", "depth": depth})[0]) for depth in (0.1, 0.29, 0.31)]
    assert counts == [2, 2, 1]
    raw = 7 * near - 3
    assert watershed(near >= 0.3, raw, depth=0.29).max() == 2  # of the map's range, whatever its values
    assert watershed(near >= 0.3, raw, depth=0.31).max() == 1


def test_the_largest_has_most_pixels():
    found = np.maximum(discs((15, 20), radius=8), discs((38, 20), radius=16))
    boxes, largest = part(found >= 0.3, found, {"method": "watershed", "depth": 0.1})
    assert len(boxes) == 2 and largest.tolist() == [max(boxes.tolist(), key=lambda row: row[2] - row[0])]


def random_map(seed, cells=7, size=(30, 36)):
    random = np.random.default_rng(seed)
    values = cv2.resize(random.random((cells, cells), np.float32), size[::-1])
    values += 1e-4 * random.random(size, np.float32)  # no two are equal: which of equals is flooded first is open
    return (values - values.min()) / (values.max() - values.min())


def naive_flood(foreground, values, markers):
    """The highest pixel that waits is next; whoever reaches a pixel first has it."""
    found = np.where(foreground, markers, 0)
    waiting = [tuple(place) for place in np.argwhere(found)]
    while waiting:
        y, x = max(waiting, key=lambda place: values[place])
        waiting.remove((y, x))
        for ny in range(max(y - 1, 0), min(y + 2, len(values))):
            for nx in range(max(x - 1, 0), min(x + 2, values.shape[1])):
                if foreground[ny, nx] and not found[ny, nx]:
                    found[ny, nx] = found[y, x]
                    waiting.append((ny, nx))
    return found


def naive_peaks(values, depth):
    """Pixels from which every way to a higher one falls by `depth`: none higher is joined to them at that level."""
    found = []
    for y, x in np.argwhere(values > 0):
        around = values[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
        if values[y, x] == around.max():
            regions = label(values > values[y, x] - depth, EIGHT)[0]
            if values[regions == regions[y, x]].max() == values[y, x]:
                found.append((y, x))
    return found


@pytest.mark.parametrize("depth", [0.02, 0.1, 0.3])
@pytest.mark.parametrize("seed", range(4))
def test_parts_are_what_the_peaks_flood(seed, depth):
    values = random_map(seed).astype(np.float64)
    markers, count = label(peaks(values, depth), EIGHT)
    assert sorted(markers[place] for place in naive_peaks(values, depth)) == list(range(1, count + 1))
    for level in (0.0, 0.3, 0.6):
        foreground = values >= level
        parts = watershed(foreground, values, depth=depth)
        markers = label(peaks(values, depth) & foreground, EIGHT)[0]
        flooded = naive_flood(foreground, values, markers)
        # The two number their parts apart: what is left without a peak is the flood's 0.
        pairs = {(a, b) for a, b in zip(parts[flooded > 0], flooded[flooded > 0], strict=True)}
        assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs}) == flooded.max()
        assert ((parts > 0) == foreground).all()
        rest = label(foreground & (flooded == 0), EIGHT)
        assert parts.max() == flooded.max() + rest[1]
        for number in range(1, parts.max() + 1):
            assert label(parts == number, EIGHT)[1] == 1


@pytest.mark.parametrize("seed", range(4))
def test_a_map_without_a_second_peak_is_cut_as_without_the_setting(seed):
    values = random_map(seed)
    for level in (0.2, 0.5, 0.8):
        every, largest = EXACT.cut(values, np.array([level]))
        boxes, biggest = part(values >= level, values, {"method": "watershed", "depth": 1.0})
        assert sorted(boxes.tolist()) == sorted(every.tolist())
        assert biggest.tolist() == largest.tolist()


def test_files_have_the_parts_boxes_and_the_whole_mask():
    maps = [discs((20, 20), (39, 20)), np.ones((41, 80), np.float32)]
    place = (["ok", "ok"], np.array([[1.0, 1, 0, 0]] * 2), (41, 80), [[41, 80]] * 2)
    threshold = {"method": "fixed", "level": 0.3}
    whole = localize(maps, *place, threshold=threshold, masks=True, **HOW)
    parted = localize(
        maps, *place, threshold=threshold | {"split": {"method": "watershed", "depth": 0.1}}, masks=True, **HOW
    )
    whole, parted = rows_of(whole), rows_of(parted)
    assert whole["boxes"].tolist() == [[10, 10, 50, 31]] * 2
    assert parted["boxes"][~parted["largest"]].tolist() == [[10, 10, 30, 31], [30, 10, 50, 31]]
    assert parted["boxes"][parted["largest"]].tolist() == [[10, 10, 30, 31]]
    assert (parted["level_low"] == -np.inf).all() and (parted["level_high"] == np.inf).all()
    assert unpack_masks(parted) == unpack_masks(whole)
    assert coco.area({"size": [41, 80], "counts": unpack_masks(parted)[0]}) == (maps[0] > 0).sum()
    assert parted["status"].tolist() == whole["status"].tolist() == ["ok", "degenerate"]
    assert {key: value.dtype for key, value in parted.items()} == {key: value.dtype for key, value in whole.items()}


def thresholds(**given):
    return changed(("thresholds", {"mine": {"method": "fixed", "level": 0.5, **given}}))


def test_none_is_as_if_it_were_not_there():
    plain, none, parted = (
        check(thresholds(**given)).runs[0].threshold for given in ({}, {"split": "none"}, {"split": "watershed"})
    )
    assert plain == none and parted.id != plain.id
    assert parted.settings["threshold"]["split"] == {"method": "watershed", "depth": 0.2}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"method": "sweep", "split": "watershed"}, "split: parts the regions of one level a map, a sweep has many"),
        ({"split": "watershd"}, "split: unknown 'watershd'. Did you mean 'watershed'?"),
        ({"split": {"depth": 0.1}}, "split: needs a method (none | watershed), got {'depth': 0.1}."),
        ({"split": {"method": "watershed", "deep": 0.1}}, "split: unknown 'deep'. Did you mean 'depth'?"),
        ({"split": {"method": "watershed", "depth": 0}}, "split.depth: must lie in [0.001, 1], got 0"),
        ({"split": {"method": "none", "depth": 0.1}}, "split: none takes no setting, got 'depth'."),
    ],
)
def test_what_cannot_be_parted_is_a_line(given, said):
    config = thresholds(**given)
    if given.get("method") == "sweep":
        del config["thresholds"]["mine"]["level"]
    with pytest.raises(ConfigError) as error:
        check(config)
    assert str(error.value).startswith(f"thresholds.mine.{said}") and "\n" not in str(error.value)


def test_the_published_protocol_has_whole_contours():
    config = thresholds(split="watershed")
    config["evaluations"]["e"]["protocol"] = "wsol2020"
    with pytest.raises(
        ConfigError, match=r"^thresholds.mine.split: protocol wsol2020 has a box for each contour, whole"
    ):
        check(config)
