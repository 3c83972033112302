"""costs.html says where the time went, and asks nothing of a network; the report says nothing of time."""

import re

from pages import tables
from wsol.page.costs import costs_page, write_page
from wsol.page.page import page
from wsol.terminal.costs import StageCost

COSTS = [StageCost("localize", 20, 320, 20, 16, 273), StageCost("report", 1, 0, 5, 4, 357)]


def test_the_page_says_where_the_time_went(tmp_path):
    html = costs_page(COSTS)
    assert "localize took 80 % of 20 s of CPU; no job held more than 357 MB, which was one of report." in html
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", html, re.S)]
    assert rows == [
        ["stage", "jobs", "images", "wall", "CPU", "peak", "images/s", "images/CPU s", "share of CPU"],
        ["localize", "20", "320", "20 s", "16 s", "273 MB", "16.0", "20.0", "80 %"],
        ["report", "1", "", "5.0 s", "4.0 s", "357 MB", "", "", "20 %"],
    ]
    assert set(re.findall(r"<dt>(.*?)</dt>", html)) == set(rows[0]) - {"stage"}
    assert not re.findall(r"""(?:src|href)=|url\(|@import|<script""", html)
    write_page(tmp_path / "costs.html", [])
    assert "No job has said what it used." in (tmp_path / "costs.html").read_text()


def test_the_report_leads_there_where_there_is_such_a_page():
    assert '<a href="costs.html">' in page(tables(), costs="costs.html") and "costs.html" not in page(tables())
