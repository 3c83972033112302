"""Augmentations: the ways in which an image is shown to a network for one explanation, and what they are called."""

from collections.abc import Mapping
from typing import Any, NamedTuple

SETTINGS = ("scales", "flip")  # of a cam; absent where an image is shown as it is and no more


class Augmentation(NamedTuple):
    """One of them: the side of the input as a share of the network's own, and whether left and right are exchanged.

    >>> Augmentation().tag, Augmentation(0.5).tag, Augmentation(1.0, flip=True).tag
    ('', '@0.5', '@1.0-flipped')
    """

    scale: float = 1.0
    flip: bool = False

    @property
    def tag(self) -> str:
        """What the names of its views and arrays end in, in a file of evidence; "" of the image as it is."""
        return "" if self == PLAIN else f"@{self.scale!r}{'-flipped' if self.flip else ''}"


PLAIN = Augmentation()


def augmentations(settings: Mapping[str, Any]) -> list[Augmentation]:
    """All that an explanation's settings ask for, scale by scale.

    >>> [each.tag for each in augmentations({"scales": [0.5, 1.0], "flip": True})]
    ['@0.5', '@0.5-flipped', '', '@1.0-flipped']
    """
    flips = (False, True) if settings.get("flip") else (False,)
    return [Augmentation(scale, flip) for scale in settings.get("scales", [1.0]) for flip in flips]
