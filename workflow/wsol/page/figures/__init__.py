"""Figures by name, and the table behind each.

To add one: a function `(seen) -> Figure | None` in a file here, a line in FIGURES, its name in `contents.QUESTIONS`.
"""

from collections.abc import Callable
from functools import partial

from wsol.page.behind import LEVELS, RULES, TABLES
from wsol.page.figures.comparing import differences, price, ranking
from wsol.page.figures.drawn import Figure
from wsol.page.figures.lines import levels, overlap, overlap_distribution, precision_recall
from wsol.page.figures.parts import failures, stratum
from wsol.page.seen import SeenBoard

FIGURES: dict[str, Callable[[SeenBoard], Figure | None]] = {
    "ranking": ranking,
    "differences": differences,
    **{f"levels_{name}": partial(levels, metric=name) for name in LEVELS},
    "price": price,
    "overlap": overlap,
    "overlap_distribution": overlap_distribution,
    **{f"strata_{name}": partial(stratum, table=name) for name in TABLES},
    **{f"failures_{name}": partial(failures, rule=name) for name in RULES},
    "precision_recall": precision_recall,
}
