"""Logits from elsewhere: what a file says of each image, and one clear line for one that cannot be used."""

import io
import zipfile

import numpy as np
import pytest

from wsol.errors import DataError
from wsol.files import logits

NAMES = [f"val/{place}.jpg" for place in range(2000)]
VALUES = np.random.default_rng(0).integers(-300, 300, (2000, 9)).astype(np.float32)  # exact in every type below
WANTED = ["val/7.jpg", "val/none.jpg", "val/1999.jpg", "val/0.jpg", "val/8.jpg"]


def by_hand() -> np.ndarray:
    """A loop over names."""
    rows = [VALUES[NAMES.index(name)] if name in NAMES else np.full(9, np.nan) for name in WANTED]
    return np.stack(rows)


def table(path, names=NAMES, values=VALUES, head=None, order=None) -> None:
    order = range(values.shape[1]) if order is None else order
    head = [str(place) for place in order] if head is None else head
    lines = [
        ",".join([*map(repr, map(float, row[list(order)])), name]) for name, row in zip(names, values, strict=True)
    ]
    path.write_text("\n".join([",".join([*head, "image"]), *lines]) + "\n")


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f2", "<f8", "<i4"])
def test_rows_of_an_archive_are_found_by_name(save, dtype, order, tmp_path, monkeypatch):
    monkeypatch.setattr(logits, "CHUNK", 1000)  # several pieces
    save(tmp_path / "l.npz", image=NAMES, logits=np.asarray(VALUES, dtype, order=order))
    found = logits.read(tmp_path / "l.npz", WANTED)
    expected = by_hand()
    there = ~np.isnan(expected).all(axis=1)
    assert found.there.tolist() == there.tolist() == [True, False, True, True, True]
    assert found.logits.dtype == (np.float64 if dtype in ("<f8", "<i4") else np.float32) and found.names == []
    np.testing.assert_array_equal(found.logits[there], expected[there].astype(dtype))
    assert np.isnan(found.logits[~there]).all()
    held = logits.look(tmp_path / "l.npz")
    assert (held.outputs, held.images.tolist(), held.names) == (9, NAMES, [])


def test_a_table_says_the_same_and_its_columns_are_sorted_by_their_numbers(tmp_path):
    table(tmp_path / "l.csv", order=[3, 1, 0, 2, 8, 7, 6, 5, 4])
    found = logits.read(tmp_path / "l.csv", WANTED)
    np.testing.assert_array_equal(found.logits, by_hand().astype(np.float64))
    assert logits.look(tmp_path / "l.csv").images.tolist() == NAMES and found.names == []


def test_outputs_may_be_called_by_name(tmp_path):
    called = [f"kind {letter}" for letter in "abcdefghi"]
    table(tmp_path / "l.csv", head=called)
    np.savez(tmp_path / "l.npz", image=np.array(NAMES, "S"), logits=VALUES, names=called)
    for path in (tmp_path / "l.csv", tmp_path / "l.npz"):
        assert logits.look(path).names == logits.read(path, WANTED).names == called


def test_a_shard_without_any_of_its_images(tmp_path):
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "l.npz", image=NAMES, logits=VALUES)
        found = logits.read(tmp_path / "l.npz", ["x", "y"])
        assert not found.there.any() and found.logits.shape == (2, 9) and np.isnan(found.logits).all()


def archive(**arrays) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def turned(content: bytes) -> bytes:
    """One bit of the last array's values is another."""
    place = content.index(b"logits.npy") + 300
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


