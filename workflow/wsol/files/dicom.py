"""DICOM files, as hospitals have them: what their header says, and their pixels as a viewer would show them.

pydicom is an extra (`pip install .[dicom]`), imported inside functions only. A picture is one frame, grey or in colours
of 8 bits. Grey values go through the modality's table or slope and intercept, then through the first of the file's
windows (or its table, where it has no window); a file without either shows the full range of its values. Both are
pydicom's: DICOM PS3.3, C.11.1 and C.11.2.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsol.errors import ConfigError, DataError, InputError
from wsol.files.depths import Depth

GREY = ("MONOCHROME1", "MONOCHROME2")  # the first says that its lowest value is white
COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")  # pydicom makes RGB of all of them
SIZES = ("Columns", "Rows", "BitsStored", "BitsAllocated")
NEEDED = "is a DICOM file, and pydicom is not installed: pip install .[dicom]"


class DicomFacts(NamedTuple):
    """What a header says; `depth` is of the stored values, which the file's own window brings to 8 bits."""

    width: int
    height: int
    bands: int
    depth: Depth


class Grey(NamedTuple):
    """A grey picture: `ends` are the values that are black and white, or white and black where it is `inverted`."""

    values: NDArray  # [h w], of any type
    ends: tuple[float, float]
    inverted: bool


def is_dicom(head: bytes) -> bool:
    """Whether a file that begins so is DICOM: four letters behind a preamble of 128 bytes."""
    return head[128:132] == b"DICM"


def there(path: str | Path) -> bool:
    """Whether there is a DICOM file."""
    try:
        with Path(path).open("rb") as file:
            return is_dicom(file.read(132))
    except OSError:
        return False


def facts(path: str | Path) -> DicomFacts:
    """What a file's header says, no pixel of it read; a DataError where it is no picture that `picture` reads."""
    with _clear(str(path)):
        return _facts(_pydicom(str(path)).dcmread(path, stop_before_pixels=True), str(path))


def picture(data: bytes, name: str, limit: int, windowed: bool = True) -> NDArray[np.uint8] | Grey:
    """A file's bytes as RGB uint8 [h w 3], or as a grey picture; a DataError where it has more than `limit` pixels.

    With `windowed` the window is applied; without it values are those that the modality measured.
    """
    with _clear(name):
        pydicom = _pydicom(name)
        found = pydicom.dcmread(io.BytesIO(data))
        size = _facts(found, name)
        if size.width * size.height > limit:
            raise DataError(f"{name}: {size.width}x{size.height} is more than {limit} pixels.")
        values = pydicom.pixels.pixel_array(found)
        return values.astype(np.uint8) if size.bands == 3 else _grey(found, values, windowed)


def _grey(found: Any, stored: NDArray, windowed: bool) -> Grey:
    from pydicom.pixels import apply_modality_lut, apply_voi_lut

    inverted = found.PhotometricInterpretation == GREY[0]
    values = apply_modality_lut(stored, found)
    if windowed and None not in (found.get("WindowCenter"), found.get("WindowWidth")):  # which may be there, and empty
        # What the window makes of the lowest and the highest number there is are the ends of all it makes.
        low, high = apply_voi_lut(np.array([-np.inf, np.inf]), found, prefer_lut=False)
        return Grey(apply_voi_lut(values, found, prefer_lut=False), (float(low), float(high)), inverted)
    if windowed and found.get("VOILUTSequence"):
        bits = found.VOILUTSequence[0].LUTDescriptor[2]
        return Grey(apply_voi_lut(np.rint(values).astype(np.int64), found), (0.0, 2.0**bits - 1), inverted)
    return Grey(values, (float(values.min()), float(values.max())), inverted)


def _facts(found: Any, name: str) -> DicomFacts:
    width, height, stored, allocated = (int(found.get(key) or 0) for key in SIZES)
    kind = str(found.get("PhotometricInterpretation", "unknown"))
    bands = 1 if kind in GREY else 3
    frames = int(found.get("NumberOfFrames") or 1)
    if not (width and height and stored):
        raise DataError(f"{name}: a DICOM file without a picture.")
    if frames > 1:
        raise DataError(f"{name}: holds {frames} frames; a picture is one.")
    if kind not in (*GREY, *COLOURS) or int(found.get("SamplesPerPixel", 1)) != bands:
        known = ", ".join((*GREY, *COLOURS))
        raise DataError(f"{name}: pixels of the kind {kind:.40} are not read; known are {known}.")
    if bands == 3 and allocated != 8:
        raise DataError(f"{name}: colours of {allocated} bits are not read, only of 8.")
    _check_decoder(found, name)
    return DicomFacts(width, height, bands, Depth(2**stored - 1, windowed=True))


def _check_decoder(found: Any, name: str) -> None:
    """A DataError where pixels are compressed in a way that needs what is not installed."""
    syntax = found.file_meta.TransferSyntaxUID
    try:
        available = _pydicom(name).pixels.get_decoder(syntax).is_available
    except NotImplementedError:
        available = False
    if not available:
        raise DataError(
            f"{name}: its pixels are compressed as '{syntax.name}', and no decoder of that for pydicom is installed "
            "(pylibjpeg, pyjpegls and gdcm have most)."
        )


def _pydicom(name: str) -> ModuleType:
    """The library; a ConfigError where it is not installed, as no image of such a data set could be read."""
    try:
        import pydicom
        import pydicom.pixels
    except ImportError as error:
        raise ConfigError(f"{name} {NEEDED}") from error
    # A value of another form than the standard's, of which hospitals' files have many, is no matter for a warning.
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    return pydicom


@contextmanager
def _clear(name: str) -> Iterator[None]:
    """Whatever goes wrong inside is said in one line: a broken file leads pydicom and decoders into any error."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        what = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{name} is no readable DICOM file ({what:.120}).") from error
