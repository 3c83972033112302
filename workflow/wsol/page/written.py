"""The page's figures and tables as files of their own, for papers and slides."""

import re
from collections.abc import Iterator
from pathlib import Path

import vl_convert

from wsol.files.formats import atomic
from wsol.page.colours import configuration, fixed
from wsol.page.contents import QUESTIONS, items
from wsol.page.figures.drawn import ROWS, Figure
from wsol.page.seen import FIRST, SeenBoard, Tables, seen
from wsol.page.sheets import FORMS

WIDTH = 560  # of a figure whose width the page chooses
CLIP = re.compile(r"\bclip(\d+)\b")
RESOURCES = re.compile(rb"(?:[ \t]*/[a-z]+\d+ \d+ 0 R\n){2,}")  # of a PDF's page, a line each


def write(tables: Tables, folder: Path) -> list[str]:
    """Write `EVALUATION.NAME.svg` and `.pdf` of every figure, `.md`, `.csv` and `.tex` of every table; their names.

    Figures show the first runs, as the page does; tables all. The same tables give the same bytes.
    """
    names = []
    for each in seen(tables):
        for name, content in contents(each):
            with atomic(folder / name) as path:
                path.write_bytes(content)
            names.append(name)
    return names


def contents(each: SeenBoard) -> Iterator[tuple[str, bytes]]:
    """The names of an evaluation's files, and their bytes."""
    for question in QUESTIONS:
        for item in items(each, question):
            place = f"{each.board.evaluation}.{item.name}"
            if item.figure:
                spec = alone(item.figure, each.runs[:FIRST])
                yield f"{place}.svg", svg(spec).encode()
                yield f"{place}.pdf", pdf(spec)
            if item.sheet:
                yield from ((f"{place}.{form}", make(item.sheet).encode()) for form, make in FORMS.items())


def svg(spec: dict) -> str:
    """A specification as SVG. Its writer counts clips from one figure to the next; here each begins at 0."""
    text = str(vl_convert.vegalite_to_svg(spec))
    places = {clip: place for place, clip in enumerate(dict.fromkeys(CLIP.findall(text)))}
    return CLIP.sub(lambda found: f"clip{places[found[1]]}", text)


def pdf(spec: dict) -> bytes:
    """A specification as PDF. Its writer lists resources in any order, and a list in order is as long as it was."""
    return RESOURCES.sub(lambda found: b"".join(sorted(found[0].splitlines(True))), vl_convert.vegalite_to_pdf(spec))


def alone(figure: Figure, runs: list[str]) -> dict:
    """A figure as Vega-Lite that needs nothing else: with its rows of these runs, and in the light theme's colours."""
    rows = figure.rows[figure.rows["run"].isin(runs)]
    if "other" in rows:
        rows = rows[rows["other"].isin(runs)]
    config = fixed(configuration()) | {"background": "white", "title": {"fontWeight": "normal"}}
    config["header"]["labelFontWeight"] = "normal"  # a PDF of two fonts has them in any order
    spec = {**fixed(figure.spec), "config": config}
    if spec.get("width") == "container":
        spec["width"] = WIDTH
    values = rows.astype(object).where(rows.notna(), None).to_dict("records")
    return {**spec, "datasets": {ROWS: values}, "title": figure.title, "padding": 8}
