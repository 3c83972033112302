"""Maps from elsewhere are read as NumPy reads them, whatever their size; a damaged one costs its own target alone."""

import io
import zipfile

import numpy as np
import pandas as pd
import pytest

from wsol.maps import imported, storedmaps

SHAPES = ((7, 7), (3, 5), (600, 700))  # the last is larger than what is read at once
TYPES = ("<f4", ">f4", "<f8", "<f2", "|u1", "<i8", "|b1")


def targets(*images: str) -> pd.DataFrame:
    return pd.DataFrame({"image": images, "label": range(len(images))})


def some(shape, dtype, order="C"):
    values = np.random.default_rng(0).random(shape)
    return np.asarray(values if dtype[1] == "f" else values * 200, dtype, order=order)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_arrays_are_those_that_numpy_reads(shape, dtype, order, tmp_path):
    values = some(shape, dtype, order)
    np.save(tmp_path / "a.npy", values)
    np.savez(tmp_path / "stored.npz", a=values)
    np.savez_compressed(tmp_path / "packed.npz", a=values)
    for found in (
        storedmaps.npy(tmp_path / "a.npy"),
        *(storedmaps.npz(tmp_path / f"{name}.npz", "a") for name in ("stored", "packed")),
    ):
        assert found.dtype == values.dtype
        np.testing.assert_array_equal(found, np.load(tmp_path / "a.npy"))


def test_a_header_of_python_2_or_of_a_newer_version_is_read(tmp_path):
    for version in ((1, 0), (2, 0), (3, 0)):
        with open(tmp_path / "a.npy", "wb") as stream:
            np.lib.format.write_array(stream, some((3, 4), "<f4"), version=version)
        np.testing.assert_array_equal(storedmaps.npy(tmp_path / "a.npy"), some((3, 4), "<f4"))
    content = (tmp_path / "a.npy").read_bytes().replace(b"(3, 4), }  ", b"(3L, 4L), }")
    (tmp_path / "a.npy").write_bytes(content.replace(b"NUMPY\x03", b"NUMPY\x02"))
    np.testing.assert_array_equal(storedmaps.npy(tmp_path / "a.npy"), some((3, 4), "<f4"))


def damaged(name: str, content: bytes) -> bytes:
    """A zip of three maps, with one byte of the values of one of them turned."""
    place = content.index(f"{name}.npy".encode()) + 200
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@pytest.mark.parametrize("shape", [(7, 7), (600, 700)])
def test_a_damaged_member_is_unreadable_and_no_other_is(shape, tmp_path):
    stream = io.BytesIO()
    np.savez(stream, **{name: some(shape, "<f4") for name in ("a.jpg", "b.jpg.1", "c.jpg")})
    (tmp_path / "maps.npz").write_bytes(damaged("b.jpg.1", stream.getvalue()))
    found = imported.load(tmp_path / "maps.npz", targets("a.jpg", "b.jpg", "c.jpg", "d.jpg"))
    assert found.status.tolist() == ["ok", "unreadable", "ok", "missing"]
    assert "'b.jpg.1' is no readable array: Bad CRC-32" in found.reasons[1]


@pytest.mark.parametrize("shape", ["(-3, 4)", "(3, -4)", "(-1,12)"])
def test_a_shape_below_zero_is_no_shape(shape, tmp_path):
    np.save(tmp_path / "a.npy", some((3, 4), "<f4"))
    content = (tmp_path / "a.npy").read_bytes().replace(b"(3, 4), ", f"{shape},".encode())
    (tmp_path / "a.npy").write_bytes(content)
    assert imported.load(tmp_path, targets("a.jpg")).status.tolist() == ["unreadable"]


def test_a_zip_that_lies_about_a_member_s_size_is_unreadable(tmp_path):
    """Its directory says 200 bytes, and a gigabyte of zeros unpacks: no more than was said is."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", bytes(2**24))
    content = stream.getvalue()
    lying = content.replace((2**24).to_bytes(4, "little"), (200).to_bytes(4, "little"))
    (tmp_path / "maps.npz").write_bytes(lying)
    assert imported.load(tmp_path / "maps.npz", targets("a")).status.tolist() == ["unreadable"]


def test_links_that_leave_the_folder_are_followed_nowhere(tmp_path):
    """A link of a file, of a folder above it, and one that comes back in."""
    maps, outside = tmp_path / "maps", tmp_path / "outside"
    for folder in (maps / "own", outside):
        folder.mkdir(parents=True)
        np.save(folder / "a.npy", some((3, 4), "<f4"))
    (maps / "out").symlink_to(outside)
    (maps / "b.npy").symlink_to(outside / "a.npy")
    (maps / "c.npy").symlink_to(maps / "own/a.npy")
    (maps / "within").symlink_to(maps / "own")
    (outside / "back.npy").symlink_to(maps / "own/a.npy")
    (tmp_path / "door").symlink_to(maps)  # the folder itself may be one
    images = ("own/a.jpg", "out/a.jpg", "b.jpg", "c.jpg", "within/a.jpg", "out/back.jpg")
    for root in (maps, tmp_path / "door"):
        found = imported.load(root, targets(*images))
        assert found.status.tolist() == ["ok", "unreadable", "unreadable", "ok", "ok", "ok"]
        assert "'b.npy' is a link that leaves" in found.reasons[2]
