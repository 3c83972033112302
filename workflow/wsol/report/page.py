"""The page: leaderboards, pictures, what was read, what ran. Everything that came from a user is escaped."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2
import pandas as pd

from wsol.files.formats import versions
from wsol.report.claims import brief
from wsol.report.leaderboard import boards, by_size
from wsol.scores.metrics import METRICS, metric

TEMPLATE = Path(__file__).with_name("page.html")


def page(
    scores: pd.DataFrame,
    comparisons: pd.DataFrame,
    strata: pd.DataFrame,
    pictures: Mapping[str, Sequence],
    summaries: Mapping[str, str],
    reproduction: pd.DataFrame | None = None,
) -> str:
    """`scores`, `comparisons` and `strata` as in the CSV files; pictures by evaluation; the index's summaries; the
    verdicts of claims, where there are any."""
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string(TEMPLATE.read_text())
    ranked = boards(scores, comparisons)
    return template.render(
        boards=ranked,
        sizes={board.evaluation: by_size(strata, board) for board in ranked},
        pictures={board.evaluation: pictures.get(board.evaluation, []) for board in ranked},
        summaries=summaries,
        claims=[] if reproduction is None else [(row, brief(row)) for _, row in reproduction.iterrows()],
        versions=versions(),
        counts=[name for name in METRICS if not metric(name).is_share],
    )
