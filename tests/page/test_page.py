"""The page: the answer first, everything of a user's as text, nothing asked of a network, and not too much of it."""

import json
import re

import numpy as np
import pandas as pd

from pages import tables
from wsol.page.browser import SCRIPTS, STYLES, text
from wsol.page.figures import FIGURES
from wsol.page.page import library, page
from wsol.page.seen import Tables, seen
from wsol.report.claims import Claim, verdicts

EVIL = "<script>alert(1)</script>"


def without_library(html):
    return html.replace(library(), "")


def test_the_page_says_first_which_run_is_best_and_whether_that_is_established():
    html = page(tables(p=0.2))
    first = html.index("net/gradcam is best in maxboxacc@50")
    assert first < html.index("<table") and html.index("is not established") < html.index("<table")
    assert "and that is established" in page(tables(p=0.001))


def test_it_asks_nothing_of_a_network_and_everything_lies_inside():
    html = without_library(page(tables(), summaries={"d": "images 3"}))
    assert not re.findall(r"""(?:src|href)=["']?(?![#"'])|url\(|@import|<link|<img""", html)
    assert html.count("<style>") == len(STYLES) and all(text(name) in html for name in SCRIPTS)


def test_what_a_user_named_is_text_wherever_it_stands():
    evil = tables(networks=(EVIL,), cams=("gradcam",))
    evil.strata["stratum"] = evil.strata["stratum"].replace("cat", EVIL)
    problems = pd.DataFrame({"kind": ["size"], "image": [f"{EVIL}.jpg"], "detail": [EVIL]})
    described = {
        "command": f"make run CONFIG={EVIL}",
        "runs": [{"evaluation": "e", "name": f"{EVIL}/gradcam/sweep", "decisions": [("cam", "gradcam@0")]}],
        "settings": {"gradcam@0": {"method": "gradcam", "note": EVIL}},
    }
    html = without_library(page(evil, summaries={EVIL: EVIL}, problems={EVIL: problems}, described=described))
    assert EVIL not in html and html.count("&lt;script&gt;alert(1)") > 20 and "\\u003cscript>" in html


def test_what_figures_are_drawn_from_comes_back_from_the_page_as_it_was():
    html = page(tables("e", "f"))
    told = json.loads(re.search(r'<script type="application/json" id="figures">(.*?)</script>', html, re.S)[1])
    assert {key.partition(":")[0] for key in told["figures"]} == {"e", "f"}
    each = next(seen(tables("e")))
    for name, make in FIGURES.items():
        figure = make(each)
        if figure is None:
            assert f"e:{name}" not in told["figures"]
            continue
        columns = told["figures"][f"e:{name}"]["columns"]
        for column, values in figure.rows.items():
            came = columns[column]
            if isinstance(came, dict):
                assert [came["words"][code] for code in came["codes"]] == values.astype(str).tolist()
            else:
                given = [None if pd.isna(v) else v for v in values]
                assert len(came) == len(given)
                assert all(a == b or abs(a - b) < 1e-3 for a, b in zip(came, given, strict=True))


def test_an_address_of_each_part_and_evaluation_is_there():
    html = page(tables("e", "f"), summaries={"d": "images 3"})
    for place in ("best", "levels", "overlap", "strata", "failures", "data", "definitions", "main"):
        assert f'href="#{place}"' in html and html.count(f'id="{place}"') == 1
    assert html.count('class="evaluation"') == 2 and '<select id="evaluation"><option>e</option>' in html
    assert '<select id="evaluation">' not in page(tables("e"))


def test_what_is_not_there_is_left_out():
    bare = Tables(*tables()[:3])
    html = page(bare)
    assert 'href="#failures"' not in html and 'href="#overlap"' not in html and 'href="#strata"' in html
    alone = bare._replace(comparisons=bare.comparisons[:0], strata=bare.strata[:0])
    assert 'href="#strata"' not in page(alone) and "Paired differences" not in page(alone)


def test_a_single_group_is_said_to_be_one():
    given = tables()
    for table in given[:2]:
        table[["low", "high"]] = np.nan
    html = page(given)
    assert "one group: no interval" in html and "[nan" not in html


def test_problems_of_the_index_stand_at_the_foot_the_first_of_many():
    many = pd.DataFrame({"kind": "size", "image": [f"{i}.jpg" for i in range(60)], "detail": "x"})
    html = page(tables(), summaries={"d": "images 3"}, problems={"d": many})
    assert "the first 50 of 60" in html and "49.jpg" in html and "50.jpg" not in html


def test_the_page_has_every_claim_with_its_verdict():
    about = ("A paper", "e", "maxboxacc@50", None)
    given = [
        Claim("ours", *about, "net/gradcam/sweep", 90.0, 0.1, False),
        Claim("theirs", *about, "x/y/z", 1.0, 0.1, False),
    ]
    html = page(tables(), reproduction=verdicts(given, tables().scores))
    assert 'id="claims"' in html and "90.0 [85.0 95.0]" in html and "reproduced" in html
    assert "<b>differs (no row: none of maxboxacc@50)</b>" in html
    assert 'id="claims"' not in page(tables())


def test_how_often_a_network_was_trained_and_how_far_its_trainings_lie_apart():
    given = tables()
    own = given.scores["backbone"] == "net"
    given.scores.loc[own, ["spread", "trainings"]] = [2.14, 3]
    html = page(given)
    assert html.count("<small>3 trainings</small>") == 2 and html.count("<b>2.1</b>") == 2
    assert "trainings" not in without_library(page(tables())).partition("<main")[2].partition("</table>")[0]


def test_the_same_tables_give_the_same_bytes_and_few_of_them():
    assert page(tables("e", "f")) == page(tables("e", "f"))
    assert len(page(tables()).encode()) < 1_200_000
