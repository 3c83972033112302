"""How much a pixel of a file can hold, from its header: a picture of 12 bits in a file of 16 would be all but black."""

import math
import re
from collections.abc import Callable
from typing import NamedTuple

from PIL import Image

EIGHT = 255
BITS_PER_SAMPLE = 258
SAMPLE_FORMAT = 339
SIGNED = 2
FLOATING = 3
# Magic, width, height and largest value of a PGM or PPM, with comments between them.
PNM = re.compile(rb"P[2356](?:\s|#[^\n]*\n)+\d+(?:\s|#[^\n]*\n)+\d+(?:\s|#[^\n]*\n)+(\d+)")


class Depth(NamedTuple):
    """The largest value that a pixel can have; infinite where values are floating point."""

    top: float
    windowed: bool = False  # the file itself says which values are black and white, or that all are shown

    @property
    def deep(self) -> bool:
        return self.top > EIGHT

    @property
    def open(self) -> bool:
        """Whether nothing but a stated range says which values are black and white."""
        return self.deep and not self.windowed

    @property
    def ranged(self) -> bool:
        """Whether a stated range says so, be it in place of what the file says."""
        return self.deep or self.windowed

    @property
    def kind(self) -> str:
        return "floating-point" if math.isinf(self.top) else f"{int(self.top).bit_length()}-bit"

    def unsaid(self) -> str:
        """What to do about it where no range is said."""
        if math.isinf(self.top):
            return "floating point, say range: [LOW, HIGH]"
        return f"{int(self.top).bit_length()} bits, say range: [0, {self.top:.0f}]"


def depth(image: Image.Image) -> Depth:
    """The depth of an opened file, whose pixels are not decoded.

    A format's own header decides; where it says nothing, Pillow's mode does.
    """
    read = FORMATS.get(image.format or "")
    found = read(image) if read else 0
    by_mode = math.inf if image.mode == "F" else 2**31 - 1 if image.mode == "I" else 0
    by_mode = 2**16 - 1 if image.mode.startswith("I;16") else by_mode
    return Depth(found or by_mode or EIGHT)


def _head(image: Image.Image, length: int) -> bytes:
    stream = getattr(image, "fp", None)
    if stream is None:
        return b""
    stream.seek(0)
    return stream.read(length)


# One function for each format that says more than Pillow's mode: the largest value of a pixel, 0 where it is unknown.
def _png(image: Image.Image) -> float:
    return 2 ** _head(image, 25)[24] - 1


def _tiff(image: Image.Image) -> float:
    tags = getattr(image, "tag_v2", {})
    bits = min(64, max(tags.get(BITS_PER_SAMPLE, (1,))))
    kind = max(tags.get(SAMPLE_FORMAT, (1,)))
    return math.inf if kind == FLOATING else 2 ** (bits - (kind == SIGNED)) - 1


def _pnm(image: Image.Image) -> float:
    found = PNM.match(_head(image, 4096))
    return int(found[1]) if found else 0


def _jpeg2000(image: Image.Image) -> float:
    """The box `ihdr` has it as its eleventh byte, a bare codestream in its SIZ marker."""
    head = _head(image, 4096)
    box = head.find(b"ihdr")
    place = box + 14 if box >= 0 else head.find(b"\xff\x51") + 40
    bits = (head[place] & 127) + 1 if place < len(head) else 8
    return 2**bits - 1 if bits <= 38 else 0


FORMATS: dict[str, Callable[[Image.Image], float]] = {
    "PNG": _png,
    "TIFF": _tiff,
    "PPM": _pnm,
    "JPEG2000": _jpeg2000,
}
