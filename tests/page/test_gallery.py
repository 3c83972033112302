"""The gallery's data: everything once, what was computed and no other number, and no more bytes than were asked for."""

import base64
import json

import cv2
import numpy as np
import pandas as pd
import pytest

from galleries import SETTINGS, evaluation, images, page, painted, run, smooth
from wsol.errors import DataError
from wsol.files.heatmap import HEATMAPS
from wsol.files.score import OUTCOMES
from wsol.page import gallery as of_page
from wsol.page import packing
from wsol.page.gallery import gallery
from wsol.page.packing import numbers, photograph
from wsol.page.pictured import PicturedRun, Ranked, chosen_runs, in_table, ranked, seen_targets
from wsol.page.showing import shard_starts

EVIL = "<script>alert(1)</script>.jpg"


def maps_of(count, seed=0, **_):
    random = np.random.default_rng(seed)
    return [smooth(random) for _ in range(count)]


@pytest.fixture
def shown(tmp_path):
    """A gallery of two networks and a control over 40 targets, two classes an image."""
    targets = images(40, a_class=2)
    center = np.outer(*[np.hanning(9)[1:-1]] * 2).astype(np.float32)
    runs = [
        run(tmp_path, targets, maps_of(40, 1), "a/gradcam/sweep")[0],
        run(tmp_path, targets, maps_of(40, 2), "b/gradcam/sweep")[0],
        run(tmp_path, targets, [center] * 40, "none/center/sweep")[0],
    ]
    return targets, runs


def decoded(entry):
    kind = {4: "<f4", 8: "<f8"}[entry["bytes"]]
    return np.frombuffer(base64.b64decode(entry["values"]), kind).reshape(entry["shape"])


def test_every_photograph_and_every_map_is_there_once_and_is_what_was_computed(shown):
    targets, runs = shown
    data = gallery([evaluation(targets, runs)], 40)
    own = data["evaluations"][0]
    names = [each["name"] for each in own["runs"]]
    assert len(data["images"]) == 20 and len(own["targets"]) == 40
    assert len(data["maps"]) == 81  # two networks' and one of the control
    for i, target in enumerate(own["targets"]):
        row = targets.iloc[i]
        assert data["images"][target["image"]]["name"] == row["image"] and target["class_name"] == row["class_name"]
        assert target["boxes"] == row["boxes"].reshape(-1, 4).tolist() and target["mask"] == row["mask"]
        for name, seed in (("a/gradcam/sweep", 1), ("b/gradcam/sweep", 2)):
            seen = target["maps"][names.index(name)]
            np.testing.assert_array_equal(decoded(data["maps"][seen["map"]]), maps_of(40, seed)[i])
            lies = data["places"][seen["place"]]
            assert lies["input_size"] == [96, 96] and lies["input_to_image"][0] == row["width"] / 96


def test_a_map_keeps_its_numbers_and_a_photograph_its_shape():
    assert numbers(np.float64([[0.1]]))["bytes"] == 8 and numbers(np.float64([[0.5]]))["bytes"] == 4
    assert np.isnan(decoded(numbers(np.float32([[np.nan, 1]])))[0, 0])
    image = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 255, (500, 800, 3), np.uint8), (0, 0), 9)
    found = photograph(image)
    assert found["pixels"] == [320, 200] and found["own"] == [800, 500]
    code = np.frombuffer(base64.b64decode(found["uri"].split(",")[1]), np.uint8)
    again = cv2.imdecode(code, cv2.IMREAD_COLOR)[..., ::-1]
    small = cv2.resize(image, (320, 200), interpolation=cv2.INTER_AREA)
    assert again.shape == (200, 320, 3) and np.abs(again.astype(int) - small).mean() < 4
    assert photograph(image[:20, :30])["pixels"] == [30, 20]


