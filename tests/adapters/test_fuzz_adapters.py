"""Every adapter, fed damaged files, answers with targets or a DataError, never with another exception."""

import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sources
from wsol.errors import DataError
from wsol.files import rle
from wsol.files.index import TARGETS
from wsol.index.indexing import index
from wsol.maps import imported

EXAMPLES = int(os.environ.get("FUZZ", "40"))  # FUZZ=1000 for a long look
SNIPPETS = (
    b"",
    b"\0",
    b"\xff",
    b",",
    b"\n",
    b"\r",
    b'"',
    b"-1",
    b"nan",
    b"1e999",
    b"../",
    b"/",
    b"<",
    b"&a;",
    b"[",
    b"{}",
    b"null",
)
SNIPPETS += (
    b"\\ud800",
    b"9" * 30,
    b"0",
    b"a.png",
    b"b.png",
    b":",
    b" ",
    b"\xef\xbb\xbf",
    b"true",
    b"[[",
    b"PK\3\4",
    b"x" * 3000,
)


@st.composite
def damages(draw) -> list[tuple[int, str, int, bytes]]:
    """What to do to which file at which place: the file and the place are taken modulo what there is."""
    kinds = st.sampled_from(["replace", "insert", "cut", "double", "swap", "drop", "overwrite"])
    big = st.integers(0, 10**6)
    snippet = st.one_of(st.sampled_from(SNIPPETS), st.binary(max_size=12))
    return draw(st.lists(st.tuples(big, kinds, big, snippet), min_size=1, max_size=4))


def damage(path: Path, kind: str, place: int, snippet: bytes) -> None:
    content = path.read_bytes()
    at = place % (len(content) + 1)
    lines = content.split(b"\n")
    row = place % len(lines)
    damaged = {
        "replace": content[:at] + snippet + content[at + len(snippet) :],
        "insert": content[:at] + snippet + content[at:],
        "cut": content[:at],
        "double": b"\n".join(lines[: row + 1] + lines[row:]),
        "swap": b"\n".join(lines[:row] + lines[row + 1 :] + lines[row : row + 1]),
        "drop": b"\n".join(lines[:row] + lines[row + 1 :]),
        "overwrite": snippet,
    }
    path.write_bytes(damaged[kind])


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """One intact folder a source, and its settings."""
    made = {}
    for name, write in sources.SOURCES.items():
        root = tmp_path_factory.mktemp(name)
        made[name] = root, write(root)
    return made


@pytest.mark.parametrize("form", sources.SOURCES)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(todo=damages())
def test_targets_or_a_data_error(form, folders, todo):
    intact, given_settings = folders[form]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "data"
        shutil.copytree(intact, root)
        there = sorted(path for path in root.rglob("*") if path.is_file())
        for file, kind, place, snippet in todo:
            damage(there[file % len(there)], kind, place, snippet)
        moved = {k: v.replace(str(intact), str(root)) if isinstance(v, str) else v for k, v in given_settings.items()}
        try:
            found = index(moved)
        except DataError as error:
            assert "\n" not in str(error)
            assert 0 < len(str(error)) < 1000
        else:
            sane(found.targets)
            TARGETS.write(root / "targets.parquet", found.targets)
            found.problems.to_csv(root / "problems.csv", index=False)


def sane(targets: pd.DataFrame) -> None:
    """What every later stage relies on."""
    assert not targets.duplicated(["image", "label"]).any()
    assert set(targets["status"]) <= {"ok", "no_ground_truth", "missing", "unreadable"}
    for row in targets.itertuples(index=False):
        boxes = np.reshape(row.boxes, (-1, 4))
        assert np.isfinite(boxes).all()
        assert (boxes[:, 2:] > boxes[:, :2]).all()
        assert row.label >= 0
        assert min(row.width, row.height) >= 0
        assert not Path(row.image).is_absolute()
        assert ".." not in Path(row.image).parts
        if row.width and row.height:
            assert (boxes >= 0).all()
            assert (boxes <= [row.width, row.height] * 2).all()
        for counts in (row.mask, row.ignore):
            if counts:
                assert rle.decode(counts, row.height, row.width).any()


@settings(max_examples=5 * EXAMPLES, deadline=None)
@given(st.text(max_size=40), st.integers(0, 60), st.integers(0, 60))
def test_any_text_as_rle_is_a_mask_or_a_data_error(text, height, width):
    try:
        assert rle.decode(text, height, width).shape == (height, width)
    except DataError as error:
        assert str(error)


@settings(max_examples=2 * EXAMPLES, deadline=None)
@given(damages(), st.sampled_from(["a.png.npy", "a.png.npz", "a.png"]))
def test_any_file_as_a_map_has_a_status(todo, name):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        ramp = np.linspace(0, 1, 35, dtype=np.float32).reshape(5, 7)
        if path.suffix == ".png":
            sources.save(path, (ramp * 255).astype(np.uint8))
        else:
            (np.save if path.suffix == ".npy" else np.savez)(path, ramp)
        for _, kind, place, snippet in todo:
            damage(path, kind, place, snippet)
        found = imported.load(folder, pd.DataFrame({"image": ["a.png"], "label": [0]}))
        assert found.status[0] in ("ok", "degenerate", "unreadable")
        assert found.maps[0].dtype in (np.float32, np.float64)
