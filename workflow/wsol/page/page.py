"""The page: leaderboards, pictures, what was read, what ran. Everything that came from a user is escaped."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from wsol.files.formats import versions
from wsol.page import gallery
from wsol.report.claims import brief
from wsol.report.leaderboard import boards, by_size
from wsol.scores.metrics import METRICS, metric

TEMPLATES = ("page.html", "gallery.html")
SCRIPTS = ("state.js", *gallery.SCRIPTS)
HERE = Path(__file__).parent


def page(
    scores: pd.DataFrame,
    comparisons: pd.DataFrame,
    strata: pd.DataFrame,
    pictures: Mapping[str, Any],
    summaries: Mapping[str, str],
    reproduction: pd.DataFrame | None = None,
) -> str:
    """`scores`, `comparisons` and `strata` as in the CSV files; `pictures` as `gallery` gives them; the index's
    summaries; the verdicts of claims, where there are any."""
    loader = jinja2.DictLoader({name: text(name) for name in TEMPLATES})
    environment = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined)
    template = environment.get_template("page.html")
    ranked = boards(scores, comparisons)
    return template.render(
        boards=ranked,
        sizes={board.evaluation: by_size(strata, board) for board in ranked},
        gallery=pictures,
        styles=[Markup(text(name)) for name in gallery.STYLES],
        scripts=[Markup(text(name)) for name in SCRIPTS],
        summaries=summaries,
        claims=[] if reproduction is None else [(row, brief(row)) for _, row in reproduction.iterrows()],
        versions=versions(),
        counts=[name for name in METRICS if not metric(name).is_share],
    )


def text(name: str) -> str:
    """A file beside this one."""
    return (HERE / name).read_text(encoding="utf-8")
