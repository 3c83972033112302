"""What a regions file keeps comes back as it was: read from its bytes the slow way, and by what the scores read."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regionsfiles import map_rows, rows_of
from wsol.files.localize import REGIONS
from wsol.regions.localize import localize
from wsol.regions.packed import Packing, chunks, pack_masks, rows_of_targets, unpack_masks
from wsol.regions.regions import Regions
from wsol.regions.thresholds import THRESHOLDS, swept_levels

GRID = np.arange(0, 1, 0.001)
COLUMNS = ("boxes", "level_low", "level_high", "largest")


def drawn(rng, levels, side, rows):
    """Regions as `cut` gives them: some rows of the largest stand among all, boxes repeat, levels are any of `levels`.

    One in four rows goes on from another with a side moved by a pixel.
    """
    ends = np.sort(rng.choice(levels, (rows, 2)), axis=1)
    boxes = rng.integers(0, side + 1, (rows, 4))
    for row in np.flatnonzero(rng.random(rows) < 0.5):
        other = rng.integers(rows)
        boxes[row] = boxes[other] + rng.integers(0, 2, 4)
        ends[row] = ends[other] if rng.random() < 0.5 else np.sort([ends[other][1], rng.choice(levels)])
    every = np.column_stack([boxes, ends])
    chosen = every[rng.random(rows) < rng.random()]
    others = chosen + np.append(rng.integers(0, 2, 4), [0, 0]) * (rng.random(len(chosen)) < 0.3)[:, None]
    parts = [part[np.lexsort((part[:, 5], part[:, 4]))] for part in (others, every)]
    table = np.concatenate(parts)
    return Regions(table[:, :4].astype(np.int32), table[:, 4], table[:, 5], np.arange(len(table)) < len(others))


def packed(found, grid):
    packing = Packing(grid)
    for regions in found:
        packing.add(regions)
    return packing.arrays() | {"index": np.arange(len(found))}


def same(arrays, found):
    """Both ways of reading give each map's rows as they were, the largest region's and those of all."""
    slow = rows_of(arrays)
    for number, (regions, rows) in enumerate(zip(found, rows_of_targets(arrays), strict=True)):
        own = slice(*slow["offsets"][number : number + 2])
        for name in COLUMNS:
            np.testing.assert_array_equal(slow[name][own], getattr(regions, name))
        for kind, wanted in ((rows.of_largest, regions.largest), (rows.of_all, ~regions.largest)):
            for name in COLUMNS[:3]:
                ours, theirs = getattr(rows, name)[kind], getattr(regions, name)[wanted]
                assert ours.dtype == theirs.dtype and ours.tobytes() == theirs.tobytes()


LEVELS = {
    "a grid": GRID,
    "a grid, open": np.concatenate([[-np.inf], GRID, [np.inf]]),
    "none": np.array([-np.inf, np.inf]),
    "floats of a map": np.concatenate([[-np.inf], np.sort(np.random.default_rng(1).random(60, np.float32)), [np.inf]]),
    "of a plugin": np.array([-np.inf, -3e200, -0.1, -5e-324, 0, 1e-300, 1 / 3, 0.1 + 0.2, 7, np.inf]),
}


@pytest.mark.parametrize("levels", LEVELS.values(), ids=LEVELS)
@given(
    seed=st.integers(0, 2**32),
    side=st.sampled_from([1, 224, 300, 70_000, 2**31 - 99]),
    counts=st.lists(st.integers(0, 60), max_size=6),
    gridded=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_any_rows_come_back_to_the_bit(levels, seed, side, counts, gridded):
    rng = np.random.default_rng(seed)
    found = [drawn(rng, levels.astype(np.float64), side, rows) for rows in counts]
    same(packed(found, GRID if gridded else None), found)


def test_maps_of_all_kinds_lie_in_one_file():
    rng = np.random.default_rng(0)
    found = [drawn(rng, levels.astype(np.float64), 224, 30) for levels in [*LEVELS.values(), *LEVELS.values()]]
    arrays = packed(found, GRID)
    same(arrays, found)
    starts = arrays["level_starts"].reshape(2, -1)
    assert (starts[:, :3] == 0).all(), "of a grid all maps have one table, and rows that hold everywhere need none"
    assert len(np.unique(starts[:, 3:])) == 4


def test_levels_take_four_bytes_where_that_is_exact_and_eight_where_it_is_not():
    rng = np.random.default_rng(0)
    found = [drawn(rng, LEVELS["floats of a map"].astype(np.float64), 224, 30)]
    assert packed(found, None)["levels"].dtype == np.float32
    assert packed(found, GRID)["levels"].dtype == np.float64


def test_bytes_of_rows_that_were_written_by_hand():
    """A row of both kinds, one of all regions far from it, and one that goes on from the first, a pixel wider."""
    boxes = np.array([[2, 200, 4, 6], [2, 200, 4, 6], [9, 9, 9, 9], [1, 200, 4, 6]], np.int32)
    low, high = np.array([-np.inf, -np.inf, 0.2, 0.3]), np.array([0.3, 0.3, 0.4, 0.4])
    arrays = packed([Regions(boxes, low, high, np.array([True, False, False, False]))], np.array([0.2, 0.3, 0.4]))
    first = [0b0011_1111, 2, 4, 0x90, 3, 8, 12]  # both kinds; from -inf, two levels on; 200 * 2 = 3 * 128 + 16
    second = [0b1101_1111, 2, 1, 2, 18, 18, 18, 18]  # of all; from the zeros two rows back; it begins one level higher
    third = [0b0101_0001, 2, 1, 1]  # of all, from two rows back; begins where that one ends; x0 is 1 less
    assert arrays["row_bytes"].tolist() == [0, 19] and arrays["row_counts"].tolist() == [3]
    assert arrays["rows"].tolist() == first + second + third
    assert [row[0] for row in map_rows(first + second + third, 3)] == [(2, 200, 4, 6), (9, 9, 9, 9), (1, 200, 4, 6)]


def smooth(rng, count):
    """7 x 7 maps like a network's: noise on a bump."""
    y, x = np.mgrid[:7, :7] / 7
    centres = rng.uniform(0.3, 0.7, (count, 2, 1, 1))
    bumps = np.exp(-((x - centres[:, 0]) ** 2 + (y - centres[:, 1]) ** 2) / 0.08)
    return list((bumps + 0.3 * rng.random((count, 7, 7))).astype(np.float32))


