"""Which range of values images of more than 8 bits hold: what to write down as a data set's `range`."""

from collections.abc import Mapping

import numpy as np

from wsol.datasets import decoding
from wsol.errors import DataError
from wsol.files import paths
from wsol.files.depths import Depth

LOOKED_AT = 100  # images, spread evenly: enough for a hint, and soon done
CAMERAS = (8, 10, 12, 14, 16)  # bits


def hint(deep: Mapping[str, Depth], root: str) -> list[str]:
    """A line for the summary, from the values of up to a hundred of the images; none where none of them decodes.

    `deep` holds the depth of every image of more than 8 bits by its name, `root` is the folder of images.
    """
    names = sorted(deep)
    places = np.unique(np.linspace(0, len(names) - 1, LOOKED_AT).round().astype(int))
    chosen = [names[place] for place in places.tolist()]
    found = [span for name in chosen if (span := _span(root, name))]
    if not found:
        return []
    low = min(least for least, _ in found)
    high = max(greatest for _, greatest in found)
    kinds = " and ".join(sorted({deep[name].kind for name in chosen}))
    many = f" ({len(chosen)} of {len(names)} looked at)" if len(chosen) < len(names) else ""
    return [f"range       {kinds} images hold {_plain(low)}-{_plain(high)}{many}; say range: {_round(low, high)}"]


def _span(root: str, name: str) -> tuple[float, float] | None:
    """The least and greatest finite value of an image."""
    try:
        values = decoding.stored(paths.inside(root, name))
    except DataError:
        return None
    values = values[np.isfinite(values)]
    return (float(values.min()), float(values.max())) if values.size else None


def _round(low: float, high: float) -> str:
    """Whole numbers of zero and more: from 0 to all that a camera of as many bits can give; others as they are."""
    if low < 0 or not float(high).is_integer() or high <= 1:
        return f"[{_plain(low)}, {_plain(high)}]"
    needed = int(high).bit_length()
    bits = next((bits for bits in CAMERAS if bits >= needed), needed)
    return f"[0, {2**bits - 1}]"


def _plain(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() else f"{value:g}"
