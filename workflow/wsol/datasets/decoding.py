"""Image files become arrays here and nowhere else: by OpenCV, or pydicom where they are DICOM, in colour, with 8 bits.

EXIF orientation is ignored because annotations count stored pixels.
"""

import os
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wsol.errors import DataError
from wsol.files import dicom

PIXEL_LIMIT = 2**27
# OpenCV reads its own limit once, when it is first imported; ours below also holds where that came earlier.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(PIXEL_LIMIT))

import cv2  # noqa: E402

Image = NDArray[np.uint8]


def decode(source: bytes | str | Path, span: Sequence[float] | None = None) -> Image:
    """A file, or its bytes, as RGB uint8 [h w 3]; a DataError where it is no image, is cut short or too large.

    `span` is (low, high): in an image of more than 8 bits the value low becomes 0 and high becomes 255; what lies
    between is linear (rounded, halves to the even), what lies outside is cut, and NaN is 0. Without it OpenCV keeps the
    upper 8 of 16 bits. An image of 8 bits is the same either way. A DICOM file's range is in the modality's values (of
    a CT Hounsfield units) and goes before the file's window.
    """
    name = "image" if isinstance(source, bytes) else str(source)
    data = _bytes(source, name)
    if dicom.is_dicom(data):
        return _of_dicom(dicom.picture(data, name, PIXEL_LIMIT, span is None), span)
    if span is not None:
        values = _decoded(data, name, cv2.IMREAD_UNCHANGED)
        if values.dtype != np.uint8:
            return _mapped(values, *span)
    image = _decoded(data, name, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)


def stored(path: str | Path) -> np.ndarray:
    """The values as they are stored, of any type: [h w] or [h w channels]."""
    return _decoded(_bytes(path, str(path)), str(path), cv2.IMREAD_UNCHANGED)


def _bytes(source: bytes | str | Path, name: str) -> bytes:
    """What is to be decoded, as far as a look at it can tell that it may be."""
    try:
        data = source if isinstance(source, bytes) else Path(source).read_bytes()
    except OSError as error:
        raise DataError(f"{name}: cannot be read ({error.strerror}).") from error
    if not data:
        raise DataError(f"{name}: is empty.")
    width, height = header_size(data)
    if width * height > PIXEL_LIMIT:
        raise DataError(f"{name}: {width}x{height} is more than {PIXEL_LIMIT} pixels.")
    if _is_cut(data):
        raise DataError(f"{name}: the file is cut short.")
    return data


def _decoded(data: bytes, name: str, flags: int) -> np.ndarray:
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise DataError(f"{name}: does not decode ({error.err}).") from error
    if image is None:
        raise DataError(f"{name}: is no image that OpenCV decodes.")
    return image


def _of_dicom(found: Image | dicom.Grey, span: Sequence[float] | None) -> Image:
    """As RGB uint8 [h w 3]; a picture of one value only is all black, or all white."""
    if not isinstance(found, dicom.Grey):
        return found
    low, high = span or found.ends
    eight = _eight(found.values, low, high if high != low else low + 1)
    return (255 - eight if found.inverted else eight)[..., None].repeat(3, axis=2)


def _mapped(values: np.ndarray, low: float, high: float) -> Image:
    """[h w] or BGR(A) [h w channels] of any type as RGB uint8 [h w 3]; a channel of transparency is left out."""
    if values.dtype == np.uint16:  # a table is exact, and needs no image of floats
        table = _eight(np.arange(2**16), low, high)
        values = table[values]
    else:
        values = _eight(values, low, high)
    if values.ndim == 2:
        values = values[..., None]
    colours = values[..., 2::-1] if values.shape[2] >= 3 else values[..., :1].repeat(3, axis=2)
    return np.ascontiguousarray(colours)


def _eight(values: np.ndarray, low: float, high: float) -> NDArray[np.uint8]:
    """Values with `low` at 0 and `high` at 255."""
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = (values.astype(np.float64) - low) * (255 / (high - low))
    return np.rint(np.nan_to_num(scaled, nan=0).clip(0, 255)).astype(np.uint8)


def header_size(data: bytes) -> tuple[int, int]:
    """(width, height) as a PNG's or JPEG's header says, before anything is decoded; (0, 0) for other kinds."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) >= 24:
        return struct.unpack(">II", data[16:24])
    # A JPEG is a chain of segments; its size stands in the first one that starts a frame.
    place = 2
    while data[:2] == b"\xff\xd8" and place + 9 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return struct.unpack(">HH", data[place + 5 : place + 9])[::-1]
        # Padding and markers without a length are one or two bytes.
        alone = marker in (0x01, 0xFF) or 0xD0 <= marker <= 0xD8
        place += (2 - (marker == 0xFF)) if alone else 2 + struct.unpack(">H", data[place + 2 : place + 4])[0]
    return 0, 0


def _is_cut(data: bytes) -> bool:
    """A JPEG's scan without an end, a PNG without its last chunk: decoders would fill the rest with grey."""
    if data[:2] == b"\xff\xd8":
        return data.rfind(b"\xff\xd9") <= data.rfind(b"\xff\xda")
    return data[:4] == b"\x89PNG" and b"IEND" not in data[-64:]
