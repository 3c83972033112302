"""DICOM files: what is shown of them against the standard's formulas in NumPy, and what is refused, in one line."""

import sys

import cv2
import numpy as np
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import MPEG2MPML, JPEG2000Lossless, JPEGBaseline8Bit, JPEGLSLossless, RLELossless

from dicoms import dataset, dicom, encoded, pydicom, table
from wsol.datasets import decoding
from wsol.errors import ConfigError, DataError
from wsol.files import headers

RANDOM = np.random.default_rng(0)
STORED = RANDOM.integers(0, 4096, (24, 31), np.uint16)
SIGNED = RANDOM.integers(-2048, 2048, (24, 31), np.int16)
COLOUR = RANDOM.integers(0, 256, (24, 30, 3), np.uint8)
CT = {"RescaleSlope": 2, "RescaleIntercept": -1024}


def eight(share: np.ndarray) -> np.ndarray:
    """Shares of the way from black to white as 8 bits."""
    return np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)


def linear(values, center, width):
    """PS3.3, C.11.2.1.2.1."""
    return eight((values - (center - 0.5)) / (width - 1) + 0.5)


def full(values):
    return eight((values - values.min()) / np.ptp(values))


def units(stored, slope=2.0, intercept=-1024.0):
    return stored * slope + intercept


