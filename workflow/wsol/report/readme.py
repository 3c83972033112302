"""The README's tables, made from result files, and the claims that an experiment makes of them.

A block stands between the comments `<!-- table: EXPERIMENT; METRICS; EVALUATIONS; without CAMS -->` and `<!-- end -->`.
METRICS: that of the table, and then those of its first rows, which say one number a network. EVALUATIONS: of one the
columns are networks; several, each with its heading (`all: stretched, aligned: at receptive fields`), are the columns
themselves. With `columns` before METRICS these are the columns, of one network, each in the evaluations that have it.
CAMS, which may be left out, have no row; the others keep the order that they have in the README.
`<!-- table: EXPERIMENT; terminal -->` holds what a run printed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

import pandas as pd

from wsol.errors import ConfigError
from wsol.maps.controls import NETWORK_CONTROLS, NO_BACKBONE
from wsol.report.leaderboard import cell
from wsol.scores.metrics import METRICS

BLOCK = re.compile(r"(<!-- table: (.+?) -->\n)(.*?)(?=<!-- end -->)", re.DOTALL)
TERMINAL = "terminal"
ACROSS = "columns "
SOURCE = "README.md"  # of the claims that its tables make
NUMBER = re.compile(r"\d+(?:\.\d+)?")
ROW = re.compile(r"^\| `(.+?)`", re.MULTILINE)
INTERVAL = re.compile(r" \[[^]]*\]")

KEYS = ["evaluation", "backbone", "cam", "metric"]  # what names a number in a table
Place = tuple[str, str]  # an evaluation and a metric
Numbers = dict[Place, dict[str, str]]  # by run, as they are printed


class Block(NamedTuple):
    """One table of the README."""

    said: str  # what its first comment says of it
    experiment: str  # the file's name
    metrics: list[str]  # the table's own first; [] of a terminal's
    columns: dict[str, str]  # evaluation -> heading
    without: list[str]  # cams without a row
    body: str
    across: bool = False  # whether metrics are the columns


class Printed(NamedTuple):
    """A number in a table, and whose it is."""

    place: Place
    run: str  # backbone/cam
    value: str
    words: str  # with its interval


Known = Mapping[Any, Printed]  # by KEYS


def blocks(readme: str) -> list[Block]:
    """The blocks of a README, in their order."""
    return [_block(found[2], found[3]) for found in BLOCK.finditer(readme)]


def _block(said: str, body: str) -> Block:
    experiment, metrics, *rest = (part.strip() for part in said.split(";"))
    if metrics == TERMINAL:
        return Block(said, experiment, [], {}, [], body)
    named = [part.partition(":") for part in rest[0].split(",")]
    without = rest[1].removeprefix("without ").split(",") if rest[1:] else []
    columns = {name.strip(): heading.strip() for name, _, heading in named}
    across = metrics.startswith(ACROSS)
    named_metrics = _words(metrics.removeprefix(ACROSS).split(","))
    return Block(said, experiment, named_metrics, columns, _words(without), body, across)


def _words(parts: Iterable[str]) -> list[str]:
    return [part.strip() for part in parts]


def filled(readme: str, bodies: Mapping[str, str]) -> str:
    """The README with other bodies of blocks, each named by what its comment says."""
    return BLOCK.sub(lambda found: found[1] + bodies.get(found[2], found[3]), readme)


def table(block: Block, scores: pd.DataFrame) -> str:
    """A block's table in Markdown, from scores as in scores.csv."""
    columns, rows = _rows(block, scores)
    first = "cam" if block.across else f"`{block.metrics[0]}`"
    lines = [_line([first, *columns]), f"|{'---|' * (len(columns) + 1)}"]
    return "\n".join([*lines, *(_line([name, *map(_said, cells)]) for name, cells in rows)]) + "\n"


def numbers(block: Block, scores: pd.DataFrame) -> Numbers:
    """Every number of a block's table, from the same scores; of a terminal's block, from its own words."""
    if not block.metrics:
        return spoken(block.body)
    found: Numbers = {}
    for _, cells in _rows(block, scores)[1]:
        for printed in cells:
            if isinstance(printed, Printed):
                found.setdefault(printed.place, {})[printed.run] = printed.value
    return found


def bare(body: str) -> str:
    """A table without its intervals: the numbers that are claimed.

    >>> bare("| `cam` | 59.2 [56.5 61.7] | - |")
    '| `cam` | 59.2 | - |'
    """
    return INTERVAL.sub("", body)


def spoken(text: str) -> Numbers:
    """Every number that a run's words on the terminal have of a metric."""
    found: Numbers = {}
    evaluation, head = "", [""]
    for line in text.splitlines():
        words = re.split(r" {2,}", line)
        if ", reported on " in line:
            evaluation = line.partition(",")[0]
        elif words[:3] == ["backbone", "cam", "threshold"]:
            head = words
        elif len(words) > 3 and len(words) == len(head):
            for metric, word in zip(head[3:], words[3:], strict=True):
                number = NUMBER.match(word)
                if metric in METRICS and number:
                    found.setdefault((evaluation, metric), {})["/".join(words[:2])] = number[0]
    return found


