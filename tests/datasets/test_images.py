"""Images: decoding, fitting, and that every input pixel is known by its place in the annotation."""

import struct
import time
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsol.affine import Affine
from wsol.datasets import decoding, images
from wsol.errors import DataError

rng = np.random.default_rng(0)


def encoded(image: np.ndarray, kind: str) -> bytes:
    return cv2.imencode(kind, image[..., ::-1] if image.ndim == 3 else image)[1].tobytes()


def smooth(height=40, width=60) -> np.ndarray:
    """Red grows to the right, green downwards."""
    red, green = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return np.stack([red, green, np.full_like(red, 50)], axis=-1).astype(np.uint8)


def test_colours_come_in_the_order_red_green_blue(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(encoded(smooth(), ".png"))
    np.testing.assert_array_equal(decoding.decode(path), smooth())
    np.testing.assert_array_equal(decoding.decode(path.read_bytes()), smooth())


@pytest.mark.parametrize("kind", [".png", ".jpg", ".bmp", ".webp", ".tiff"])
def test_every_kind_becomes_eight_bit_colour(kind):
    for image in (smooth(), smooth()[..., 0]):
        decoded = decoding.decode(encoded(image, kind))
        assert decoded.shape == (40, 60, 3) and decoded.dtype == np.uint8
    deep = (smooth().astype(np.uint16) * 257)[..., ::-1]
    np.testing.assert_allclose(decoding.decode(cv2.imencode(".png", deep)[1].tobytes()), smooth(), atol=1)


def test_exif_orientation_is_ignored_because_boxes_count_stored_pixels():
    jpeg = encoded(smooth(), ".jpg")
    tiff = b"MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
    exif = b"Exif\x00\x00" + tiff
    turned = jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]
    assert cv2.imdecode(np.frombuffer(turned, np.uint8), cv2.IMREAD_COLOR).shape == (60, 40, 3)  # OpenCV would turn it
    np.testing.assert_array_equal(decoding.decode(turned), decoding.decode(jpeg))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"not an image at all", "no image"),
        (encoded(smooth(), ".jpg")[:600], "cut short"),
        (encoded(smooth(), ".png")[:-20], "cut short"),
        (b"\x89PNG\r\n\x1a\n", "cut short"),
    ],
)
def test_what_does_not_decode_is_said_in_one_line(data, said):
    with pytest.raises(DataError, match=said) as error:
        decoding.decode(data)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nothing.png: cannot be read \(No such file"):
        decoding.decode(tmp_path / "nothing.png")


def huge_png() -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_an_image_of_too_many_pixels_is_refused_before_it_is_decoded():
    began = time.perf_counter()
    with pytest.raises(DataError, match="60000x60000 is more than"):
        decoding.decode(huge_png())
    assert time.perf_counter() - began < 0.1


@pytest.mark.parametrize("kind", [".png", ".jpg"])
def test_the_header_tells_the_size(kind):
    assert decoding.header_size(encoded(smooth(), kind)) == (60, 40)
    assert decoding.header_size(b"\xff\xd8\xff") == (0, 0)


@given(
    height=st.integers(4, 80),
    width=st.integers(4, 80),
    size=st.tuples(st.integers(8, 50), st.integers(8, 50)),
    resize=st.sampled_from(["stretch", "crop", "pad"]),
)
@settings(max_examples=60, deadline=None)
def test_geometry_says_where_each_input_pixel_came_from(height, width, size, resize):
    """On an image whose colours are coordinates, the input's colours are the input_to_image's answer."""
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    coordinates = np.stack([x, y, np.ones_like(x)], axis=-1).astype(np.float32)
    fitted, (sx, sy, tx, ty) = images.fit(coordinates, size, resize)
    assert fitted.shape == (*size, 3)
    j, i = np.meshgrid(np.arange(size[1]) + 0.5, np.arange(size[0]) + 0.5)
    expected_x, expected_y = j * sx + tx, i * sy + ty
    inside = (expected_x > 0.5) & (expected_x < width - 0.5) & (expected_y > 0.5) & (expected_y < height - 0.5)
    inside &= fitted[..., 2] > 0
    # OpenCV's linear weights are exact in float32 up to rounding of coordinates.
    np.testing.assert_allclose(fitted[..., 0][inside], expected_x[inside], atol=0.02 * max(1, sx))
    np.testing.assert_allclose(fitted[..., 1][inside], expected_y[inside], atol=0.02 * max(1, sy))
    if resize != "pad":
        assert (fitted[..., 2] == 1).all()


def test_each_way_of_fitting_by_hand():
    image = np.ones((20, 40, 3), np.uint8)
    assert images.fit(image, (10, 10), "stretch")[1] == (4, 2, 0, 0)
    assert images.fit(image, (10, 10), "crop")[1] == (2, 2, 10, 0)  # the middle 20 columns
    padded, input_to_image = images.fit(image, (10, 10), "pad")
    assert input_to_image == (4, 4, 0, -8)  # two empty rows above: eight image pixels
    assert padded[:, 0, 0].tolist() == [0, 0, 1, 1, 1, 1, 1, 0, 0, 0]


@pytest.mark.parametrize("name", images.INTERPOLATIONS)
def test_interpolations_keep_a_flat_image_flat(name):
    image = np.full((13, 17, 3), 77, np.uint8)
    fitted, _ = images.fit(image, (24, 9), "stretch", name)
    assert (fitted == 77).all()


def test_a_stored_size_other_than_the_annotated_one_is_carried_along():
    input_to_image = images.rescaled(Affine(2.0, 4.0, 10.0, -8.0), stored=(100, 50), annotated=(200, 150))
    assert input_to_image == (6.0, 8.0, 30.0, -16.0)


def test_the_loader_keeps_order_whatever_takes_longer_and_goes_on_after_a_failure():
    def open_image(name: str) -> np.ndarray:
        time.sleep(0.02 if name == "0" else 0)
        if name == "3":
            raise DataError("3: does not decode.")
        return np.full((10, 20, 3), int(name), np.uint8)

    names = [str(i) for i in range(7)]
    found = list(images.loader(open_image, names, [(10, 20)] * 7, (5, 5), threads=3, ahead=2))
    assert [item.pixels[0, 0, 0] for item in found] == [0, 1, 2, 0, 4, 5, 6]
    assert [item.status for item in found] == ["ok"] * 3 + ["unreadable"] + ["ok"] * 3
    assert found[3].problem == "3: does not decode." and found[3].input_to_image == found[0].input_to_image == (
        4,
        2,
        0,
        0,
    )


def test_the_loader_reads_no_further_ahead_than_asked():
    opened = []

    def open_image(name: str) -> np.ndarray:
        opened.append(name)
        return np.zeros((4, 4, 3), np.uint8)

    source = images.loader(open_image, map(str, range(100)), [(4, 4)] * 100, (4, 4), ahead=8)
    next(source)
    time.sleep(0.05)
    assert len(opened) <= 9
    source.close()