LUT = [k * k // 256 for k in range(4096)]
SHOWN = {
    "window": (dicom(STORED, 12, WindowCenter=600, WindowWidth=900), linear(STORED, 600, 900)),
    "the first of several windows": (
        dicom(STORED, 12, WindowCenter=[600, 40], WindowWidth=[900, 400]),
        linear(STORED, 600, 900),
    ),
    "slope, intercept and window": (
        dicom(STORED, 12, WindowCenter=40, WindowWidth=400, **CT),
        linear(units(STORED), 40, 400),
    ),
    "signed values": (dicom(SIGNED, 12, WindowCenter=40, WindowWidth=400), linear(SIGNED, 40, 400)),
    "exactly linear": (
        dicom(STORED, 12, WindowCenter=600, WindowWidth=900, VOILUTFunction="LINEAR_EXACT"),
        eight((STORED - 600.0) / 900 + 0.5),
    ),
    "sigmoid": (
        dicom(STORED, 12, WindowCenter=600, WindowWidth=900, VOILUTFunction="SIGMOID"),
        eight(1 / (1 + np.exp(-4 * (STORED - 600.0) / 900))),
    ),
    "neither window nor rescaling": (dicom(STORED, 12), full(STORED.astype(float))),
    "an empty window": (dicom(STORED, 12, WindowCenter=None, WindowWidth=None), full(STORED.astype(float))),
    "half a window": (dicom(STORED, 12, WindowCenter=600), full(STORED.astype(float))),
    "rescaling alone": (dicom(SIGNED, 12, **CT), full(units(SIGNED))),
    "a falling slope": (
        dicom(STORED, 12, RescaleSlope=-1, RescaleIntercept=4095, WindowCenter=600, WindowWidth=900),
        linear(4095.0 - STORED, 600, 900),
    ),
    "lowest is white": (
        dicom(STORED, 12, PhotometricInterpretation="MONOCHROME1", WindowCenter=600, WindowWidth=900),
        255 - linear(STORED, 600, 900),
    ),
    "8 bits": (dicom(COLOUR[..., 0]), full(COLOUR[..., 0].astype(float))),
    "the modality's table": (dicom(STORED, 12, ModalityLUTSequence=table(0, 16, LUT)), full(np.array(LUT)[STORED])),
    "the window's table": (
        dicom(STORED, 12, VOILUTSequence=table(0, 16, LUT)),
        eight(np.array(LUT)[STORED] / 65535),
    ),
    "one value": (dicom(np.full((5, 6), 7, np.uint16), 12), np.zeros((5, 6), np.uint8)),
}


@pytest.mark.parametrize("name", SHOWN)
def test_grey_is_shown_as_the_standard_says(name, tmp_path):
    content, expected = SHOWN[name]
    (tmp_path / "a.dcm").write_bytes(content)
    found = decoding.decode(tmp_path / "a.dcm")
    assert found.dtype == np.uint8 and found.shape == (*expected.shape, 3) and found.flags.c_contiguous
    assert (found == found[..., :1]).all()
    apart = np.abs(found[..., 0].astype(int) - expected)
    assert apart.max() <= 1 and (apart > 0).mean() < 0.01  # a half may be rounded either way
    assert np.array_equal(decoding.decode(content), found)


def test_a_window_by_hand():
    """52 values around 26: 0 and less is black, 51 and more is white, each step between is 255 / 51."""
    values = np.array([[-3, 0, 1, 2, 25, 50, 51, 300]], np.int16)
    shown = decoding.decode(dicom(values, 12, WindowCenter=26, WindowWidth=52))[0, :, 0]
    assert shown.tolist() == [0, 0, 5, 10, 125, 250, 255, 255]


def test_a_range_is_of_the_modality_s_values_and_goes_before_the_window():
    expected = eight((units(STORED) + 1000) / 1400)
    for kind, wanted in (("MONOCHROME2", expected), ("MONOCHROME1", 255 - expected)):
        content = dicom(STORED, 12, WindowCenter=40, WindowWidth=4, PhotometricInterpretation=kind, **CT)
        assert np.array_equal(decoding.decode(content, (-1000, 400))[..., 0], wanted)


@pytest.mark.parametrize("planar", [0, 1])
def test_colours_are_as_stored(planar):
    stored = np.ascontiguousarray(COLOUR.transpose(2, 0, 1)) if planar else COLOUR
    found = dataset(COLOUR, PlanarConfiguration=planar, PixelData=stored.tobytes())
    assert np.array_equal(decoding.decode(encoded(found)), COLOUR)


def test_luma_and_chroma_become_colours():
    """PS3.3, C.7.6.3.1.2: full range, chroma around 128."""
    y, b, r = np.moveaxis(COLOUR.astype(float), 2, 0)
    red, blue = y + 1.402 * (r - 128), y + 1.772 * (b - 128)
    green = (y - 0.299 * red - 0.114 * blue) / 0.587
    expected = np.clip(np.stack([red, green, blue], axis=2), 0, 255)
    found = decoding.decode(dicom(COLOUR, PhotometricInterpretation="YBR_FULL"))
    assert np.abs(found - expected).max() < 1.5


def test_compressed_pixels_are_those_that_another_decoder_finds():
    plain = decoding.decode(dicom(STORED, 12))
    packed = dataset(STORED, 12)
    packed.compress(RLELossless, generate_instance_uid=False)
    assert np.array_equal(decoding.decode(encoded(packed)), plain)
    smooth = cv2.resize(COLOUR[..., 0], (96, 64), interpolation=cv2.INTER_CUBIC)
    for syntax, suffix in ((JPEGBaseline8Bit, ".jpg"), (JPEG2000Lossless, ".jp2")):
        code = cv2.imencode(suffix, smooth)[1]
        expected = cv2.imdecode(code, cv2.IMREAD_GRAYSCALE).astype(int)
        stream = code.tobytes()
        stream = stream if suffix == ".jpg" else stream[stream.index(b"\xff\x4f\xff\x51") :]
        found = dataset(smooth, syntax=syntax, WindowCenter=128, WindowWidth=256, PixelData=encapsulate([stream]))
        assert np.abs(decoding.decode(encoded(found))[..., 0] - expected).max() <= 1


def test_a_header_says_size_and_depth_and_no_pixel_is_read(tmp_path):
    whole = dicom(STORED, 12, WindowCenter=600, WindowWidth=900)
    (tmp_path / "a.dcm").write_bytes(whole[: -STORED.nbytes])
    found = headers.header(tmp_path / "a.dcm")
    assert (found.width, found.height, found.format, found.bands) == (31, 24, "DICOM", 1)
    assert found.depth.top == 4095 and found.depth.deep and not found.depth.open
    with pytest.raises(DataError, match="is no readable DICOM file"):
        decoding.decode(tmp_path / "a.dcm")


REFUSED = {
    "frames": (
        dicom(np.stack([STORED[:20, :30]] * 3).reshape(60, 30), 12, Rows=20, NumberOfFrames=3),
        "holds 3 frames; a picture is one.",
    ),
    "a palette": (
        dicom(COLOUR[..., 0], PhotometricInterpretation="PALETTE COLOR"),
        "pixels of the kind PALETTE COLOR are not read; known are MONOCHROME1, MONOCHROME2, RGB, ",
    ),
    "colours of 16 bits": (dicom(COLOUR.astype(np.uint16)), "colours of 16 bits are not read, only of 8."),
    "no picture": (dicom(STORED, 12, Rows=0), "a DICOM file without a picture."),
    "JPEG-LS": (
        dicom(STORED, 12, syntax=JPEGLSLossless, PixelData=encapsulate([b"\xff\xd8 and so on"])),
        "its pixels are compressed as 'JPEG-LS Lossless Image Compression', and no decoder of that for pydicom is "
        "installed (pylibjpeg, pyjpegls and gdcm have most).",
    ),
    "a film": (
        dicom(STORED, 12, syntax=MPEG2MPML, PixelData=encapsulate([b"a film"])),
        "its pixels are compressed as 'MPEG2 Main Profile / Main Level', and no decoder",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_read_is_said_by_the_header_and_by_the_decoder(name, tmp_path):
    content, said = REFUSED[name]
    (tmp_path / "a.dcm").write_bytes(content)
    for read in (headers.header, decoding.decode):
        with pytest.raises(DataError) as caught:
            read(tmp_path / "a.dcm")
        assert str(caught.value).startswith(f"{tmp_path}/a.dcm: {said}")


def test_a_picture_over_the_limit_is_not_decoded(monkeypatch):
    monkeypatch.setattr(decoding, "PIXEL_LIMIT", 24 * 31 - 1)
    with pytest.raises(DataError, match="image: 31x24 is more than 743 pixels"):
        decoding.decode(dicom(STORED, 12))


def test_without_pydicom_one_line_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "a.dcm").write_bytes(dicom(STORED, 12))
    monkeypatch.setitem(sys.modules, "pydicom", None)
    for read in (headers.header, decoding.decode):
        with pytest.raises(ConfigError) as caught:
            read(tmp_path / "a.dcm")
        said = f"{tmp_path}/a.dcm is a DICOM file, and pydicom is not installed: pip install .[dicom]"
        assert str(caught.value) == said


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_file_decodes_or_is_a_line(seed, tmp_path):
    random = np.random.default_rng(seed)
    content = bytearray(dicom(STORED, 12, WindowCenter=600, WindowWidth=900, **CT))
    for place in random.integers(132, len(content) if seed % 2 else 600, 12):
        content[place] = random.integers(256)
    path = tmp_path / "a.dcm"
    path.write_bytes(content[: random.integers(140, len(content))] if seed % 3 == 0 else content)
    for read in (headers.header, decoding.decode):
        try:
            read(path)
        except DataError as error:
            assert "\n" not in str(error) and str(path) in str(error)
    assert pydicom.config.settings.reading_validation_mode == pydicom.config.IGNORE
