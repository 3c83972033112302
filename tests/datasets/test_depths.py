"""Images of more than 8 bits: found by their header, refused without a range, mapped with one."""

import io
import math
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import sources
from damages import encoded
from sources import write
from wsol.datasets import decoding
from wsol.errors import ConfigError, DataError
from wsol.files import headers
from wsol.index.indexing import index, opener

GREY = np.arange(2400, dtype=np.uint16).reshape(40, 60)  # more than 8 bits, fewer than 12
COLOUR = np.stack([GREY, GREY[::-1], GREY[:, ::-1]], axis=-1)  # blue, green, red


def stored(values: np.ndarray, kind: str) -> bytes:
    return cv2.imencode(kind, values)[1].tobytes()


def pillow(values: np.ndarray, kind: str) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, kind)
    return stream.getvalue()


def portable(magic: bytes, top: int, values: np.ndarray) -> bytes:
    return magic + b"\n# a comment\n60 40 " + str(top).encode() + b"\n" + values.astype(">u2").tobytes()


DEEP = {
    "grey PNG": (stored(GREY, ".png"), 65535),
    "colour PNG": (stored(COLOUR, ".png"), 65535),
    "transparent PNG": (stored(np.dstack([COLOUR, GREY]), ".png"), 65535),
    "grey TIFF": (stored(GREY, ".tiff"), 65535),
    "colour TIFF": (stored(COLOUR, ".tiff"), 65535),
    "32-bit TIFF": (pillow(GREY.astype(np.int32), "TIFF"), 2**31 - 1),
    "float TIFF": (stored(GREY.astype(np.float32), ".tiff"), math.inf),
    "grey PGM": (portable(b"P5", 4095, GREY), 4095),
    "colour PPM": (portable(b"P6", 2399, COLOUR[..., ::-1]), 2399),
    "grey JPEG 2000": (stored(GREY, ".jp2"), 65535),
    "colour JPEG 2000": (stored(COLOUR, ".jp2"), 65535),
}
FLAT = {
    "PNG": encoded("PNG"),
    "one bit": encoded("PNG", mode="1"),
    "palette": encoded("PNG", mode="P"),
    "JPEG": encoded("JPEG"),
    "TIFF": encoded("TIFF"),
    "TIFF of one bit": encoded("TIFF", mode="1"),
    "PPM": encoded("PPM"),
    "JPEG 2000": encoded("JPEG2000"),
    "WebP": encoded("WEBP"),
    "GIF": encoded("GIF", mode="P"),
}


@pytest.mark.parametrize("name", DEEP)
def test_the_header_tells_how_much_a_pixel_can_hold(name, tmp_path):
    content, top = DEEP[name]
    (tmp_path / "a").write_bytes(content)
    assert headers.header(tmp_path / "a").depth.top == top


@pytest.mark.parametrize("name", FLAT)
def test_eight_bits_are_not_deep_and_a_range_leaves_them_as_they_are(name, tmp_path):
    (tmp_path / "a").write_bytes(FLAT[name])
    assert not headers.header(tmp_path / "a").depth.deep
    np.testing.assert_array_equal(decoding.decode(FLAT[name], (3, 90)), decoding.decode(FLAT[name]))


@pytest.mark.parametrize("name", [name for name in DEEP if "2000" not in name])
def test_a_range_maps_every_kind_alike(name):
    decoded = decoding.decode(DEEP[name][0], (100, 2099))
    red = COLOUR[..., 2] if "colour" in name or "transparent" in name else GREY
    expected = np.rint((red.astype(float) - 100) * 255 / 1999).clip(0, 255)
    np.testing.assert_array_equal(decoded[..., 0], expected)
    assert decoded.dtype == np.uint8
    assert decoded.shape == (40, 60, 3)


def test_a_range_by_hand():
    values = np.array([[0, 10, 11, 12, 14, 20, 65535]], np.uint16)
    decoded = decoding.decode(stored(values, ".png"), (10, 20))
    assert decoded[0, :, 1].tolist() == [0, 0, 26, 51, 102, 255, 255]  # 25.5 is half: to the even
    values = np.array([[-1, 0, 0.25, 1, np.inf, -np.inf, np.nan]], np.float32)
    assert decoding.decode(stored(values, ".tiff"), (0, 1))[0, :, 2].tolist() == [0, 0, 64, 255, 255, 0, 0]


@pytest.fixture
def deep(tmp_path) -> dict:
    """Two images of 12 bits in files of 16."""
    settings = sources.wsol(tmp_path)
    for name, (width, height) in sources.SIZES.items():
        values = np.arange(12, 12 + width * height, dtype=np.uint16).reshape(height, width)
        (tmp_path / "images" / name).write_bytes(stored(values, ".png"))
    return settings


