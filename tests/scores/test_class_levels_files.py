"""A level for each class in what a run's files say: boxes, statuses, curves, exports, the gallery, and its setting."""

import cv2
import numpy as np
import pandas as pd
import pytest

from configs import changed
from stagefiles import SIZE, box_of, noisy, run, settings
from wsol.errors import ConfigError
from wsol.experiment.config import check
from wsol.files.score import OUTCOMES
from wsol.page.pictured import ranked, seen_targets
from wsol.scores.evaluate import evaluate
from wsol.scores.metrics import METRICS
from wsol.scores.results import RunResult
from wsol.scores.seen import as_seen
from wsol.scores.series import find_curves
from wsol.scores.views import View

NAMES = ["maxboxacc@50", "box_recall@50", "box_precision@50", "boxes_per_target"]
KEY = ((0.5,), "all", "any")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Twelve targets of two classes; maps of the second are dimmer by far, so that its level is lower."""
    random = np.random.default_rng(4)
    maps, truths = noisy(random, 12), []
    for i, map in enumerate(maps):
        full = cv2.resize(map, SIZE[::-1], interpolation=cv2.INTER_LINEAR)
        region = (full > full.min() + 0.6 * np.ptp(full)).astype(np.uint8)
        *_, stats, _ = cv2.connectedComponentsWithStats(region)
        x, y, width, height, _ = stats[1 + np.argmax(stats[1:, 4])]
        truths.append([[x, y, x + width, y + height], box_of(random, *SIZE)])
        map[0, 0] = 3 if i % 2 else map[0, 0]
    return run(tmp_path_factory.mktemp("classes"), maps, truths, [SIZE] * 12, settings())


def test_every_box_is_at_the_level_of_its_class(found):
    outcome, stages = found
    view = View(outcome, "oracle", per_class=True)
    levels = view.level(*KEY)
    assert len(set(levels.tolist())) == 2
    for largest in (True, False):
        own = stages.compared_boxes(levels, largest=largest)
        for t, level in enumerate(levels.tolist()):
            np.testing.assert_array_equal(own[t], stages.compared_boxes(level, largest=largest)[t])
    for name in NAMES[1:]:
        at = {level: METRICS[name](View(outcome, "oracle").at({KEY: level})) for level in set(levels.tolist())}
        values = METRICS[name](view)
        assert values.tolist() == [at[level][t] for t, level in enumerate(levels.tolist())]


def test_outcomes_say_each_target_s_level_box_and_iou(found):
    outcome, stages = found
    view = View(outcome, "oracle", per_class=True)
    seen = as_seen(view, stages)
    hits = METRICS["maxboxacc@50"](View(outcome, "oracle", per_class=True))
    assert ((seen["iou"] >= 0.5) == hits).all() and seen["choice"] == "oracle"
    for t, level in enumerate(seen["level"].tolist()):
        assert seen["box"][t] == stages.largest_boxes(level)[t]
    assert pd.Series(seen["level"]).groupby(outcome.targets["label"]).nunique().tolist() == [1, 1]


def test_the_gallery_has_each_target_s_level(found, tmp_path):
    outcome, stages = found
    view = View(outcome, "oracle", per_class=True)
    evaluated = evaluate(outcome, None, NAMES, per_class=True, resamples=100)
    targets = evaluated.targets.assign(**as_seen(view, stages))
    OUTCOMES.write(tmp_path / "outcomes.parquet", targets)
    seen = seen_targets(str(tmp_path / "outcomes.parquet"))
    assert seen.chosen is None and seen.levels.tolist() == targets["level"].tolist()
    assert ".." in evaluated.scores["levels"][0]
    assert ranked(evaluated.scores, stages.settings, masks=False).oracle is None


def test_curves_have_no_level_that_was_chosen_for_all(found):
    outcome, _ = found
    ious = np.full(len(outcome), np.nan)
    one, own = (find_curves(View(outcome, "oracle", per_class=c), None, ious, NAMES) for c in (False, True))
    assert set(one["curve"]) == {"level", "chosen"} and set(own["curve"]) == {"level"}


def test_exports_are_at_the_level_of_each_class_and_say_so(found):
    outcome, stages = found
    result = RunResult(View(outcome, "oracle", per_class=True), stages)
    outcome.targets["class_name"] = stages.targets["class_name"] = [f"class {c}" for c in outcome.targets["label"]]
    levels = View(outcome, "oracle", per_class=True).level(*KEY)
    assert set(result.levels) == {"class 0", "class 1"} and set(result.levels.values()) == set(levels.tolist())
    plain = RunResult(View(outcome, "oracle"), stages)
    for t, level in enumerate(levels.tolist()):
        plain.level = level
        for kept in ("_scored", "masks"):
            vars(plain).pop(kept, None)
        np.testing.assert_array_equal(result.boxes[t], plain.boxes[t])
        assert result.masks[t] == plain.masks[t]


def test_the_setting():
    one = check(changed())
    own = check(changed(("evaluations.e.levels", "per_class")))
    assert one.runs[0].evaluation.settings["levels"] == "one"
    assert own.runs[0].evaluation.settings["levels"] == "per_class"
    assert own.runs[0].evaluation.id != one.runs[0].evaluation.id and own.runs[0].threshold == one.runs[0].threshold


@pytest.mark.parametrize("given", [{"method": "otsu"}, {"method": "fixed", "level": 0.2}])
def test_where_each_map_has_its_own_level_no_class_has_one(given):
    config = changed(("evaluations.e.levels", "per_class"), ("thresholds", {"mine": given}))
    with pytest.raises(ConfigError) as error:
        check(config)
    said = f"per_class chooses among the levels of a sweep; {given['method']} leaves none to choose."
    assert str(error.value) == f"evaluations.e.levels: {said}"
    config["thresholds"]["sweep"] = {"method": "sweep"}
    assert len(check(config).runs) > 1
