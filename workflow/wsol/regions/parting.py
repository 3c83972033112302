"""Parting: several objects of one class told apart, where their regions run into each other.

A connected region has one box, however many objects lie in it. With `split: watershed` each region of a map's one level
is parted at the valleys between its peaks: every peak that counts floods its surroundings, downhill, until it meets
another's (Beucher & Lantuejoul 1979; scikit-image's watershed). A peak counts where the map falls by `depth` before it
rises to a higher one: an h-maximum (Soille 2003), whatever its height and width. The mask of the map stays whole.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from wsol.errors import ConfigError
from wsol.settings import Doc, Range, checked, known, shown

Labels = NDArray[np.int32]
SPLIT = "split"  # the setting of a threshold


def watershed(
    foreground: NDArray[np.bool_],
    prepared: NDArray[np.floating],
    *,
    depth: Annotated[
        float,
        Range(0.001, 1),
        Doc(
            "How far the map has to fall between two peaks for them to be two objects, as a share of its range: the "
            "lower peak has to stand out by that much."
        ),
    ] = 0.2,
) -> Labels:
    """Each region is parted where the floods of its peaks meet; one with a single peak stays whole.

    [H W], [H W] -> numbers of the parts from 1, 0 where there is none: each part is connected, diagonally too, and they
    make up the foreground.

    >>> hills = np.array([[0.2, 1.0, 0.7, 0.9, 0.2]])
    >>> watershed(hills > 0.5, hills).tolist()
    [[0, 1, 1, 2, 0]]
    >>> watershed(hills > 0.5, hills, depth=0.3).tolist()  # the second hill rises by .2 / .8 of the range
    [[0, 1, 1, 1, 0]]
    """
    from skimage.measure import label
    from skimage.segmentation import watershed as flood

    values = prepared.astype(np.float64)
    markers = label(peaks(values, depth) & foreground, connectivity=2)
    parts = flood(-values, markers, mask=foreground, connectivity=np.ones((3, 3), bool))
    # A region that rises to no peak of that depth is none's to flood: it is one part.
    rest = label(foreground & (parts == 0), connectivity=2)
    return np.where(rest > 0, rest + parts.max(initial=0), parts).astype(np.int32)


def peaks(values: NDArray[np.float64], depth: float) -> NDArray[np.bool_]:
    """Where the h-maxima of a map lie: what is within `depth`, a share of its range, of a peak that counts.

    scikit-image's own `h_maxima` has the highest pixels of a peak alone, which may be two that lie apart.
    """
    from skimage.morphology import local_maxima, reconstruction

    lowered = values - depth * (values.max() - values.min())
    return local_maxima(reconstruction(lowered, values, footprint=np.ones((3, 3))), connectivity=2)


SPLITS = {"watershed": watershed}


def splitting(where: str, given: Any) -> dict[str, Any] | None:
    """`watershed` or `{method: watershed, depth: 0.1}` as the method with all its settings; None for `none`.

    A ConfigError at `where` for anything else.

    >>> splitting("thresholds.mine.split", "watershed")
    {'method': 'watershed', 'depth': 0.2}
    """
    asked = dict(given) if isinstance(given, Mapping) else {"method": given}
    method = asked.pop("method", None)
    if method == "none":
        if asked:
            raise ConfigError(f"{where}: none takes no setting, got '{next(iter(asked))}'.")
        return None
    if method is None:
        raise ConfigError(f"{where}: needs a method ({' | '.join(['none', *SPLITS])}), got {shown(given)}.")
    return {"method": method, **checked(where, known(where, method, {"none": None, **SPLITS}), asked)}


def part(
    foreground: NDArray[np.bool_], prepared: NDArray[np.floating], split: Mapping[str, Any]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Boxes of all parts and of the largest, rows `x0 y0 x1 y1 0 1` of pixels, as a protocol's `cut` has them.

    The largest has most pixels, and among equals the topmost, then leftmost first pixel.
    """
    from scipy.ndimage import find_objects

    settings = {key: value for key, value in split.items() if key != "method"}
    labels = SPLITS[split["method"]](foreground, prepared, **settings)
    rows = np.array([(x.start, y.start, x.stop, y.stop, 0, 1) for y, x in find_objects(labels)], np.int32)
    numbers, first, sizes = np.unique(labels[labels > 0], return_index=True, return_counts=True)
    largest = np.lexsort((first, -sizes))[:1]
    return rows.reshape(-1, 6), rows.reshape(-1, 6)[numbers[largest] - 1]
