"""Figures: valid Vega-Lite, of the tables' numbers, and as files of their own the same bytes each time."""

import re
import runpy
import xml.etree.ElementTree as ET

import altair as alt
import pandas as pd
import pytest
import vl_convert

from conftest import ROOT
from pages import tables
from wsol.errors import ConfigError
from wsol.page.browser import text
from wsol.page.colours import VARIABLE, configuration, fixed, light
from wsol.page.figures import FIGURES
from wsol.page.seen import FIRST, Tables, seen
from wsol.page.written import alone, write
from wsol.report.tables import printed

DRAWN = [name for name in FIGURES if FIGURES[name](next(seen(tables()))) is not None]


@pytest.fixture
def each():
    return next(seen(tables()))


def test_most_figures_have_something_to_draw_here():
    assert len(DRAWN) >= 12 and "levels_maxboxacc_v2" not in DRAWN  # of which there is no curve


@pytest.mark.parametrize("name", DRAWN)
def test_every_figure_is_valid_vega_lite_with_words_and_a_run_in_each_row(each, name):
    figure = FIGURES[name](each)
    alt.Chart.from_dict(alone(figure, each.runs), validate=True)
    assert figure.title and figure.description.endswith(".") and set(figure.rows["run"]) <= set(each.runs)
    assert len(figure.rows) == len(figure.rows.drop_duplicates())


def words(figure, each):
    """Every text of the figure as SVG."""
    svg = vl_convert.vegalite_to_svg(alone(figure, each.runs[:FIRST]))
    return [part.text for part in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text") if part.text]


def test_the_ranking_has_every_run_best_first(each):
    found = [word for word in words(FIGURES["ranking"](each), each) if "/" in word]
    assert found == ["net/gradcam", "net/layercam", "slim/gradcam", "slim/layercam", "none/center"]


def test_the_matrix_has_each_difference_both_ways_and_stars_the_sure(each):
    rows = FIGURES["differences"](each).rows.set_index(["run", "other"])["words"]
    assert rows["net/gradcam", "net/layercam"] == "+10.0" and rows["net/layercam", "net/gradcam"] == "−10.0"
    assert rows["slim/gradcam", "none/center"] == "+50.0*" and ("slim/gradcam", "net/layercam") not in rows
    assert "compare: all" in FIGURES["differences"](each).description
    every = tables()
    every.comparisons["family"] = every.comparisons["family"].replace("best", "all")
    assert "compare: all" not in FIGURES["differences"](next(seen(every))).description


def test_bars_of_the_distribution_add_up_to_all_targets(each):
    rows = FIGURES["overlap_distribution"](each).rows
    assert rows.groupby("run")["value"].sum().tolist() == pytest.approx([100] * 5)
    first = rows[rows["run"] == "net/gradcam"]
    # 100 at IoU 0, 95 at .25, 90 at .5, 45 at .75, 0 at 1.
    assert first["value"].tolist() == pytest.approx([5, 5, 45, 45, 0])


def test_of_many_classes_the_worst_and_the_best_are_drawn(each):
    given = tables()
    cats = given.strata[(given.strata["table"] == "class") & (given.strata["stratum"] == "cat")]
    many = [cats.assign(stratum=f"c{i:03}", value=float(i)) for i in range(100)]
    given = given._replace(strata=pd.concat(many))
    figure = FIGURES["strata_class"](next(seen(given)))
    drawn = set(figure.rows["stratum"])
    assert drawn == {f"c{i:03}" for i in [*range(20), *range(80, 100)]}
    assert "20 worst and 20 best of 100" in figure.description


def test_colours_are_the_styles_own_and_in_a_file_they_are_light_ones(each):
    known = set(re.findall(r"--([\w-]+):", text("style.css")))
    for name in DRAWN:
        used = set(re.findall(r"var\(--([\w-]+)\)", str([FIGURES[name](each).spec, configuration()])))
        assert used <= known, name
        assert "var(" not in str(alone(FIGURES[name](each), each.runs))
    assert fixed({"a": ["var(--ink)"]}) == {"a": [light()["ink"]]}


def test_both_dark_themes_are_one_and_have_every_colour():
    root, by_system, by_button = re.findall(r":root[^{]*\{([^}]*)\}", text("style.css"))
    assert VARIABLE.findall(by_system) == VARIABLE.findall(by_button)
    assert {name for name, _ in VARIABLE.findall(root)} == {name for name, _ in VARIABLE.findall(by_system)}


def test_files_are_written_of_everything_and_come_out_the_same_each_time(tmp_path):
    given = tables("e", "f")
    once, again = tmp_path / "once", tmp_path / "again"
    written = write(given, once)
    assert write(given, again) == written and len(written) == len(set(written))
    assert {name.rpartition(".")[2] for name in written} == {"svg", "pdf", "md", "csv", "tex"}
    for name in written:
        assert (once / name).read_bytes() == (again / name).read_bytes(), name
    assert (once / "e.ranking.pdf").read_bytes().startswith(b"%PDF") and (once / "f.leaderboard.tex").exists()
    assert (once / "e.leaderboard.md").read_text().count("\n") == 7


def test_a_figure_as_a_file_has_the_first_runs_and_a_table_has_all(tmp_path):
    networks = tuple(f"net{i:02}" for i in range(20))
    own = tables(networks=networks, cams=("gradcam",))
    written = write(Tables(*own), tmp_path)
    svg = (tmp_path / "e.ranking.svg").read_text()
    shown = [run for run in {f"{n}/gradcam" for n in networks} if run in svg]
    assert len(shown) <= FIRST and len((tmp_path / "e.leaderboard.md").read_text().splitlines()) == 23
    assert "e.strata_class.svg" in written


@pytest.fixture
def script():
    return runpy.run_path(str(ROOT / "scripts/figures.py"))["main"]


def test_the_script_writes_beside_the_results_and_says_how_much(tmp_path, script, capsys):
    for name, table in tables()._asdict().items():
        printed(table).to_csv(tmp_path / f"{name}.csv", index=False)
    script(str(ROOT / "config.yaml"), str(tmp_path))
    found = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert f"figures: {len(found)} files" in capsys.readouterr().out and "e.failures_exact.pdf" in found
    assert "90.0 [85.0 95.0]" in (tmp_path / "figures/e.leaderboard.md").read_text()


def test_the_script_wants_results(tmp_path, script):
    with pytest.raises(ConfigError, match=r"figures: no scores\.csv in .*; `make run` makes it"):
        script(str(ROOT / "config.yaml"), str(tmp_path))
