"""Which range of values images of more than 8 bits hold: what to write down as a data set's `range`."""

from collections.abc import Mapping

import numpy as np

from wsol import decoding
from wsol.datasets import paths
from wsol.datasets.depths import Depth
from wsol.errors import DataError

LOOKED_AT = 100  # images, spread evenly: enough for a hint, and soon done


def hint(deep: Mapping[str, Depth], root: str) -> list[str]:
    """A line for the summary, from the values of up to a hundred of the images; none where none of them decodes."""
    names = sorted(deep)
    chosen = [names[i] for i in sorted(set(np.linspace(0, len(names) - 1, LOOKED_AT).round().astype(int).tolist()))]
    found = [span for name in chosen if (span := _span(root, name))]
    if not found:
        return []
    low, high = min(low for low, _ in found), max(high for _, high in found)
    kinds = " and ".join(sorted({deep[name].kind for name in chosen}))
    many = f" ({len(chosen)} of {len(names)} looked at)" if len(chosen) < len(names) else ""
    return [f"range       {kinds}, values {low:g}-{high:g}{many}; say range: {_round(low, high)}"]


def _span(root: str, name: str) -> tuple[float, float] | None:
    """The least and greatest finite value of an image."""
    try:
        values = decoding.stored(paths.inside(root, name))
    except DataError:
        return None
    values = values[np.isfinite(values)]
    return (float(values.min()), float(values.max())) if values.size else None


def _round(low: float, high: float) -> str:
    """Whole numbers of zero and more: from 0 to all that as many bits can hold; others as they are."""
    if low >= 0 and float(high).is_integer() and high > 1:
        return f"[0, {2 ** int(high).bit_length() - 1}]"
    return f"[{low:g}, {high:g}]"
