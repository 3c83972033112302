"""voc_miou of runs' stage files: shards, thresholds, splits, its curve and its table by class."""

import cv2
import numpy as np
import pandas as pd
import pytest

from severalclasses import split
from stagefiles import SIZE, run, settings
from wsol.files import rle
from wsol.files.score import RUN_COLUMNS
from wsol.scores.evaluate import evaluate
from wsol.scores.seedmaps import LEVELS
from wsol.scores.series import find_curves
from wsol.scores.strata import by_class_of_seeds
from wsol.scores.tables import pooled_strata
from wsol.scores.views import View
from wsol.statistics.resampling import Resamples

METRICS = ["voc_miou", "mask_iou"]


def scored(report, select=None, **more):
    found = evaluate(report, select, METRICS, resamples=50, **more)
    return found, found.scores.set_index(["metric", "choice"])


def level(scores, choice):
    return float(scores.loc[("voc_miou", choice), "levels"])


def test_a_shard_split_changes_no_byte(tmp_path):
    given = [split(tmp_path / f"{shard}", 0, shard=shard)[0] for shard in (1, 2, 5, 100)]
    select = split(tmp_path / "select", 1)[0]
    one, *others = [scored(report, select)[0] for report in given]
    parts = [by_class_of_seeds(one.scores, report) for report in given]
    for other, own in zip(others, parts[1:], strict=True):
        pd.testing.assert_frame_equal(other.scores, one.scores, check_exact=True)
        assert other.draws.tobytes() == one.draws.tobytes()
        pd.testing.assert_frame_equal(own, parts[0], check_exact=True)


def test_the_level_is_the_select_split_s_and_never_the_report_split_s(tmp_path):
    one, two, three = (split(tmp_path / f"{seed}", seed, images=4)[0] for seed in (0, 1, 2))
    best = {name: each.seeds.best_level() for name, each in {"one": one, "two": two, "three": three}.items()}
    assert len(set(best.values())) == 3
    _, swapped = scored(one, two)
    _, again = scored(one, three)
    assert (level(swapped, "selected"), level(again, "selected")) == pytest.approx((best["two"], best["three"]))
    _, other = scored(three, two)
    assert level(other, "selected") == level(swapped, "selected")
    for scores, name in ((swapped, "one"), (again, "one"), (other, "three")):
        assert level(scores, "oracle") == pytest.approx(best[name])
    value = again.loc[("voc_miou", "selected"), "value"]
    assert value == pytest.approx(100 * one.seeds.curve()[one.seeds.place(best["three"])])
    assert value <= again.loc[("voc_miou", "oracle"), "value"]


def test_classes_compete_above_one_level_where_others_have_a_level_each(tmp_path):
    report, select = split(tmp_path / "a", 0)[0], split(tmp_path / "b", 1)[0]
    one, _ = scored(report, select)
    each, scores = scored(report, select, per_class=True)
    seeds = (one.scores["metric"] == "voc_miou").to_numpy()
    pd.testing.assert_frame_equal(each.scores[seeds], one.scores[seeds])
    np.testing.assert_array_equal(each.draws[seeds], one.draws[seeds])
    curves = find_curves(View(report, "selected", select, per_class=True), select, np.zeros(len(report)), METRICS)
    assert set(curves.loc[curves["curve"] == "chosen", "metric"]) == {"voc_miou"}
    assert level(scores, "selected") == select.seeds.best_level()


def test_the_interval_holds_the_choice_of_the_level(tmp_path):
    report, select = (split(tmp_path / f"{seed}", seed, images=8)[0] for seed in (3, 4))
    found, scores = scored(report, select)
    assert (scores.loc["voc_miou", "low"] < scores.loc["voc_miou", "value"]).all()
    assert (scores.loc["voc_miou", "value"] < scores.loc["voc_miou", "high"]).all()
    assert scores.loc["voc_miou", "groups"].tolist() == [8, 8]
    # At a level that stands still the draws are others.
    drawn = Resamples(select.targets["group"], 50, [0, 1])
    assert len(set(select.seeds.levels_of_resamples(drawn))) > 1
    place = report.seeds.place(level(scores, "selected"))
    still = Resamples(report.targets["group"], 50, [0, 0]).pooled(
        lambda weights: report.seeds.mean_ious(weights, slice(place, place + 1))[:, 0]
    )
    selected = found.draws[found.scores["choice"].tolist().index("selected")]
    assert selected.std() > 0 and not np.array_equal(selected, still)


def test_a_fixed_threshold_is_the_level_and_one_of_each_map_has_none(tmp_path):
    report, _ = split(tmp_path / "fixed", 0, method="fixed", level=0.3)
    swept, _ = split(tmp_path / "sweep", 0)
    _, scores = scored(report, single_level=True)
    assert scores.loc[("voc_miou", "fixed"), "value"] == 100 * swept.seeds.curve()[30]
    assert report.seeds.levels.tolist() == [0.3]
    otsu, _ = split(tmp_path / "otsu", 0, method="otsu")
    found, _ = scored(otsu, single_level=True)
    assert found.unavailable["voc_miou"] == "one background level for all maps (of a sweep, or fixed)"
    stepped, _ = split(tmp_path / "step", 0, method="sweep", step=0.25)
    assert stepped.seeds.levels is LEVELS


