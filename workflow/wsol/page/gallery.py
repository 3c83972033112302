"""The gallery's data: photographs, maps as numbers, truth, and the lists of targets that are shown.

The page draws all of it in the browser (`gallery.js`), and cuts maps by the protocol's own rule (`cutting.js`).
"""

from collections.abc import Sequence
from typing import Any

from wsol.page.packing import SIDE, Shelf
from wsol.page.showing import PicturedEvaluation, Showing

MOST = 20_000_000  # bytes of all pictures and maps, however many are asked for
EACH = 150_000  # bytes of an evaluation for each target that a list may have: 1.8 MB for the usual twelve


def gallery(evaluations: Sequence[PicturedEvaluation], count: int, seed: int = 0) -> dict[str, Any]:
    """What `gallery.html` shows: lists of at most `count` targets each, within so many times EACH and MOST bytes.

    Each photograph stands in `images` once, each map in `maps`, each place of a map in `places`; targets name them by
    number. Evaluations share what bytes there are; what one leaves, the next may use. {} where nothing can be shown.
    """
    shelves = {name: Shelf() for name in ("images", "maps", "places")}
    budget = min(MOST, count * EACH * len(evaluations))
    left = budget
    found: list[dict[str, Any]] = []
    for place, evaluation in enumerate(evaluations):
        shown, spent = Showing(evaluation, shelves, seed).show(count, left // (len(evaluations) - place))
        left -= spent
        if shown["targets"]:
            found.append(shown)
    if not found:
        return {}
    kept = {name: shelf.entries for name, shelf in shelves.items()}
    return {"side": SIDE, "budget": budget, "bytes": budget - left, "evaluations": found, **kept}
