"""costs.html, a page beside the report: where the time went. The report itself is the same bytes whenever made."""

from collections.abc import Sequence
from pathlib import Path

import jinja2
import markupsafe

from wsol.files.formats import atomic
from wsol.page import browser
from wsol.terminal.costs import HEADINGS, StageCost, cells
from wsol.terminal.lines import duration

DEFINITIONS = {
    "jobs": "How many jobs made what lies here, those of earlier runs included.",
    "images": "Images that the jobs worked on, once for each job; the epochs of a training are not counted.",
    "wall": "From the start of a job’s process to its end, imports included, added over the jobs: two that ran at "
    "once count twice. What Snakemake or a queue did before is not in it.",
    "CPU": "Time of all threads of the jobs, added. More than wall where a job uses several cores.",
    "share of CPU": "Of the CPU of all stages.",
    "peak": "The most memory that any one job held at a time. Memory of a graphics card is not in it.",
    "images/s": "Images by wall: what one job does in a second, starting included.",
    "images/CPU s": "Images by CPU: what one core does in a second.",
}


def costs_page(costs: Sequence[StageCost]) -> str:
    """What the stages have used, as HTML that asks nothing of a network."""
    whole = sum(cost.cpu for cost in costs)
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(browser.text("costs.html")).render(
        style=markupsafe.Markup(browser.text("style.css")),
        answer=_answer(costs, whole),
        headings=["stage", *HEADINGS[1:], "images/CPU s", "share of CPU"],
        rows=[[*cells(cost), *_more(cost, whole)] for cost in costs],
        definitions=DEFINITIONS,
    )


def write_page(path: str | Path, costs: Sequence[StageCost]) -> None:
    with atomic(path) as temporary:
        temporary.write_text(costs_page(costs), encoding="utf-8")


def _answer(costs: Sequence[StageCost], whole: float) -> str:
    if not costs:
        return "No job has said what it used."
    most, widest = max(costs, key=lambda cost: cost.cpu), max(costs, key=lambda cost: cost.peak)
    return (
        f"{most.stage} took {_percent(most.cpu, whole)} of {duration(whole)} of CPU; "
        f"no job held more than {widest.peak:,.0f} MB, which was one of {widest.stage}."
    )


def _more(cost: StageCost, whole: float) -> tuple[str, str]:
    speed = f"{cost.images / max(cost.cpu, 0.01):,.1f}" if cost.images else ""
    return speed, _percent(cost.cpu, whole)


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / max(whole, 0.01):.0f} %"
