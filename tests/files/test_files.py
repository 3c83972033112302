"""Stage files: what is written is read back, equal content is equal bytes, and anything else is refused in one line."""

import hashlib
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from wsol.errors import Damaged, FileError
from wsol.files import formats, seal
from wsol.files.containers import Arrays, Record, Table, Weights
from wsol.files.formats import digest
from wsol.files.npz import pack, unpack

NUMBERS = Arrays("numbers", 2, "count", ("a",))
ROWS = Table("rows", 1, "list", ("image", "boxes"))
NOTES = Record("notes", 1, "note", ("images",))
FITTED = Weights("fitted", 1, "fit", ("classes",))


def write(path, **more):
    NUMBERS.write(path, a=np.arange(6).reshape(2, 3), settings={"x": 1}, **more)


def test_arrays_come_back_with_their_header(tmp_path):
    (tmp_path / "source").write_text("abc")
    write(tmp_path / "n.npz", given={"source": tmp_path / "source"})
    arrays, header = NUMBERS.open(tmp_path / "n.npz")
    assert arrays["a"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert header["format"] == "numbers" and header["version"] == 2 and header["settings"] == {"x": 1}
    # sha256 of "abc", FIPS 180-2's own example.
    assert header["given"]["source"].startswith("ba7816bf8f01cfea")
    assert {"python", "tensorflow", "keras", "numpy", "opencv-python-headless", "wsol"} <= set(header["versions"])


def test_a_file_names_the_stage_files_it_was_made_from_by_their_digest_and_the_way_there(tmp_path):
    write(tmp_path / "a/one.npz")
    write(tmp_path / "b/c/two.npz", made_from={"one": tmp_path / "a/one.npz"})
    _, header = NUMBERS.open(tmp_path / "b/c/two.npz")
    blank = (tmp_path / "a/one.npz").read_bytes()
    said = blank[-seal.DIGITS :]  # a zip's comment is its end
    by_hand = hashlib.sha256(blank[: -seal.DIGITS] + b"0" * seal.DIGITS).hexdigest()
    assert header["made_from"] == {"one": {"file": "../../a/one.npz", "digest": by_hand}} and said.decode() == by_hand


def test_a_table_comes_back(tmp_path):
    frame = pd.DataFrame({"image": ["a", "b"], "boxes": [[0.0, 1.0, 2.0, 3.0], []], "more": [1, 2]})
    ROWS.write(tmp_path / "t.parquet", frame, settings=None)
    back = ROWS.read(tmp_path / "t.parquet")
    assert back["image"].tolist() == ["a", "b"] and [list(b) for b in back["boxes"]] == [[0, 1, 2, 3], []]
    assert back["more"].tolist() == [1, 2]
    assert pd.read_parquet(tmp_path / "t.parquet")["more"].tolist() == [1, 2]  # Parquet like any other


def test_arrays_in_columns_are_mapped_as_they_are_read(tmp_path):
    across = np.asfortranarray(np.arange(6).reshape(2, 3))
    NUMBERS.write(tmp_path / "n.npz", a=across)
    assert NUMBERS.map(tmp_path / "n.npz")["a"].tolist() == NUMBERS.read(tmp_path / "n.npz")["a"].tolist()


def test_equal_content_is_equal_bytes(tmp_path):
    for name in ("one", "two"):
        for kind, path in made(tmp_path / name).items():
            assert path.read_bytes() == made(tmp_path / "again")[kind].read_bytes(), kind


# what is not what was written


def made(root: Path) -> dict[str, Path]:
    """A file of every kind, some kilobytes each."""
    random = np.random.default_rng(0)
    names = [f"{i}.png" for i in range(40)]
    paths = {kind: root / f"{kind}.{'npz' if kind == 'stream' else kind}" for kind in READERS}
    NUMBERS.write(paths["npz"], a=random.random((40, 7)), b=np.array(names))
    with NUMBERS.stream(paths["stream"]) as stream:
        stream.append("a", random.random((40, 7)), 40)
        stream.append("b", np.array(names))
    ROWS.write(paths["parquet"], pd.DataFrame({"image": names, "boxes": random.random((40, 4)).tolist()}))
    NOTES.write(paths["json"], images=dict.fromkeys(names, 1))
    with FITTED.saving(paths["weights.h5"], classes=3) as path, h5py.File(path, "w") as file:
        file.create_dataset("kernel", data=random.random((30, 7)))
    return paths


READERS = {
    "npz": (NUMBERS.read, NUMBERS.map),
    "stream": (NUMBERS.read, NUMBERS.map),
    "parquet": (ROWS.read, lambda path: ROWS.read(path, ["image"])),
    "json": (NOTES.read,),
    "weights.h5": (FITTED.read,),
}


@pytest.mark.parametrize("kind", READERS)
def test_no_flipped_bit_is_read_as_good(kind, tmp_path):
    path = made(tmp_path)[kind]
    whole, random = path.read_bytes(), np.random.default_rng(1)
    for read in READERS[kind]:
        read(path)
    silent = []
    for place in random.choice(8 * len(whole), 100, replace=False).tolist():
        flipped = bytearray(whole)
        flipped[place // 8] ^= 1 << place % 8
        path.write_bytes(flipped)
        for read in READERS[kind]:
            try:
                read(path)
                silent.append(place)
            except Damaged as error:
                assert error.path == str(path) and "\n" not in str(error)
    assert not silent


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("share", [0, 0.001, 0.3, 0.99])
def test_a_truncated_file_names_itself(kind, share, tmp_path):
    path = made(tmp_path)[kind]
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    for read in READERS[kind]:
        with pytest.raises(Damaged, match=rf"{path.name} (is empty|carries no digest|is not)"):
            read(path)


def test_a_file_that_is_not_there_says_so(tmp_path):
    with pytest.raises(FileError, match=r"n\.npz cannot be read \(No such file or directory\)\. Delete it and rerun"):
        NUMBERS.read(tmp_path / "n.npz")


def test_another_version_another_format_and_a_stranger_are_refused(tmp_path):
    path = tmp_path / "n.npz"
    write(path)
    with pytest.raises(FileError, match="is numbers version 2, this program reads 3"):
        Arrays("numbers", 3, "count", ("a",)).read(path)
    with pytest.raises(FileError, match=r"is no letters file \(numbers\)"):
        Arrays("letters", 2, "spell", ("a",)).read(path)
    with pytest.raises(FileError, match="lacks b"):
        Arrays("numbers", 2, "count", ("a", "b")).read(path)
    np.savez(tmp_path / "foreign.npz", a=np.zeros(1))
    with pytest.raises(FileError, match=r"foreign\.npz carries no digest: cut short, or not"):
        NUMBERS.read(tmp_path / "foreign.npz")


def test_nothing_is_unpickled(tmp_path):
    path = tmp_path / "evil.npz"
    with NUMBERS.writing(path) as temporary:
        np.savez(temporary, a=np.array([print], dtype=object), seal=np.frombuffer(seal.BLANK, np.uint8))
    for read in (NUMBERS.read, NUMBERS.map):
        with pytest.raises(FileError, match="cannot be read"):
            read(path)


def test_a_file_replaced_while_it_was_known_to_be_whole_is_looked_at_again(tmp_path):
    write(tmp_path / "n.npz")
    NUMBERS.read(tmp_path / "n.npz")
    content = bytearray((tmp_path / "n.npz").read_bytes())
    content[-200] ^= 1
    (tmp_path / "n.npz").write_bytes(content)
    with pytest.raises(Damaged):
        NUMBERS.read(tmp_path / "n.npz")


def test_a_write_that_fails_leaves_what_was_there(tmp_path):
    path = tmp_path / "n.npz"
    write(path)
    before = path.read_bytes()
    with pytest.raises(ZeroDivisionError), formats.atomic(path) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_settings_in_another_order_share_a_digest():
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1})
    assert digest({"a": 1}) != digest({"a": 2}) and len(digest({})) == 8


def test_packed_arrays_are_stored_once(tmp_path):
    shared, other = np.ones((2, 3), np.float32), np.zeros((4, 1), np.float32)
    packed = pack([shared, other, shared])
    assert len(packed["values"]) == 6 + 4
    back = unpack(packed)
    assert [b.shape for b in back] == [(2, 3), (4, 1), (2, 3)] and back[0] is back[2]
    assert unpack(pack([])) == []
