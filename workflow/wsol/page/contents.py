"""What the page answers, in its order: of each question the tables and the figures."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from wsol.page import behind, leading
from wsol.page.figures import FIGURES
from wsol.page.figures.drawn import Figure
from wsol.page.seen import SeenBoard
from wsol.page.sheets import Sheet

SHEETS: dict[str, Callable[[SeenBoard], Sheet | None]] = {
    "leaderboard": leading.leaderboard,
    "pairs": leading.pairs,
    **{f"chosen_{name}": partial(behind.chosen, metric=name) for name in behind.LEVELS},
    "prices": behind.prices,
    "overlap": behind.overlap,
    "overlap_distribution": behind.overlap_distribution,
    "precision_recall": behind.precision_recall,
    **{f"strata_{name}": partial(behind.stratum, table=name) for name in behind.TABLES},
    "class_ious": behind.class_ious,
    **{f"failures_{name}": partial(behind.failures, rule=name) for name in behind.RULES},
}


class Question(NamedTuple):
    """One question of the page: each item is a figure and the table behind it, "" for neither."""

    name: str
    word: str  # by which the page's head leads there
    title: str
    items: tuple[tuple[str, str], ...]


QUESTIONS = (
    Question(
        "best",
        "best",
        "Which is best, and is that established?",
        (("", "leaderboard"), ("ranking", ""), ("differences", "pairs")),
    ),
    Question(
        "levels",
        "level",
        "What did the level do?",
        (*((f"levels_{name}", f"chosen_{name}") for name in behind.LEVELS), ("price", "prices")),
    ),
    Question(
        "overlap", "IoU", "Over which IoU?", (("overlap", "overlap"), ("overlap_distribution", "overlap_distribution"))
    ),
    Question(
        "strata",
        "on what",
        "On what?",
        (*((f"strata_{name}", f"strata_{name}") for name in behind.TABLES), ("", "class_ious")),
    ),
    Question(
        "failures",
        "failures",
        "Why did it fail?",
        (
            *((f"failures_{name}", f"failures_{name}") for name in behind.RULES),
            ("precision_recall", "precision_recall"),
        ),
    ),
)


class Item(NamedTuple):
    """A figure, the table behind it, or both, with the name that the page and files know them by."""

    name: str
    figure: Figure | None
    sheet: Sheet | None


def items(seen: SeenBoard, question: Question) -> list[Item]:
    """What there is to show of a question."""
    found = []
    for figure, sheet in question.items:
        drawn = FIGURES[figure](seen) if figure else None
        table = SHEETS[sheet](seen) if sheet else None
        if drawn or table:
            found.append(Item(figure or sheet, drawn, table))
    return found
