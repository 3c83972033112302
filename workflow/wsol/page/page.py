"""The page, put together. Everything that came from a user is escaped; nothing of it is asked of a network."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import jinja2
import markupsafe
import pandas as pd
import vl_convert

from wsol.files.formats import versions
from wsol.page import browser, trained
from wsol.page.answers import Answer, answer
from wsol.page.colours import configuration
from wsol.page.contents import QUESTIONS, Item, Question, items
from wsol.page.definitions import definitions
from wsol.page.figures.drawn import Figure
from wsol.page.figures.training import TrainedSeed
from wsol.page.seen import FIRST, SeenBoard, Tables, seen
from wsol.report.claims import brief


def page(
    tables: Tables,
    *,
    trainings: Sequence[TrainedSeed] = (),
    gallery: Any = None,
    summaries: Mapping[str, str] = {},
    problems: Mapping[str, pd.DataFrame] = {},
    reproduction: pd.DataFrame | None = None,
    described: Mapping[str, Any] = {},
    costs: str = "",
) -> str:
    """The report as HTML.

    `trainings` are those of this run, the seeds of a network together; `gallery` is what `gallery.gallery` returned,
    None for no pictures; `summaries` and `problems` are the index's, by data set; `reproduction` the verdicts of
    claims, where there are any; `described` what `experiment.described` says; `costs` the page beside it that says
    where the time went, "" for none.
    """
    evaluations = [_shown(each) for each in seen(tables)]
    networks = trained.networks(trainings)
    template = environment().get_template("page.html")
    return template.render(
        evaluations=evaluations,
        questions=[asked for asked in QUESTIONS if any(asked in each.answered for each in evaluations)],
        first=FIRST,
        figures=_figures(evaluations) | {f":{each.name}": _drawn(each.figure, None) for each in networks},
        trained=networks,
        trainings=trained.sheet(trainings) if trainings else None,
        configuration=configuration(),
        gallery=gallery,
        summaries=summaries,
        problems={name: found for name, found in problems.items() if len(found)},
        claims=[] if reproduction is None else [(row, brief(row)) for _, row in reproduction.iterrows()],
        definitions=definitions([each.seen for each in evaluations], described),
        command=described.get("command", ""),
        costs=costs,
        versions=versions(),
        styles=[markupsafe.Markup(browser.text(name)) for name in browser.STYLES],
        scripts=[markupsafe.Markup(browser.text(name)) for name in browser.SCRIPTS],
        library=markupsafe.Markup(library()),
    )


class ShownEvaluation(NamedTuple):
    """An evaluation as the page shows it: its tables, what is said first, and the questions that it has answers to."""

    seen: SeenBoard
    answer: Answer
    answered: dict[Question, list[Item]]


def _shown(each: SeenBoard) -> ShownEvaluation:
    found = {question: items(each, question) for question in QUESTIONS}
    return ShownEvaluation(each, answer(each), {question: own for question, own in found.items() if own})


def environment() -> jinja2.Environment:
    """The templates, by their names; what is not said otherwise is escaped."""
    loader = jinja2.DictLoader({name: browser.text(name) for name in browser.TEMPLATES})
    made = jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    made.filters["data"] = data
    return made


@cache
def library() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script of 0.9 MB."""
    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")).replace("</script", "<\\/script")


def data(value: Any) -> markupsafe.Markup:
    """A value as JSON that may stand inside a script element, whatever names it holds.

    >>> data({"a": "</script><!--"})
    Markup('{"a":"\\\\u003c/script>\\\\u003c!--"}')
    """
    words = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return markupsafe.Markup(words.replace("<", "\\u003c"))


def _drawn(figure: Figure, runs: list[str] | None) -> dict[str, Any]:
    """A figure for the page's script: its rows column by column, its runs in order, None where it is of no runs."""
    return {"spec": figure.spec, "columns": columns(figure), "runs": runs}


def _figures(evaluations: Sequence[ShownEvaluation]) -> dict[str, Any]:
    """What the page's script draws of each figure of the evaluations."""
    return {
        f"{each.seen.board.evaluation}:{item.name}": _drawn(item.figure, each.seen.runs)
        for each in evaluations
        for own in each.answered.values()
        for item in own
        if item.figure
    }


def columns(figure: Figure) -> dict[str, Any]:
    """A figure's rows by their columns: words as places in a list of them, numbers to six digits, None for none."""
    found: dict[str, Any] = {}
    for name, values in figure.rows.items():
        if values.dtype.kind in "fiu":
            found[str(name)] = [None if pd.isna(value) else float(f"{value:.6g}") for value in values]
        elif values.dtype.kind == "b":
            found[str(name)] = [bool(value) for value in values]
        else:
            codes, words = pd.factorize(values)
            found[str(name)] = {"words": list(map(str, words)), "codes": codes.tolist()}
    return found
