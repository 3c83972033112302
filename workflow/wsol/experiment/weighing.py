"""How large the maps are that were made elsewhere: what the plan says of them, on which `sharding` cuts by itself."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from wsol.maps import imported

LOOKED_AT = 32  # targets whose maps tell of all


def weighed(pairs: Iterable[Mapping[str, str]], targets: Mapping[str, pd.DataFrame]) -> dict[str, dict[str, int]]:
    """Data set -> imported backbone -> bytes of the largest map among some of its targets; few where none is there."""
    found: dict[str, dict[str, int]] = {dataset: {} for dataset in targets}
    for pair in pairs:
        known = targets[pair["dataset"]]
        spread = np.unique(np.linspace(0, max(len(known) - 1, 0), LOOKED_AT).astype(int))
        maps = imported.load(pair["maps"], known.iloc[spread[: len(known)]]).maps
        found[pair["dataset"]][pair["backbone"]] = max((each.nbytes for each in maps), default=0)
    return found