def test_the_same_files_give_the_same_bytes(shown):
    targets, runs = shown
    one, two = (page(gallery([evaluation(targets, runs)], 6)) for _ in range(2))
    assert one == two
    inside = one.split('id="gallery-data">')[1].split("</script>")[0]
    json.loads(inside, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


def test_lists_name_targets_that_are_there_and_say_how_many_they_leave_out(shown):
    own = gallery([evaluation(*shown)], 5)["evaluations"][0]
    for each in own["lists"]:
        assert 0 < len(each["targets"]) <= 5 and each["total"] >= len(each["targets"])
        assert len(set(each["targets"])) == len(each["targets"])
    worst = next(each for each in own["lists"] if each["key"] == "worst")
    number = [each["name"] for each in own["runs"]].index(worst["run"])
    scores = [own["targets"][i]["maps"][number]["iou"] for i in worst["targets"]]
    assert scores == sorted(scores) and scores[0] == min(each["maps"][number]["iou"] for each in own["targets"])


def test_no_more_bytes_than_there_are_and_every_list_gets_its_share(shown, monkeypatch):
    whole = gallery([evaluation(*shown)], 40)
    monkeypatch.setattr(of_page, "MOST", whole["bytes"] // 3)
    less = gallery([evaluation(*shown)], 40)
    assert less["bytes"] <= less["budget"] * 1.05 and less["budget"] == whole["bytes"] // 3
    size = len(json.dumps(less))
    assert abs(size - less["bytes"]) < 0.25 * size  # what is said is what there is, but for the lists themselves
    kept = [len(each["targets"]) for each in less["evaluations"][0]["lists"] if not each["key"].startswith("class:")]
    assert min(kept) >= 1 and max(kept) < 40
    assert gallery([evaluation(*shown)], 0) == {} and gallery([], 12) == {}


def test_only_files_with_a_chosen_target_are_opened(tmp_path, monkeypatch):
    targets = images(60)
    one, _ = run(tmp_path, targets, maps_of(60), shard=2)
    opened = []
    real = HEATMAPS.map
    monkeypatch.setattr(packing, "HEATMAPS", type("F", (), {"map": lambda path: opened.append(path) or real(path)}))
    own = gallery([evaluation(targets, [one])], 2)["evaluations"][0]
    assert len(opened) == len(set(opened)) <= len(own["targets"]) < 30


def test_shards_begin_at_the_images_in_their_names():
    targets = pd.DataFrame({"image": ["a", "a", "b", "c", "c", "d"]})
    found = shard_starts(targets, ["x/000000-000001.heatmaps.npz", "x/000002-000003.heatmaps.npz"])
    assert found.tolist() == [0, 3, 6]


def test_an_image_that_does_not_open_is_left_out(shown):
    targets, runs = shown
    good = painted(targets)

    def some(name):
        if name < "010.jpg":
            raise DataError(f"{name} is broken")
        return good(name)

    own = gallery([evaluation(targets, runs)._replace(open_image=some)], 40)["evaluations"][0]
    assert len(own["targets"]) == 20 and max(max(each["targets"]) for each in own["lists"]) < 20


def test_what_a_user_named_is_text(tmp_path):
    targets = images(3).assign(image=[EVIL, EVIL, "</script>.jpg"], class_name=[EVIL, "a", "-->"])
    one, _ = run(tmp_path, targets, maps_of(3))
    html = page(gallery([evaluation(targets, [one], name=EVIL)], 3))
    assert EVIL not in html and "</script>.jpg" not in html
    inside = html.split('id="gallery-data">')[1].split("</script>")[0]
    assert json.loads(inside)["evaluations"][0]["name"] == EVIL


def picture(name):
    return PicturedRun(name, name.startswith("none"), "", SETTINGS, "", "", "", [])


def test_the_best_run_of_each_backbone_and_the_best_control_are_shown_first():
    names = ["a/x/s", "a/y/s", "a/z/s", "b/x/s", "b/y/s", "none/center/s", "none/full/s", "c/x/s"]
    value = [70, 90, 80, 10, 20, 50, 60, float("nan")]
    chosen = chosen_runs([picture(name) for name in names], value, 5)
    assert [names[i] for i in chosen] == ["a/y/s", "a/z/s", "none/full/s", "b/y/s", "c/x/s"]
    assert len(chosen_runs([picture(name) for name in names], value)) == 8
    assert [names[i] for i in chosen_runs([picture(name) for name in names], value, 2)] == ["a/y/s", "none/full/s"]


def test_a_run_of_several_trainings_counts_by_its_row_of_the_table():
    level = Ranked("maxboxacc@50", "selected", 40.0, 0.4)
    row = {"backbone": "a", "cam": "x", "threshold": "s", "metric": "maxboxacc@50", "choice": "selected", "value": 55.0}
    table = pd.DataFrame([row | {"choice": "oracle", "value": 60.0}, row])
    assert in_table(picture("a/x/s"), level, table) == 55 and in_table(picture("b/x/s"), level, table) == 40


def test_runs_are_ranked_by_what_is_of_the_box_and_a_grid_s_oracle_is_exact():
    rows = [
        ("top1_acc", "none", 80.0, ""),
        ("maxboxacc_v2", "selected", 50.0, "0.1 0.2 0.3"),
        ("top1_loc", "oracle", 61.0, "0.043"),
        ("top1_loc", "selected", 60.0, "0.29"),
    ]
    scores = pd.DataFrame(rows, columns=["metric", "choice", "value", "levels"])
    assert ranked(scores, SETTINGS, False) == Ranked("top1_loc", "selected", 60.0, 0.043)
    grid = np.arange(0, 1, 0.001)
    published = ranked(scores, SETTINGS | {"protocol": "wsol2020"}, False)
    assert published.oracle == grid[43] and grid[43] != 0.043
    assert ranked(scores[:2], SETTINGS, False) == Ranked("maxboxacc_v2", "selected", 50.0, None)  # what else there is
    assert ranked(scores[:1], SETTINGS, False).metric == ""
    own = pd.DataFrame([("mask_iou", "fixed", 30.0, ""), ("top1_loc", "fixed", 40.0, "")], columns=scores.columns)
    assert ranked(own, SETTINGS, True).metric == "mask_iou" and ranked(own, SETTINGS, False).metric == "top1_loc"


def test_where_the_truth_is_masks_their_iou_is_what_lists_go_by(tmp_path):
    targets = images(6)
    shown, _ = run(tmp_path, targets, maps_of(6))
    frame = OUTCOMES.read(shown.outcomes)
    changed = frame.assign(iou=np.nan, level=0.25, **{"mask_iou@oracle": 1.0, "mask_iou@selected": np.arange(6) / 6})
    OUTCOMES.write(shown.outcomes, changed)
    seen = seen_targets(shown.outcomes)
    assert seen.score.tolist() == (np.arange(6) / 6).tolist() and seen.chosen == 0.25 and seen.choice == "oracle"
