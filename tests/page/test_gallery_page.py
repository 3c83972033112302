"""The gallery as a reader has it: lists, runs, levels and colours by mouse, keyboard and address; drawn where it is."""

import time

import numpy as np
import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from browser import complaints, opened, requests, violations
from galleries import evaluation, images, page, run, smooth
from wsol.page.gallery import gallery

pytestmark = pytest.mark.browser

EVIL = "<script>alert(1)</script>.jpg"
RANDOM = "#gallery;list=random"


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Two runs and a control over 60 images of two classes each; one is called by a script."""
    folder = tmp_path_factory.mktemp("page")
    targets = images(60, seed=1, a_class=2)
    targets.loc[:1, "image"] = EVIL
    targets.loc[1, "ignore"] = targets.loc[0, "mask"]
    random = np.random.default_rng(3)
    center = np.outer(*[np.hanning(9)[1:-1]] * 2).astype(np.float32)
    runs = []
    for name in ("a/gradcam/sweep", "b/gradcam/sweep", "none/center/sweep"):
        maps = [center if name.startswith("none") else smooth(random) for _ in range(60)]
        runs.append(run(folder, targets, maps, name)[0])
    published = run(folder, targets, maps, "c/gradcam/sweep", protocol="wsol2020")[0]
    entries = [evaluation(targets, runs, "ours"), evaluation(targets, [published], EVIL)]
    found = folder / "page.html"
    found.write_text(page(gallery(entries, 30)))
    return found


def wait(driver, what):
    return WebDriverWait(driver, 20).until(what)


def alternatives(driver):
    return driver.execute_script(
        "return [...document.querySelectorAll('#gallery canvas')].map((each) => each.getAttribute('aria-label'))"
    )


def drawn(driver):
    """The pictures that are drawn, once the first is."""
    wait(driver, lambda d: alternatives(d) and "not drawn" not in alternatives(d)[0])
    return [words for words in alternatives(driver) if words != "not drawn yet"]


@pytest.mark.parametrize(("width", "dark"), [(390, True), (1280, False), (1600, True)])
def test_nothing_leaves_nothing_complains_and_nobody_is_left_out(file, width, dark):
    with opened(file, width, dark=dark, fragment=RANDOM) as driver:
        words = drawn(driver)
        assert complaints(driver) == [] and requests(driver) == [] and violations(driver) == []
        assert driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    assert any(each.startswith("photograph ") for each in words)
    assert any("heatmap: class class " in each and ", run b/gradcam/sweep, IoU " in each for each in words)
    assert any(each.startswith("region and box: ") and ("right" in each or "misplaced" in each) for each in words)


def test_pictures_are_drawn_when_they_come_near_and_before_they_are_printed(file):
    with opened(file, fragment=RANDOM) as driver:
        few = len(drawn(driver))
        every = len(alternatives(driver))
        assert every == 30 * 6 and few < every / 2
        time.sleep(3)  # photographs are decoded meanwhile: a printer does not wait
        left = driver.execute_script(
            "window.dispatchEvent(new Event('beforeprint'));"
            "return document.querySelectorAll('#gallery canvas[aria-label=\"not drawn yet\"]').length"
        )
        assert left == 0


def test_what_is_selected_stands_in_the_address_and_comes_back_from_it(file):
    with opened(file) as driver:
        drawn(driver)
        Select(driver.find_element("id", "gallery-run")).select_by_value("a/gradcam/sweep")
        Select(driver.find_element("id", "gallery-list")).select_by_value("worst")
        Select(driver.find_element("id", "gallery-colours")).select_by_value("jet")
        address = driver.current_url
        rule = driver.find_element("id", "gallery-rule").text
    assert "list=worst" in address and "run=a/gradcam/sweep" in address and "colours=jet" in address
    assert rule.startswith("30 of 60 · The lowest IoU of a/gradcam/sweep first")
    with opened(file, fragment="#" + address.split("#")[1]) as driver:
        assert all("class" in words for words in drawn(driver)[1:4])
        assert driver.find_element("id", "gallery-rule").text == rule
        assert driver.find_element("id", "gallery-colours").get_attribute("value") == "jet"


def test_a_link_from_elsewhere_shows_its_list_and_an_unknown_one_is_said(file):
    with opened(file, fragment="#gallery;list=exact:right;run=b/gradcam/sweep") as driver:
        assert "right, by the rule exact" in driver.find_element("id", "gallery-rule").text
        driver.execute_script("location.hash = '#gallery;list=exact:right;run=c/gradcam/sweep'")
        chosen = driver.find_element("id", "gallery-evaluation")
        wait(driver, lambda d: chosen.get_attribute("value") == EVIL)  # the evaluation that has it
        driver.execute_script("location.hash = '#gallery;list=exact:several;run=d/x/sweep;level=nonsense'")
        wait(driver, lambda d: "d/x/sweep is not among the runs" in d.find_element("id", "gallery-rule").text)
        driver.execute_script("location.hash = '#gallery;evaluation=ours;list=exact:several;run=a/gradcam/sweep'")
        wait(driver, lambda d: "in the list 'exact:several'" in d.find_element("id", "gallery-rule").text)
        assert complaints(driver) == []


def test_arrow_keys_go_from_target_to_target(file):
    with opened(file, fragment=RANDOM) as driver:
        drawn(driver)
        first, second = driver.find_elements("css selector", ".gallery-card")[:2]
        driver.execute_script("arguments[0].focus()", first)
        driver.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
        assert driver.switch_to.active_element == second
        assert "target=" in driver.current_url
        driver.switch_to.active_element.send_keys(Keys.ARROW_LEFT)
        assert driver.switch_to.active_element == first


def test_every_class_of_an_image_stands_below_it(file):
    with opened(file, fragment=RANDOM) as driver:
        drawn(driver)
        assert len(driver.find_elements("css selector", ".gallery-card:first-child .gallery-row")) == 1
        driver.find_element("id", "gallery-classes").click()
        rows = driver.find_elements("css selector", ".gallery-card:first-child .gallery-row")
        wait(
            driver,
            lambda d: (
                "class class"
                in rows[1].find_element("css selector", "canvas:not([aria-label^=ph])").get_attribute("aria-label")
            ),
        )
        assert len(rows) == 2


def test_several_classes_of_an_image_stand_side_by_side_and_come_first(file):
    with opened(file) as driver:
        drawn(driver)
        assert driver.find_element("id", "gallery-list").get_attribute("value") == "together"
        assert driver.find_element("id", "gallery-rule").text.startswith(
            "30 of 30 · Images with targets of two classes"
        )
        card = driver.find_element("css selector", ".gallery-card:nth-child(2)")
        rows = card.find_elements("css selector", ".gallery-row")
        assert len(rows) == 2 and abs(rows[0].rect["y"] - rows[1].rect["y"]) < 1
        assert rows[0].rect["x"] + rows[0].rect["width"] < rows[1].rect["x"]
        wait(driver, lambda d: "not drawn" not in said(rows[0])[0])
        left, right = said(rows[0]), said(rows[1])
        assert len(left) == len(right) == 5  # the truth, and of two runs the map and the region
        classes = [words[0].split(", class ")[1].split(":")[0] for words in (left, right)]
        assert classes[0] != classes[1] and card.text.startswith(", ".join(classes))
        assert all(f"class {classes[0]}, run" in words for words in left[1:])
        assert all(f"class {classes[1]}, run" in words for words in right[1:])
        assert not driver.find_element("id", "gallery-classes-label").is_displayed() and complaints(driver) == []
    with opened(file, width=390) as driver:
        drawn(driver)
        rows = driver.find_elements("css selector", ".gallery-card:first-child .gallery-row")
        assert rows[0].rect["x"] == rows[1].rect["x"] and rows[0].rect["y"] < rows[1].rect["y"]
        assert driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")
        assert violations(driver) == []


def said(row):
    return [each.get_attribute("aria-label") for each in row.find_elements("css selector", "canvas")]


def test_names_are_text(file):
    with opened(file) as driver:
        drawn(driver)
        driver.execute_script("state.set('list', 'class:class 0')")
        wait(driver, lambda d: EVIL in d.find_element("id", "gallery-cards").text)
        assert not driver.find_elements("css selector", "#gallery-cards script")
