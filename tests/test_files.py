"""Stage files: what is written is read back, equal content is equal bytes, and anything else is refused in one line."""

import numpy as np
import pandas as pd
import pytest

from wsol import formats
from wsol.containers import Arrays, Table
from wsol.errors import FileError
from wsol.formats import digest
from wsol.npz import pack, unpack

NUMBERS = Arrays("numbers", 2, "count", ("a",))
ROWS = Table("rows", 1, "list", ("image", "boxes"))


def write(path, **more):
    NUMBERS.write(path, a=np.arange(6).reshape(2, 3), settings={"x": 1}, **more)


def test_arrays_come_back_with_their_header(tmp_path):
    (tmp_path / "source").write_text("abc")
    write(tmp_path / "n.npz", made_from={"source": tmp_path / "source"})
    arrays, header = NUMBERS.open(tmp_path / "n.npz")
    assert arrays["a"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert header["format"] == "numbers" and header["version"] == 2 and header["settings"] == {"x": 1}
    # sha256 of "abc", FIPS 180-2's own example.
    assert header["made_from"]["source"].startswith("ba7816bf8f01cfea")
    assert {"python", "tensorflow", "keras", "numpy", "opencv-python-headless", "wsol"} <= set(header["versions"])


def test_a_table_comes_back(tmp_path):
    frame = pd.DataFrame({"image": ["a", "b"], "boxes": [[0.0, 1.0, 2.0, 3.0], []], "more": [1, 2]})
    ROWS.write(tmp_path / "t.parquet", frame, settings=None)
    back = ROWS.read(tmp_path / "t.parquet")
    assert back["image"].tolist() == ["a", "b"] and [list(b) for b in back["boxes"]] == [[0, 1, 2, 3], []]
    assert back["more"].tolist() == [1, 2]


def test_equal_content_is_equal_bytes(tmp_path):
    for name in ("one", "two"):
        write(tmp_path / f"{name}.npz")
        ROWS.write(tmp_path / f"{name}.parquet", pd.DataFrame({"image": ["a"], "boxes": [[1.0]]}))
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


@pytest.mark.parametrize("length", [0, 1, 10, 100, 400])
def test_a_truncated_file_names_itself_and_what_to_rerun(tmp_path, length):
    path = tmp_path / "n.npz"
    write(path)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(FileError, match=r"n\.npz .*Delete it and rerun `count`\.") as error:
        NUMBERS.read(path)
    assert "\n" not in str(error.value)


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
    with pytest.raises(FileError, match="no header of ours"):
        NUMBERS.read(tmp_path / "foreign.npz")


def test_nothing_is_unpickled(tmp_path):
    np.savez(tmp_path / "evil.npz", a=np.array([print], dtype=object))
    for read in (NUMBERS.read, NUMBERS.map):
        with pytest.raises(FileError, match="cannot be read"):
            read(tmp_path / "evil.npz")


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