def test_without_a_range_the_index_says_which_to_write_down(deep):
    found = index(deep)
    assert found.targets["status"].tolist() == ["unreadable", "unreadable"]
    assert found.problems["detail"].tolist() == ["16 bits, say range: [0, 65535]"] * 2
    assert "range       16-bit images hold 12-1211; say range: [0, 4095]" in found.summary.splitlines()
    with pytest.raises(DataError, match=r"a.png: 16 bits, say range: \[0, 65535\]\."):
        opener(deep)("a.png")


def test_with_a_range_they_are_images(deep):
    found = index(deep | {"range": [0, 2047]})
    assert found.targets["status"].tolist() == ["ok", "ok"]
    assert found.problems.empty
    assert "range       [0, 2047], for 2 images of more than 8 bits" in found.summary.splitlines()
    assert opener(deep | {"range": [12, 1211]})("a.png")[[0, -1], [0, -1], 0].tolist() == [0, 255]


def test_the_hint_looks_at_a_hundred_images_of_many(tmp_path):
    names = [f"{i:03d}.tiff" for i in range(250)]
    (tmp_path / "images").mkdir()
    for i, name in enumerate(names):
        (tmp_path / "images" / name).write_bytes(stored(np.full((4, 4), i / 500, np.float32), ".tiff"))
    table = write(tmp_path / "t.csv", "image,class\n" + "".join(f"{name},x\n" for name in names))
    settings = {"adapter": "table", "annotations": str(table), "images": str(tmp_path / "images")}
    line = "range       floating-point images hold 0-0.498 (100 of 250 looked at); say range: [0, 0.498]"
    found = index(settings)
    assert line in found.summary.splitlines()
    assert found.problems["detail"][0] == "floating point, say range: [LOW, HIGH]"


def test_one_deep_image_is_told_and_the_others_are_as_before(deep, tmp_path):
    before = encoded("PNG", (20, 20))
    (tmp_path / "images/b.png").write_bytes(before)
    assert index(deep).targets["status"].tolist() == ["unreadable", "ok"]
    ranged = deep | {"range": [0, 4095]}
    np.testing.assert_array_equal(opener(ranged)("b.png"), decoding.decode(before))


def test_a_range_that_no_image_needs_is_refused(deep, tmp_path):
    settings = sources.wsol(tmp_path / "flat") | {"range": [0, 4095]}
    with pytest.raises(DataError) as caught:
        index(settings, "datasets.birds")
    assert str(caught.value) == "datasets.birds.range: none of its 2 images has more than 8 bits; leave it out."
    with pytest.raises(DataError, match="has more than 8 bits; leave it out"):
        index(settings | {"images": None})


def test_a_part_may_be_without_images_that_need_the_range(deep, tmp_path):
    (tmp_path / "images/b.png").write_bytes(encoded("PNG", (20, 20)))
    for take in (0, 1):
        found = index(deep | {"range": [0, 4095], "part": {"of": 2, "take": take}})
        assert found.targets["status"].tolist() == ["ok"]


@pytest.mark.parametrize("span", [[0], [0, 1, 2], [5, 5], [9, 1]])
def test_ranges_that_are_none(deep, span):
    with pytest.raises(
        ConfigError, match=r"dataset\.range: must be \[low, high\], two numbers, the lower first; got \["
    ):
        index(deep | {"range": span})


@pytest.mark.parametrize(
    ("span", "words"),
    [
        ("auto", "dataset.range: must be a list or nothing, got 'auto'."),
        ([0, "x"], "dataset.range[1]: must be a number, got 'x'."),
        ([0, math.inf], "dataset.range[1]: must be a finite number, got inf."),
        ([math.nan, 1], "dataset.range[0]: must be a finite number, got nan."),
    ],
)
def test_ranges_of_another_type(deep, span, words):
    with pytest.raises(ConfigError) as error:
        index(deep | {"range": span})
    assert str(error.value) == words


def test_a_header_that_lies_about_its_depth_stops_nothing(tmp_path):
    head = b"IHDR" + struct.pack(">IIBBBBB", 40, 30, 77, 2, 0, 0, 0)
    chunks = [head, b"IDAT" + zlib.compress(b""), b"IEND"]
    framed = [struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks]
    settings = sources.wsol(tmp_path)
    Path(tmp_path / "images/a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(framed))
    assert index(settings).targets["status"].tolist() == ["unreadable", "ok"]