TWO = np.zeros((2, 3))
WRONG: dict[str, tuple[str, bytes, str]] = {
    "no archive": ("l.npz", b"PK and no more", "is no readable .npz file of logits"),
    "cut short": ("l.npz", archive(image=["a", "b"], logits=TWO)[:-30], "is no readable .npz file of logits"),
    "damaged": ("l.npz", turned(archive(image=["a", "b"], logits=np.zeros((2, 300)))), "Bad CRC-32"),
    "other arrays": ("l.npz", archive(images=["a"], x=TWO), "has no array 'image': logits are the arrays image [n]"),
    "no logits": ("l.npz", archive(image=["a", "b"], scores=TWO), "has no array 'logits'"),
    "pickled names": (
        "l.npz",
        archive(image=np.array(["a", "b"], object), logits=TWO),
        "'image' is pickled; save it as",
    ),
    "names that are numbers": (
        "l.npz",
        archive(image=[1, 2], logits=TWO),
        "'image' must be text [n]; received int64 [2]",
    ),
    "fewer images": ("l.npz", archive(image=["a"], logits=TWO), "received 1 images and logits float64 [2, 3]"),
    "one axis": ("l.npz", archive(image=["a", "b"], logits=TWO[0]), "received 2 images and logits float64 [3]"),
    "no numbers": ("l.npz", archive(image=["a"], logits=[["x"]]), "received 1 images and logits <U1 [1, 1]"),
    "no outputs": ("l.npz", archive(image=["a", "b"], logits=TWO[:, :0]), "logits float64 [2, 0]"),
    "other names": ("l.npz", archive(image=["a", "b"], logits=TWO, names=["x"]), "has 3 outputs and 1 names of them."),
    "twice": ("l.npz", archive(image=["a", "a"], logits=TWO), "the image 'a' is there twice."),
    "table twice": ("l.csv", b"image,0\na,1\na,2\n", "the image 'a' is there twice."),
    "table of no image": (
        "l.csv",
        b"name,0\na,1\n",
        "needs the column image and one for each output; received name, 0.",
    ),
    "table of no output": ("l.csv", b"image\na\n", "needs the column image and one for each output"),
    "table with a gap": ("l.csv", b"image,0,2\na,1,2\n", "columns of numbers must be 0 to 1; received 0, 2."),
    "table with its index": (
        "l.csv",
        b",image,0,1\n0,a,1,2\n",
        "all columns are numbers or all are names; received , 0, 1.",
    ),
    "table with labels": ("l.csv", b"image,label,0,1\na,1,1,2\n", "or all are names; received label, 0, 1."),
    "table with text": (
        "l.csv",
        b"image,0,1\na,1,2\nb,3,high\n",
        "l.csv:3: a logit must be a number; received 'high'.",
    ),
    "table with a hole": ("l.csv", b"image,0,1\na,1,\n", "l.csv:2: a logit must be a number; received ''."),
    "table with short rows": ("l.csv", b"image,0,1\na,1\n", "l.csv:2 has 2 fields, the header 3."),
    "table of nothing": ("l.csv", b"", "has no rows."),
    "table in Latin-1": ("l.csv", b"image,0\n\xe9,1\n", "is no readable CSV of UTF-8 text"),
    "a column twice": ("l.csv", b"image,x,x\na,1,2\n", "the column 'x' is given twice."),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_file_that_cannot_be_used_is_one_clear_line(name, tmp_path):
    file, content, words = WRONG[name]
    (tmp_path / file).write_bytes(content)
    with pytest.raises(DataError) as caught:
        logits.look(tmp_path / file)
    assert words in str(caught.value) and str(tmp_path / file) in str(caught.value)


def test_a_stored_archive_is_mapped_and_a_packed_one_goes_by_in_pieces(tmp_path, monkeypatch):
    """Neither needs memory for all: nothing as large as the whole is ever asked for."""
    monkeypatch.setattr(logits, "CHUNK", 1 << 14)
    reads = []
    plain = zipfile.ZipExtFile.read
    monkeypatch.setattr(zipfile.ZipExtFile, "read", lambda self, n=-1: reads.append(n) or plain(self, n))
    values = np.zeros((2000, 1000), np.float32)
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "l.npz", image=NAMES, logits=values)
        logits.read(tmp_path / "l.npz", WANTED)
    assert reads and min(reads) >= 0 and max(reads) < values.nbytes / 20
