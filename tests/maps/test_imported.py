"""Heatmaps from elsewhere: a file by its name, and the status it gives its target."""

import io
import struct
import zipfile

import cv2
import numpy as np
import pandas as pd
import pytest

from damages import encoded, png
from wsol.maps import imported, storedmaps


def saved(values, **options) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values, **options)
    return stream.getvalue()


def archive(**arrays) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def bomb() -> bytes:
    """A zip that unpacks to four gigabytes, by its directory."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("x.npy", b"")
    content = bytearray(stream.getvalue())
    place = content.index(b"PK\x01\x02") + 24
    content[place : place + 4] = struct.pack("<I", 2**32 - 2)
    return bytes(content)


def saying(shape: tuple[int, ...]) -> bytes:
    """A compressed archive whose array says that it is of that shape and holds next to nothing of it."""
    stream, array = io.BytesIO(), io.BytesIO()
    np.lib.format.write_array_header_1_0(array, {"descr": "<f8", "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("x.npy", array.getvalue() + bytes(8 * min(shape[-1], 1000)))
    return stream.getvalue()


RAMP = np.linspace(0, 1, 12).reshape(3, 4)

# heatmaps from elsewhere: file -> status of the target
MAPS: dict[str, tuple[str, bytes, str]] = {
    "the published layout": ("a.png.npy", saved(RAMP), "ok"),
    "float16": ("a.png.npy", saved(RAMP.astype(np.float16)), "ok"),
    "with a channel": ("a.npy", saved(RAMP[None, ..., None]), "ok"),
    "named by its label": ("a.png.0.npy", saved(RAMP), "ok"),
    "archive of one": ("a.png.npz", archive(cam=RAMP), "ok"),
    "archive by label": ("a.png.npz", archive(**{"0": RAMP, "1": -RAMP}), "ok"),
    "archive of others": ("a.png.npz", archive(**{"5": RAMP, "6": RAMP}), "unreadable"),
    "grey picture": ("a.png", encoded("PNG", mode="L"), "ok"),
    "16-bit picture": ("a.tiff", encoded("TIFF", mode="I;16"), "ok"),
    "colour picture": (
        "a.png",
        cv2.imencode(".png", np.full((3, 4, 3), (1, 2, 3), np.uint8))[1].tobytes(),
        "unreadable",
    ),
    "constant": ("a.npy", saved(np.ones((3, 4))), "degenerate"),
    "NaN": ("a.npy", saved(np.full((3, 4), np.nan)), "degenerate"),
    "one NaN": ("a.npy", saved(np.where(RAMP == 0, np.nan, RAMP)), "degenerate"),
    "too big for float32": ("a.npy", saved(RAMP * 1e300), "ok"),
    "infinite": ("a.npy", saved(np.where(RAMP == 1, np.inf, RAMP)), "degenerate"),
    "other image's": ("b.npy", saved(RAMP), "missing"),
    "empty": ("a.npy", b"", "unreadable"),
    "no numbers": ("a.npy", saved(np.array([["a", "b"]])), "unreadable"),
    "complex numbers": ("a.npy", saved(RAMP * 1j), "unreadable"),
    "three axes": ("a.npy", saved(np.zeros((3, 4, 5))), "unreadable"),
    "one axis": ("a.npy", saved(np.zeros(5)), "unreadable"),
    "no values": ("a.npy", saved(np.zeros((0, 4))), "unreadable"),
    "pickle": ("a.npy", saved(np.array([{"x": 1}], object), allow_pickle=True), "unreadable"),
    "pickle in an archive": ("a.npz", archive(x=np.array([{"x": 1}], object)), "unreadable"),
    "cut short": ("a.npy", saved(RAMP)[:-9], "unreadable"),
    "header that lies": ("a.npy", saved(RAMP).replace(b"(3, 4)", b"(9, 9)"), "unreadable"),
    "header that is code": ("a.npy", saved(RAMP).replace(b"False", b"exit("), "unreadable"),
    "text": ("a.npy", b"0.1 0.2", "unreadable"),
    "no archive": ("a.npz", b"PK but no zip", "unreadable"),
    "archive that grows": ("a.npz", bomb(), "unreadable"),
}


@pytest.mark.parametrize("name", MAPS)
def test_imported_map(name, tmp_path):
    file, content, status = MAPS[name]
    (tmp_path / file).write_bytes(content)
    found = imported.load(tmp_path, pd.DataFrame({"image": ["a.png"], "label": [0]}))
    assert found.status.tolist() == [status]
    double = status in ("ok", "degenerate") and name != "float16"
    assert (found.maps[0].dtype, found.maps[0].ndim) == (np.float64 if double else np.float32, 2)
    assert (0 in found.reasons) == (status != "ok")


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("a.npz", saying((9000, 9000)), "'x' has 81000000 values; the limit of a map is 67108864."),
        ("a.npz", saying((2**31, 2**31)), "'x' has 4611686018427387904 values; the limit of a map is 67108864."),
        ("a.png", png(9000, 9000), "has 81000000 values; the limit of a map is 67108864."),
    ],
)
def test_a_map_over_the_limit_is_refused_before_it_is_unpacked(file, content, words, tmp_path, monkeypatch):
    (tmp_path / file).write_bytes(content)
    for reader in (np, storedmaps.maskfiles):
        monkeypatch.setattr(reader, "load", lambda *_, **__: pytest.fail("the map was unpacked"))
    found = imported.load(tmp_path, pd.DataFrame({"image": ["a.png"], "label": [0]}))
    assert found.status.tolist() == ["unreadable"]
    assert found.reasons[0].endswith(words)


def test_a_mapped_array_over_the_limit_is_not_copied(tmp_path):
    shape = (9000, 9000)
    with open(tmp_path / "a.npy", "wb") as stream:
        np.lib.format.write_array_header_1_0(stream, {"descr": "|u1", "fortran_order": False, "shape": shape})
        stream.truncate(stream.tell() + 9000 * 9000)
    found = imported.load(tmp_path, pd.DataFrame({"image": ["a.png"], "label": [0]}))
    assert found.reasons[0].endswith("a.npy has 81000000 values; the limit of a map is 67108864.")
