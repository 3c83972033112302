"""What is measured while maps are cut gives the scores of maps that are drawn again, to the byte, however sharded."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from stagefiles import SIZE, box_of, noisy, run, settings
from wsol.files import rle
from wsol.files.measures import MEASURES, SOURCES
from wsol.scores.evaluate import evaluate
from wsol.scores.histograms import Packed, pack
from wsol.scores.metrics import METRICS, metric
from wsol.scores.series import find_curves
from wsol.scores.strata import by_class_of_seeds
from wsol.scores.views import View

N = 26
READ = [name for name in METRICS if METRICS[name].needs] + ["mask_iou@class_mean", "energy_pointing@group_mean"]
BOTH = ["maxboxacc@50", *READ]
HOW = {
    "every level": settings(),
    "step": settings(method="sweep", step=0.01),
    "image": settings(canvas="image"),
    "published": settings("wsol2020"),
    "own values": settings() | {"normalization": "none"},
    "max": settings(canvas="image") | {"normalization": "max"},
    "fixed": settings(masks=True, method="fixed", level=0.4),
    "otsu": settings(masks=True, method="otsu"),
    "without masks": settings(method="fixed", level=0.4),
}


def scene(folder, how, shard, seed=0, measured=SOURCES):
    """Maps of all kinds: noise, one that images share, a constant one, one that is missing; masks, boxes, neither."""
    random = np.random.default_rng(seed)
    maps = [each - 0.4 for each in noisy(random, N)]
    maps[3] = maps[8] = maps[9] = maps[20]
    maps[5] = np.zeros_like(maps[5])
    sizes = [(60 + i // 2, 300 if i < 4 else 80) for i in range(N)]  # two targets an image
    truths = [[box_of(random, *size)] * (i % 3 > 0) for i, size in enumerate(sizes)]
    painted = [random.random(size) < (box_area(truth) or 0.3) for size, truth in zip(sizes, truths, strict=True)]
    masks = [rle.encode(mask) if i % 4 else "" for i, mask in enumerate(painted)]
    ignores = [rle.encode(mask[::-1]) if i % 5 else "" for i, mask in enumerate(painted)]
    status = ["unreadable" if i == 7 else "ok" for i in range(N)]
    images = [f"{i // 2}.png" for i in range(N)]
    given = {
        "status": status,
        "masks": masks,
        "ignores": ignores,
        "images": images,
        "shard": shard,
        "measured": measured,
    }
    return run(folder, maps, truths, sizes, how, **given)[0]


def box_area(truth):
    return np.prod(np.diff(np.reshape(truth[0], (2, 2)), axis=0)) / 9000 if truth else 0


def told(report, select, how):
    """All that `score` says of a run, as bytes."""
    fixed = how["threshold"]["method"] != "sweep"
    found = evaluate(report, None if fixed else select, BOTH, single_level=fixed, resamples=50)
    view = View(report, "fixed" if fixed else "selected", select)
    curves = find_curves(view, None if fixed else select, np.full(N, np.nan), BOTH)
    classes = by_class_of_seeds(found.scores, report)
    tables = [table.to_csv() for table in (found.scores, found.targets, curves, classes)]
    return tables, found.draws.tobytes(), found.unavailable


@pytest.fixture(scope="module", params=HOW, ids=str)
def drawn(request, tmp_path_factory):
    """The scores where every map is drawn for every source, which is how they were once made."""
    folder, how = tmp_path_factory.mktemp("drawn"), HOW[request.param]
    report, select = (scene(folder / str(seed), how, N, seed, measured=()) for seed in (0, 1))
    return how, told(report, select, how)


@pytest.mark.parametrize("shard", [N, 8, 2], ids=["1 shard", "4 shards", "13 shards"])
def test_it_gives_the_scores_of_maps_that_are_drawn_again_to_the_byte(drawn, shard, tmp_path, monkeypatch):
    how, expected = drawn
    report, select = (scene(tmp_path / str(seed), how, shard, seed) for seed in (0, 1))
    monkeypatch.setattr("wsol.scores.stages.drawn_as", None)  # no map is drawn any more
    assert told(report, select, how) == expected
    assert len(expected[0][0].splitlines()) > 8


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A run with some sources measured alone, made once."""

    @cache
    def of(kind, sources):
        return scene(tmp_path_factory.mktemp(kind), HOW[kind], 8, measured=sources)

    return lambda kind, sources: of(kind, frozenset(sources))