@pytest.mark.parametrize("protocol", ["wsol2020", "exact"])
@pytest.mark.parametrize("noise", [False, True])
def test_a_map_takes_less_than_four_kilobytes(protocol, noise, tmp_path):
    rng = np.random.default_rng(0)
    maps = list(rng.random((40, 7, 7), np.float32)) if noise else smooth(rng, 40)
    place = (["ok"] * 40, np.tile([1.0, 1, 0, 0], (40, 1)), [224, 224], np.full((40, 2), 224))
    how = {"protocol": protocol, "upsampling": "linear", "normalization": "minmax"}
    found = localize(maps, *place, threshold={"method": "sweep", "step": 0.001}, **how)
    REGIONS.write(tmp_path / "regions.npz", **found)
    slow = rows_of(found)
    floats = sum(slow[name].nbytes for name in COLUMNS) / 40  # as they were kept once
    taken = (tmp_path / "regions.npz").stat().st_size / 40
    assert taken < (4096 if noise else 2048) and taken < floats / 5


def test_many_targets_of_few_maps_are_read_in_parts():
    rng = np.random.default_rng(2)
    found = [drawn(rng, GRID, 224, rows) for rows in (5, 0, 9)]
    arrays = packed(found, GRID) | {"index": rng.integers(0, 3, 700)}
    read = list(rows_of_targets(arrays))
    assert [len(rows.boxes) for rows in read] == [arrays["row_counts"][number] for number in arrays["index"]]
    parts = [chunk.targets for chunk in chunks(arrays)]
    assert [part.start for part in parts] == [0, *(part.stop for part in parts[:-1])] and parts[-1].stop == 700
    assert all(len(chunk.rows.boxes) == arrays["row_counts"].sum() for chunk in chunks(arrays))


def test_nothing_is_a_file_too():
    arrays = packed([], None)
    assert list(rows_of_targets(arrays)) == [] and arrays["rows"].dtype == np.uint8
    assert unpack_masks(pack_masks([])) == []


@pytest.mark.parametrize("level", [None, -1.0, 0.0, 0.25, 0.5, 1.0])
def test_rows_hold_above_their_lower_end_and_up_to_their_higher(level):
    rng = np.random.default_rng(4)
    (regions,) = found = [drawn(rng, np.array([-np.inf, 0, 0.25, 0.5, np.inf]), 9, 40)]
    (rows,) = rows_of_targets(packed(found, None))
    for largest in (True, False):
        ours = rows.boxes[rows.holding(level, largest=largest)].tolist()
        columns = zip(regions.boxes.tolist(), regions.level_low, regions.level_high, regions.largest, strict=True)
        assert ours == [
            box for box, low, high, is_it in columns if is_it == largest and (level is None or low < level <= high)
        ]


@pytest.mark.parametrize("threshold", [{"method": "sweep"}, {"method": "sweep", "step": 0.007}])
def test_the_levels_of_a_sweep_are_the_very_numbers(threshold):
    maps = smooth(np.random.default_rng(3), 3)
    place = (["ok"] * 3, np.tile([1.0, 1, 0, 0], (3, 1)), [32, 32], np.full((3, 2), 32))
    how = {"protocol": "exact", "upsampling": "linear", "normalization": "none"}
    slow = rows_of(localize(maps, *place, threshold=threshold, **how))
    grid = swept_levels(threshold, None)
    if grid is None:
        import cv2

        drawn = [cv2.resize(each, (32, 32), interpolation=cv2.INTER_LINEAR) for each in maps]
        grid = np.concatenate([THRESHOLDS["sweep"](each) for each in drawn])
    assert set(slow["level_high"].tolist()) <= set(grid.tolist())
    assert set(slow["level_low"].tolist()) <= {-np.inf, *grid.tolist()}
