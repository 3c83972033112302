"""Parts of data sets: splits keep apart, shards are the unit of work.

No image that a threshold is chosen on or a network is trained on is scored. A shard is a contiguous slice of a data
set's images; its name is `first-last`, both included, so another shard size makes other files and overwrites none.
"""

from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from wsol.errors import DataError


class Split(NamedTuple):
    """A dataset as the user calls it, its settings and its targets."""

    name: str
    settings: dict[str, Any]
    targets: pd.DataFrame


def check_disjoint(one: Split, other: Split) -> None:
    """A DataError that counts and names what two data sets share; one image under two roots is two images."""
    both = sorted(_identities(one) & _identities(other))
    if both:
        raise DataError(
            f"datasets: splits overlap: {len(both)} images are both in {_sized(one)} and in {_sized(other)}, "
            f"the first is '{both[0][1]}'. What is trained on "
            "shares no image with what validates, selects or is reported, nor do these with what is reported."
        )


def _identities(split: Split) -> set[tuple[str, str]]:
    root = split.settings.get("images")
    where = str(Path(root).resolve()) if root else str(split.settings["adapter"])
    return {(where, image) for image in split.targets["image"].unique()}


def _sized(split: Split) -> str:
    return f"{split.name} ({split.targets['image'].nunique()})"


def shards(images: int, size: int) -> list[str]:
    """The shards of `images` images in slices of `size`: `["000000-001999", "002000-002499"]`."""
    return [f"{first:06d}-{min(first + size, images) - 1:06d}" for first in range(0, images, size)]


def rows(targets: pd.DataFrame, shard: str) -> pd.DataFrame:
    """The targets of a shard's images; all targets of an image lie in one shard."""
    first, last = map(int, shard.split("-"))
    number, _ = pd.factorize(targets["image"])
    return targets[(number >= first) & (number <= last)].reset_index(drop=True)