@pytest.mark.parametrize("kind", ["step", "otsu", "fixed"])
def test_a_metric_reads_no_more_than_it_says(kind, measured, monkeypatch):
    """With only its own sources measured, and none to be drawn, it is what it is with all."""
    monkeypatch.setattr("wsol.scores.stages.drawn_as", None)
    single, read = kind != "step", set()
    for name in [*METRICS, "mask_iou@class_mean", "maxboxacc@40", "miou"]:
        if name.startswith("ap@"):
            continue  # boxes are ranked by the maps themselves
        needs = metric(name).asks(HOW[kind]["threshold"]["method"])
        runs = [replace(measured(kind, sources)) for sources in (SOURCES, needs)]  # with nothing found yet
        rows = [evaluate(report, None, [name], single_level=single, resamples=20) for report in runs]
        assert rows[0].scores.to_csv() == rows[1].scores.to_csv(), name
        assert rows[0].draws.tobytes() == rows[1].draws.tobytes() and rows[0].unavailable == rows[1].unavailable
        read |= needs
    assert read == set(SOURCES) - ({"masks"} if kind == "step" else set())


def test_targets_without_a_mask_take_nothing_and_those_with_one_little(tmp_path):
    scene(tmp_path, HOW["step"], N)
    arrays = MEASURES.read(tmp_path / "0.measures.npz")
    with_mask = sum(i % 4 > 0 for i in range(N))
    assert len(arrays["ap"]) == len(arrays["inside_ends"]) == with_mask
    pixels = [arrays[name] for name in ("ap", "inside", "inside_ends", "outside", "outside_ends")]
    assert sum(each.nbytes for each in pixels) <= 4.5 * 1024 * with_mask
    assert arrays["seed_hit"].dtype == np.uint16


@pytest.mark.parametrize("highest", [1, 127, 128, 70_000, 2**31 - 1])
def test_packed_histograms_are_an_array_s(highest):
    random = np.random.default_rng(highest % 97)
    there = np.array([True, False, True, True, False, True])
    table = np.where(there[:, None], random.integers(0, highest + 1, (6, 40)) // 40, 0)
    table[0, 3] = highest - table[0].sum() + table[0, 3]  # no sum is larger than an image can be

    def shard(first, stop):
        parts = [pack(row) for row in table[first:stop][there[first:stop]]]
        ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
        return lambda: {"ok": there[first:stop], "x": np.frombuffer(b"".join(parts), np.uint8), "x_ends": ends}

    packed = Packed("x", [shard(0, 2), shard(2, 5), shard(5, 6)], there, 40)
    for rows in (slice(0, 6), slice(1, 4), np.array([5, 0, 3]), np.array([], np.int64)):
        np.testing.assert_array_equal(packed[rows], table[rows])
    rows = np.array([5, 1, 0])
    np.testing.assert_array_equal(packed.of(rows)[0:2], table[rows][0:2])
    for column, whole in ((packed, table), (packed.of(rows), table[rows])):
        for place, counts in zip([7, -1, 39, 0], column.above([7, -1, 39, 0], [3]), strict=True):
            np.testing.assert_array_equal(counts, whole[:, place + 1 :].sum(axis=1))


def test_a_shared_map_is_measured_for_each_of_its_images(tmp_path):
    """A control's map is drawn once for all images, whose sizes and masks differ."""
    map = np.random.default_rng(0).random((6, 8), np.float32)
    sizes = [(48, 64), (96, 64), (30, 30)]
    masks = [rle.encode(np.arange(h * w).reshape(h, w) % 3 == 0) for h, w in sizes]
    found = []
    for shared in (True, False):
        maps = [map if shared else map.copy() for _ in sizes]
        outcome, _ = run(tmp_path / str(shared), maps, [[]] * 3, sizes, HOW["step"], masks=masks, measured=SOURCES)
        found.append(pd.DataFrame(outcome.pointing._asdict()).assign(ap=outcome.pixels.ap))
    pd.testing.assert_frame_equal(*found)
    assert sizes[0] == SIZE and found[0]["ap"].nunique() == 3