def test_a_map_is_brought_to_the_image_whatever_the_protocol(tmp_path):
    """OpenCV resizes from the grid to the image, once; between no level and the next lies what rounding moves."""
    random = np.random.default_rng(0)
    size = (90, 120)
    masks = [random.random(size) < 0.5 for _ in range(2)]
    maps = [random.random((5, 7), np.float32) for _ in masks]
    values = np.stack([cv2.resize(each, size[::-1], interpolation=cv2.INTER_LINEAR) for each in maps])
    values /= values.max(axis=(1, 2), keepdims=True) * (1 + 1e-5)
    for protocol in ("exact", "wsol2020"):
        given = (maps, [[[0, 0, 9, 9]]] * 2, [size] * 2, settings(protocol) | {"upsampling": "cubic"})
        of_images = {"images": ["a", "a"], "labels": [0, 1], "masks": [rle.encode(mask) for mask in masks]}
        report, _ = run(tmp_path / protocol, *given, **of_images)
        for place in (0, 20, 40, 59):
            won = [((values.argmax(axis=0) == i) & (values.max(axis=0) > LEVELS[place])).sum() for i in range(2)]
            found = report.seeds.rows.predicted[:, place]
            np.testing.assert_allclose(found, [np.prod(size) - sum(won), *won], atol=12)


def test_the_curve_is_the_score_at_each_level(tmp_path):
    report, select = split(tmp_path / "a", 0)[0], split(tmp_path / "b", 1)[0]
    _, scores = scored(report, select)
    ious = np.full(len(report), np.nan)
    curves = find_curves(View(report, "selected", select), select, ious, list(scores.index.unique(0)))
    own = curves[curves["metric"] == "voc_miou"].set_index(["curve", "split"])
    for name, outcome in (("report", report), ("select", select)):
        assert own.loc[("level", name), "x"].tolist() == LEVELS.tolist()
        assert own.loc[("level", name), "value"].tolist() == (100 * outcome.seeds.curve()).tolist()
    for choice in ("oracle", "selected"):
        row = scores.loc[("voc_miou", choice)]
        chosen = own.loc[[("chosen", choice)], ["x", "value"]].to_numpy().tolist()
        assert chosen == [[float(row["levels"]), row["value"]]]
    bare, _ = run(tmp_path / "c", [np.eye(5)] * 2, [[[0, 0, 9, 9]]] * 2, [SIZE] * 2, settings(), name="s")
    _, scores = scored(report := split(tmp_path / "d", 0)[0], bare)
    curves = find_curves(View(report, "selected", bare), bare, ious, ["voc_miou"])
    assert set(curves.loc[curves["metric"] == "voc_miou", "split"]) == {"report", "oracle"}
    assert list(scores.loc["voc_miou"].index) == ["oracle"]


def test_the_classes_of_the_table_make_the_mean(tmp_path):
    report, select = split(tmp_path / "a", 0)[0], split(tmp_path / "b", 1)[0]
    _, scores = scored(report, select)
    found = by_class_of_seeds(scores.reset_index(), report)
    assert set(found["table"]) == {"class"} and found["stratum"].iloc[0] == "(background)"
    means = found.groupby("choice")["value"].mean()
    for choice in ("oracle", "selected"):
        assert means[choice] == pytest.approx(scores.loc[("voc_miou", choice), "value"])
    assert not len(by_class_of_seeds(scores.loc[["mask_iou"]].reset_index(), report))


def test_classes_of_several_trainings_are_their_mean_with_its_spread():
    names = {**dict.fromkeys(RUN_COLUMNS, "x"), "table": "class", "metric": "voc_miou", "choice": "oracle"}

    def training(values):
        rows = [{**names, "stratum": name, "value": value, "low": 0.0, "high": 99.0} for name, value in values.items()]
        return pd.DataFrame([row | {"n": 5, "groups": 4} for row in rows])

    of_means = training({"cat": 1.0}).assign(metric="mask_iou")
    given = [pd.concat([training({"background": 90.0, "cat": 40.0, "dog": 7.0}), of_means])]
    given.append(pd.concat([training({"background": 80.0, "cat": 44.0}), of_means]))
    found = pooled_strata(given, of_means).set_index("stratum")
    assert found["value"].to_dict() == {"background": 85.0, "cat": 42.0}  # not every training has a dog
    assert found["spread"].tolist() == pytest.approx([50**0.5, 8**0.5])
    assert found["low"].isna().all() and found["n"].tolist() == [5, 5]
    assert not len(pooled_strata([of_means] * 2, of_means))
