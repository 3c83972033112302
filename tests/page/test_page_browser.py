"""The page in a real Chromium: what a reader does with a pointer, with keys, with the address, in both themes."""

from itertools import product

import pytest

from browser import complaints, opened, requests, violations
from pages import tables, trainings
from wsol.page.contents import SHEETS
from wsol.page.page import page
from wsol.page.seen import seen
from wsol.page.sheets import FORMS

pytestmark = pytest.mark.browser
EVIL = "<script>alert(1)</script>"
COPIES = """
window.copied = [];
Object.defineProperty(navigator, "clipboard", {value: {writeText: async (text) => copied.push(text)}});
URL.createObjectURL = (blob) => { blob.text().then((text) => copied.push(text)); return "blob:none"; };
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A page of two evaluations, of eight runs of a model each, one of them of an evil name."""
    given = tables("e", "f", networks=("net", "slim", EVIL, "wide"))
    described = {"command": "make run", "runs": [], "settings": {}}
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page(given, summaries={"d": "images 3"}, described=described))
    return path


def wait(browser, script, *arguments):
    """What a script gives, once that is true; at most some ten seconds."""
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(browser, 10).until(lambda driver: driver.execute_script(f"return {script}", *arguments))


def drawn(browser, turn=1):
    wait(browser, f"Number(document.documentElement.dataset.drawn) >= {turn}")


def rows(browser):
    """The names of the leaderboard's rows that are seen, in their order."""
    script = """return [...document.querySelectorAll('[data-key="e.leaderboard"] tbody tr')]
        .filter((row) => !row.hidden).map((row) => row.cells[0].querySelector("button").textContent)"""
    return browser.execute_script(script)


def head(browser, text):
    """The heading of the leaderboard's column."""
    script = """return [...document.querySelectorAll('[data-key="e.leaderboard"] th .sort')]
        .find((button) => button.textContent === arguments[0])"""
    return browser.execute_script(script, text)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A page of one evaluation: what looks at every element takes its time."""
    path = tmp_path_factory.mktemp("page") / "small.html"
    trained = [*trainings(seeds=(0, 1, 2), validation="other"), *trainings("slim")]
    path.write_text(page(tables(), trainings=trained, summaries={"d": "images 3"}, described={"command": "make run"}))
    return path


@pytest.mark.parametrize(("width", "dark"), [*product((390, 1280), (False, True))])
def test_nothing_is_complained_of_asked_for_or_out_of_reach(small, width, dark):
    with opened(small, width, dark=dark) as browser:
        browser.set_script_timeout(100)
        drawn(browser)
        assert complaints(browser) == [] and requests(browser) == []
        assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
        figures = "return [...document.querySelectorAll('.evaluation:not([hidden]) figure')]"
        count = browser.execute_script(f"{figures}.length")
        assert count > 10 and browser.execute_script(f"{figures}.filter((f) => f.querySelector('svg')).length") == count
        assert browser.execute_script("return document.querySelectorAll('#training figure svg').length") == 2
        paper = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(20, 24, 31)") == dark
        browser.execute_script("for (const part of document.querySelectorAll('main > * details')) part.open = true")
        assert violations(browser) == []


def test_a_table_is_sorted_filtered_and_hidden_and_the_address_says_so(report):
    with opened(report) as browser:
        best = rows(browser)
        head(browser, "maxboxacc@50").click()
        assert rows(browser) == best  # most first, as it stands
        head(browser, "maxboxacc@50").click()
        assert rows(browser) == best[::-1]
        field = browser.execute_script("""return document.querySelector('[data-key="e.leaderboard"] .filter')""")
        field.send_keys("slim")
        assert rows(browser) == ["slim/layercam", "slim/gradcam"]
        browser.execute_script("""
            const menu = document.querySelector('[data-key="e.leaderboard"] .hide');
            menu.open = true; menu.querySelectorAll("input")[1].click();""")
        assert not head(browser, "below the best").is_displayed() and head(browser, "maxboxacc@50").is_displayed()
        sent = browser.execute_script("return location.hash")
    with opened(report, fragment=sent) as browser:
        assert rows(browser) == ["slim/layercam", "slim/gradcam"]
        assert not head(browser, "below the best").is_displayed()
        ordered = """return document.querySelector('[data-key="e.leaderboard"] th[aria-sort=ascending]').textContent"""
        assert browser.execute_script(ordered).startswith("maxboxacc@50")
        assert browser.execute_script("return location.hash") == sent


def test_evaluation_theme_and_runs_of_figures_stand_in_the_address_too(report):
    with opened(report, fragment="#strata;evaluation=f;theme=dark;many=6;named=slim") as browser:
        drawn(browser)
        shown = "return [...document.querySelectorAll('.evaluation:not([hidden])')].map((s) => s.dataset.evaluation)"
        assert browser.execute_script(shown) == ["f"]
        assert browser.execute_script("return document.documentElement.dataset.theme") == "dark"
        text = browser.execute_script("""return document.querySelector('[data-figure="f:ranking"] svg').textContent""")
        assert "slim/gradcam" in text and "net/gradcam" not in text
        at = "return document.querySelector('.evaluation:not([hidden]) [data-part=strata]').getBoundingClientRect().top"
        assert abs(browser.execute_script(at)) < 120
        browser.execute_script("location.hash = '#evaluation=e'")
        assert wait(browser, "document.querySelector('#theme').value === '' && !document.documentElement.dataset.theme")
        assert browser.execute_script(shown) == ["e"]


@pytest.mark.parametrize("form", FORMS)
def test_what_is_copied_is_what_files_say(report, form):
    """The page's forms in JavaScript against those in Python, on every table of an evaluation."""
    each = next(seen(tables("e", "f", networks=("net", "slim", EVIL, "wide"))))
    with opened(report) as browser:
        browser.execute_script(COPIES)
        for name in ("leaderboard", "pairs", "prices", "failures_exact", "strata_class", "overlap"):
            figure = {"pairs": "differences", "prices": "price"}.get(name, name)
            copy = "document.querySelector(`[data-key='e.${arguments[0]}'] [data-form=${arguments[1]}]`).click()"
            browser.execute_script(f"copied.length = 0; {copy}", figure, form)
            assert wait(browser, "copied[0]") == FORMS[form](SHEETS[name](each)), name
        browser.execute_script("""document.querySelector('[data-key="e.leaderboard"] .filter').value = "slim";
            document.querySelector('[data-key="e.leaderboard"] .filter').dispatchEvent(new Event("input"));
            copied.length = 0;""")
        browser.execute_script(copy, "leaderboard", form)
        assert "net/gradcam" not in wait(browser, "copied[0]")


