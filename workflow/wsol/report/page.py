"""The page: leaderboards, pictures, what was read, what ran. Everything that came from a user is escaped."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2
import pandas as pd

from wsol.controls import NO_BACKBONE
from wsol.formats import versions
from wsol.report.leaderboard import boards

TEMPLATE = Path(__file__).with_name("page.html")


def page(scores: pd.DataFrame, pictures: Mapping[str, Sequence], summaries: Mapping[str, str]) -> str:
    """`scores` as in scores.csv; pictures by evaluation; the index's summaries by dataset."""
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string(TEMPLATE.read_text())
    shown = {board.evaluation: pictures.get(board.evaluation, []) for board in boards(scores)}
    return template.render(
        boards=boards(scores), pictures=shown, summaries=summaries, versions=versions(), no_backbone=NO_BACKBONE
    )