def _rows(block: Block, scores: pd.DataFrame) -> tuple[list[str], list[tuple[str, list[Printed | str]]]]:
    """The headings of the columns, and each row's name with its cells; "-" for no number, "" where none is due."""
    own = scores[scores["evaluation"].isin(block.columns)]
    if lacking := [name for name in block.columns if name not in set(own["evaluation"])]:
        raise ConfigError(f"tables: the results hold no evaluation '{lacking[0]}'; are they of {block.experiment}?")
    known = {key: _printed(key, part) for key, part in own.groupby(KEYS, sort=False)}
    networks = [name for name in dict.fromkeys(own["backbone"]) if name != NO_BACKBONE]
    if block.across:
        return _metrics_across(block, known, networks[0])
    several = len(block.columns) > 1
    places = list(product(block.columns, networks[:1] if several else networks))
    rows: list[tuple[str, list[Printed | str]]]
    rows = [(f"*`{name}`*", [_of_network(known, name, *place) for place in places]) for name in block.metrics[1:]]
    for cam in dict.fromkeys([*ROW.findall(block.body), *own["cam"]]):
        cells = _cells(block, known, places, cam)
        if cam not in block.without and any(isinstance(found, Printed) for found in cells):
            rows.append((_label(cam, cells), cells))
    return (list(block.columns.values()) if several else networks), rows


def _metrics_across(
    block: Block, known: Known, network: str
) -> tuple[list[str], list[tuple[str, list[Printed | str]]]]:
    """The same with a column for each metric of each evaluation that has it, of one network and of what needs none."""
    there = {(key[0], key[3]) for key in known}
    places = [place for place in product(block.columns, block.metrics) if place in there]
    rows: list[tuple[str, list[Printed | str]]] = []
    for cam in dict.fromkeys([*ROW.findall(block.body), *(key[2] for key in known)]):
        both = [[known.get((name, of, cam, metric), "-") for name, metric in places] for of in (network, NO_BACKBONE)]
        cells = next((cells for cells in both if any(isinstance(found, Printed) for found in cells)), [])
        if cam not in block.without and cells:
            rows.append((_label(cam, cells), cells))
    return [f"`{metric}`" for _, metric in places], rows


def _cells(block: Block, known: Known, places: list[tuple[str, str]], cam: str) -> list[Printed | str]:
    """A row's cells: of each evaluation and network, or, of a cam that needs no network, of each evaluation alone."""
    alone: list[Printed | str] = [known.get((name, NO_BACKBONE, cam, block.metrics[0]), "") for name in block.columns]
    if any(alone):
        return alone + [""] * (len(places) - len(alone))
    return [known.get((*place, cam, block.metrics[0]), "-") for place in places]


def _label(cam: str, cells: list[Printed | str]) -> str:
    alone = any(isinstance(found, Printed) and found.run.startswith(f"{NO_BACKBONE}/") for found in cells)
    return f"`{cam}` (control)" if alone or cam in NETWORK_CONTROLS else f"`{cam}`"


def _of_network(known: Known, metric: str, evaluation: str, network: str) -> Printed | str:
    """A number that all cams of a network share, as the first of them has it."""
    keys = (key for key in known if key[:2] == (evaluation, network) and key[3] == metric)
    return next((known[key] for key in keys), "-")


def _printed(key: Any, rows: pd.DataFrame) -> Printed:
    evaluation, backbone, cam, metric = key
    if rows["threshold"].nunique() > 1:
        raise ConfigError(f"tables: {backbone}/{cam} of '{evaluation}' has several thresholds; there is room for one.")
    found = cell(rows)
    between = f" [{found.low:.1f} {found.high:.1f}]" if found.grouped else ""
    return Printed((evaluation, metric), f"{backbone}/{cam}", f"{found.value:.1f}", f"{found.value:.1f}{between}")


def _said(found: Printed | str) -> str:
    return found.words if isinstance(found, Printed) else found


def _line(cells: Iterable[str]) -> str:
    return " ".join([*(f"| {each}".rstrip() for each in cells), "|"])


def claimed(experiment: Mapping[str, Any]) -> Iterator[tuple[str, Place]]:
    """The claims that an experiment, as its file says it, makes of the README: their names, evaluations and metrics.

    A ConfigError for one of another choice than what tables show, or a second one of the same numbers.
    """
    found: dict[Place, str] = {}
    for name, claim in experiment.get("claims", {}).items():
        if claim["source"] == SOURCE:
            place = claim["evaluation"], claim["metric"]
            if "choice" in claim or found.setdefault(place, name) != name:
                raise ConfigError(
                    f"claims.{name}: {SOURCE} has one number of each metric, which its tables show first."
                )
            yield name, (claim["evaluation"], claim["metric"])


def with_values(experiment: str, name: str, values: Mapping[str, str]) -> str:
    """The text of an experiment's file with other values of one claim, a line each; a ConfigError where it has none."""
    claim = re.compile(rf"(^  {re.escape(name)}:\n(?:    .*\n)*?    values:)[^\n]*\n(?:      .*\n)*", re.MULTILINE)
    lines = "".join(f"      {run}: {value}\n" for run, value in values.items())
    text, count = claim.subn(lambda found: f"{found[1]}\n{lines}", experiment.rstrip("\n") + "\n")
    if count != 1:
        raise ConfigError(f"claims.{name}: has no `values:` on a line of its own, four spaces in.")
    return text
