"""Parts of data sets: splits keep apart, shards are the unit of work.

No image that a threshold is chosen on or a network is trained on is scored. A shard is a contiguous slice of a data
set's images; its name is `first-last`, both included, so another shard size makes other files and overwrites none.
"""

from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from wsol.errors import DataError

MOST, LEAST = (
    10_000,
    1_000,
)  # images: a longer job would be a loss where it is killed, a shorter one is mostly its start
SIDE_BY_SIDE = 4  # shards of one data set, where there are images enough for that: so many jobs can be at work
SHOWN = 2_000 * 224 * 224  # pixels shown to a network in one job, whose evidence takes 1 to 2 GB of disk
HOLDS = 400e6  # bytes that a job may hold of its targets, beside what it holds of none (benchmarks/jobs.py)
OF_A_TARGET = 16_000  # bytes that `localize` holds, map apart: 12 KB of 7x7 maps at 1,000 levels (benchmarks/jobs.py)
COPIES = 4  # of a map: as it was read, as it is packed, as it is drawn


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
            f"the first is '{both[0][1]}'. What selects or trains must be disjoint from what is reported."
        )


def _identities(split: Split) -> set[tuple[str, str]]:
    root = split.settings.get("images")
    where = str(Path(root).resolve()) if root else str(split.settings["adapter"])
    return {(where, image) for image in split.targets["image"].unique()}


def _sized(split: Split) -> str:
    return f"{split.name} ({split.targets['image'].nunique()})"


def shard_size(images: int, targets: int, *, shown: int = 0, map_bytes: int = 0) -> int:
    """How many images a shard has, where the experiment says `auto`; nothing of the machine enters.

    Jobs of a network are few, for each starts it anew: they end where its evidence would fill the disk. All others
    are as long as memory allows, and several side by side.

    `shown`: pixels of the input of the network that sees the images, 0 for none. `map_bytes`: of one target's map.

    >>> shard_size(50_000, 50_000, shown=224 * 224), shard_size(50_000, 50_000, shown=448 * 448)
    (2000, 500)
    >>> shard_size(50_000, 50_000), shard_size(3_000, 3_000), shard_size(300, 300)
    (10000, 1000, 300)
    """
    held = max(targets / max(images, 1), 1) * (OF_A_TARGET + COPIES * map_bytes)
    most = max(min(MOST, int(HOLDS / held)), 1)
    if shown:
        return max(min(most, SHOWN // shown), 1)
    count = max(ceil(images / most), min(SIDE_BY_SIDE, images // LEAST), 1)
    return max(ceil(images / count), 1)


def shards(images: int, size: int) -> list[str]:
    """The shards of `images` images in slices of `size`: `["000000-001999", "002000-002499"]`."""
    return [f"{first:06d}-{min(first + size, images) - 1:06d}" for first in range(0, images, size)]


def rows(targets: pd.DataFrame, shard: str) -> pd.DataFrame:
    """The targets of a shard's images; all targets of an image lie in one shard."""
    first, last = map(int, shard.split("-"))
    number, _ = pd.factorize(targets["image"])
    return targets[(number >= first) & (number <= last)].reset_index(drop=True)
