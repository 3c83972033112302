"""Shards: contiguous slices of a dataset's images, named by the images they hold.

A shard's name is `first-last`, both included, so another shard size makes other files and overwrites none.
"""

import pandas as pd


def shards(images: int, size: int) -> list[str]:
    """The shards of `images` images in slices of `size`: `["000000-001999", "002000-002499"]`."""
    return [f"{first:06d}-{min(first + size, images) - 1:06d}" for first in range(0, images, size)]


def rows(targets: pd.DataFrame, shard: str) -> pd.DataFrame:
    """The targets of a shard's images; all targets of an image lie in one shard."""
    first, last = map(int, shard.split("-"))
    number, _ = pd.factorize(targets["image"])
    return targets[(number >= first) & (number <= last)].reset_index(drop=True)
