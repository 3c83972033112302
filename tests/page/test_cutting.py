"""The browser's box is the scorer's: what the page cuts at a level is what the regions file has at that level."""

import cv2
import numpy as np
import pytest

from browser import complaints, opened, requests
from galleries import evaluation, images, page, run, smooth
from wsol import boxes
from wsol.page.gallery import gallery

pytestmark = pytest.mark.browser

TARGETS = 30
LEVELS = (0.06, 0.2, 0.5, 0.734, 0.93, 1.0)  # the last is a value of every map
CASES = {
    "stretched": {},
    "cubic, cropped": {"upsampling": "cubic", "how": "crop"},
    "bordered, max": {"how": "border", "normalization": "max"},
    "on the image, cropped": {"canvas": "image", "how": "crop", "upsampling": "cubic"},
    "on the image, bordered": {"canvas": "image", "how": "border", "alignment": "receptive_field"},
    "receptive field": {"alignment": "receptive_field"},
    "receptive field, cubic": {"alignment": "receptive_field", "upsampling": "cubic", "how": "crop"},
    "as computed": {"normalization": "none"},
    "published": {"protocol": "wsol2020", "upsampling": "cubic"},
    "published, linear, max": {"protocol": "wsol2020", "normalization": "max"},
    "each map's own": {"threshold": {"method": "otsu"}},
    "each map's own, published": {"protocol": "wsol2020", "threshold": {"method": "percentile", "q": 70.0}},
}
EVERY = """
const [levels] = arguments;
const data = JSON.parse(document.getElementById("gallery-data").textContent);
return data.evaluations.map((each) => {
  state.set("evaluation", each.name);
  const at = (target, level) => target.maps[0].level ?? level;
  return each.targets.map((target, i) => levels.map((level) => gallery.cut(i, each.runs[0].name, at(target, level))));
});
"""


@pytest.fixture(autouse=True)
def as_the_workflow_has_it():
    """Jobs resize by OpenCV's own code: `processor.ARRAYS`."""
    before = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(False)
    yield
    cv2.ipp.setUseIPP(before)


def compared(driver, stages, levels=LEVELS):
    """(what the page found, what the files have) that differ, and how many pairs there were and were too near."""
    found = driver.execute_script(EVERY, list(levels))
    differ, pairs, near = [], 0, 0
    for of_page, each in zip(found, stages, strict=True):
        method = each.settings["threshold"]["method"]
        for place, level in enumerate(levels):
            at = level if method == "sweep" else None
            overlaps = each.find_overlaps(at)
            for i, (largest, every) in enumerate(zip(each.largest_boxes(at), each.all_boxes(at), strict=True)):
                cut = of_page[i][place]
                pairs += 1
                same = cut["box"] == largest and {*map(tuple, cut["boxes"])} == {*map(tuple, every.tolist())}
                if same and len(largest):  # the largest region's box is one of all
                    truth = boxes.asboxes(each.targets["boxes"].iloc[i])
                    if each.protocol.scored_in_image and len(truth):
                        assert cut["iou"] == pytest.approx(boxes.iou(largest, truth).max(), abs=1e-12)
                    assert np.isclose(overlaps[i].max(axis=1, initial=0), cut["iou"] or 0, atol=1e-12).any()
                if not same:
                    near += cut["near"]
                    differ += [] if cut["near"] else [(each.settings, i, level, cut["box"], largest)]
    return differ, pairs, near


def test_the_box_in_the_page_is_the_one_in_the_regions_file(tmp_path):
    targets = images(TARGETS, seed=3)
    random = np.random.default_rng(8)
    evaluations, stages = [], []
    for i, (name, changes) in enumerate(CASES.items()):
        cells = [(7, 7), (12, 9), (3, 14), (5, 6)][i % 4]
        maps = [smooth(random, cells) for _ in range(TARGETS)]
        maps[4] = np.round(maps[4] * 4) / 4  # plateaus, so that many regions and levels are equal
        maps[5] = np.full(cells, 0.25, np.float32)  # degenerate
        maps[6] = np.zeros(cells, np.float32)  # two regions of one size
        maps[6][1, [0, -1]] = 1
        shown, own = run(tmp_path / str(i), targets, maps, **changes)
        evaluations.append(evaluation(targets, [shown], name))
        stages.append(own)
    data = gallery(evaluations, TARGETS)
    assert [len(each["targets"]) for each in data["evaluations"]] == [TARGETS] * len(CASES)
    file = tmp_path / "page.html"
    file.write_text(page(data))
    with opened(file) as driver:
        differ, pairs, near = compared(driver, stages)
        assert complaints(driver) == [] and requests(driver) == []
    assert pairs == TARGETS * len(LEVELS) * len(CASES) >= 1000
    assert differ == [] and near <= pairs // 100, f"{near} of {pairs} have a pixel within 1e-6 of the level"


SLIDE = """
const slider = document.getElementById("gallery-level");
slider.value = arguments[0];
slider.dispatchEvent(new Event("input"));
"""
DRAWN = """
return [...document.querySelectorAll("figure[data-box]")].map((each) => [
  each.closest("article").dataset.target, JSON.parse(each.dataset.box), each.querySelector("canvas").ariaLabel]);
"""


def test_the_slider_draws_that_box_and_goes_back(tmp_path):
    targets = images(8, seed=5)
    random = np.random.default_rng(2)
    shown, stages = run(tmp_path, targets, [smooth(random) for _ in range(8)])
    file = tmp_path / "page.html"
    file.write_text(page(gallery([evaluation(targets, [shown])], 8)))

    def drawn(level):
        found = driver.execute_async_script(
            "const done = arguments[0]; setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(() =>"
            f" done((() => {{ {DRAWN} }})())), 200))"
        )
        names = (targets["image"] + "|" + targets["class_name"]).tolist()
        assert len(found) == 8
        for name, box, words in found:
            assert box == stages.largest_boxes(level)[names.index(name)]
            assert f"at level {level}" in words and "run net/gradcam/sweep" in words and "IoU " in words
        return found

    with opened(file, height=6000) as driver:
        first = drawn(0.5)
        driver.execute_script(SLIDE, 0.3)
        assert drawn(0.3) != first and "level=0.3" in driver.current_url
        driver.find_element("id", "gallery-back").click()
        assert drawn(0.5) == first and "level" not in driver.current_url