def test_keys_alone_reach_the_answer_sort_and_open_a_definition(report):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    def press(*keys):
        ActionChains(browser).send_keys(*keys).perform()

    with opened(report) as browser:
        press(Keys.TAB)
        assert browser.execute_script("return document.activeElement.className") == "skip"
        press(Keys.ENTER)
        assert browser.execute_script("return document.activeElement.id") == "main"
        for _ in range(40):
            if browser.execute_script("return document.activeElement.textContent") == "maxboxacc@50":
                break
            press(Keys.TAB)
        press(Keys.ENTER)
        sorted_by = (
            """return document.querySelector('[data-key="e.leaderboard"] th[aria-sort=descending]').textContent"""
        )
        assert browser.execute_script(sorted_by).startswith("maxboxacc@50")
        outline = "return getComputedStyle(document.activeElement).outlineStyle"
        assert browser.execute_script(outline) == "solid"
        press(Keys.TAB)
        press(Keys.ENTER)
        dialog = "document.querySelector('dialog').open && document.querySelector('dialog').textContent"
        assert "Choe et al. 2020" in browser.execute_script(f"return {dialog}")
        press(Keys.ESCAPE)
        assert wait(browser, "!document.querySelector('dialog').open")
        assert browser.execute_script("return document.activeElement.dataset.about") == "metric:maxboxacc@50"


def test_a_number_opens_its_metric_and_its_run(report):
    with opened(report) as browser:
        browser.execute_script("""document.querySelector('[data-key="e.leaderboard"] td[data-value]').click()""")
        told = browser.execute_script("return document.querySelector('dialog').textContent")
        assert "Choe et al. 2020" in told and "net/gradcam" in told and "make run" in told


def test_a_kind_of_failure_leads_to_its_pictures(report, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(report.read_text().replace("</main>", '<section id="gallery">pictures</section></main>'))
    with opened(path) as browser:
        drawn(browser)
        browser.execute_script("""window.told = []; state.on("list", (value) => told.push(value));
            document.querySelector('[data-figure="e:failures_exact"]').scrollIntoView({block: "center"});""")
        from selenium.webdriver.common.action_chains import ActionChains

        bar = browser.execute_script("""return [...document.querySelectorAll('[data-figure="e:failures_exact"] path')]
            .find((path) => path.__data__.datum && path.__data__.datum.kind === "part")""")
        ActionChains(browser).move_to_element(bar).click().perform()
        assert wait(browser, "told[0]") == "exact:part"
        hash = browser.execute_script("return location.hash")
        assert hash.startswith("#gallery;") and "list=exact:part" in hash and "run=" in hash
