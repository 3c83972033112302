"""What an image's header says, without decoding a pixel."""

import struct
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from wsol.errors import DataError
from wsol.files import dicom
from wsol.files.depths import Depth, depth

# What OpenCV decodes; Pillow's further readers (PostScript, PDF, …) have no business with a data set.
FORMATS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP", "PPM", "JPEG2000")
ORIENTATION = 0x0112
BROKEN = (OSError, ValueError, SyntaxError, EOFError, struct.error, LookupError, TypeError, OverflowError, MemoryError)

# Pillow warns from here on and refuses from twice as much; what is decoded is held to a lower limit of ours anyway.
Image.MAX_IMAGE_PIXELS = 2**28


class TooLarge(DataError):
    """Pillow's own limit, which stands above any of ours."""


class Header(NamedTuple):
    """Stored size in pixels, before any rotation that `orientation` (EXIF, 1 = upright) asks for."""

    width: int
    height: int
    format: str
    orientation: int
    bands: int  # values a pixel: 1 where it is grey or a place in a palette
    depth: Depth


def header(path: str | Path) -> Header:
    """The file's header; a DataError where the file is missing, unreadable or no image."""
    try:
        with Image.open(path, formats=FORMATS) as image:
            width, height = image.size
            return Header(width, height, image.format or "", _orientation(image), len(image.getbands()), depth(image))
    except Image.DecompressionBombError as error:
        raise TooLarge(f"{path}: {error}") from error
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file.") from error
    except BROKEN as error:
        if dicom.there(path):  # which Pillow does not know
            found = dicom.facts(path)
            return Header(found.width, found.height, "DICOM", 1, found.bands, found.depth)
        reason = getattr(error, "strerror", None)  # the system's, where the file itself cannot be read
        raise DataError(f"{path} cannot be read: {reason}." if reason else f"{path} is no readable image.") from error


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 (upright) where there is none or one that EXIF does not know."""
    stored = image.info.get("exif")
    if not stored:  # asking a PNG without one would decode it to look behind its pixels
        return 1
    exif = Image.Exif()
    exif.load(stored)
    value = exif.get(ORIENTATION, 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1
