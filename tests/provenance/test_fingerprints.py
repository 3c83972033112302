"""Notes of the user's files: every way that a file can change is another note, and nothing else is."""

import os
import shutil
import time

import pytest

from wsol.provenance import fingerprints
from wsol.provenance.fingerprints import changes, listing, note, read


@pytest.fixture
def files(tmp_path):
    root = tmp_path / "data"
    for name in ("a.png", "sub/b.JPG", "notes.txt", ".hidden/c.png", ".d.png", "results/e.png", ".git/index"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


def look(root, content=False):
    return listing([str(root)], content, skip=root / "results")


def test_a_folder_is_its_files_but_the_results_and_what_versions_are_kept_in(files):
    names = {os.path.relpath(path, files) for path in look(files)}
    assert names == {"a.png", "sub/b.JPG", "notes.txt", ".d.png", ".hidden/c.png"}
    assert list(listing([str(files / "a.png")], False, skip=files)) == [str(files / "a.png")]
    assert listing([str(files / "nothing")], False, skip=files) == {}


def replaced(files):
    (files / "a.png").write_text("other")


def replaced_by_an_older_one(files):
    (files / ".old").write_text("older")
    os.utime(files / ".old", (1e9, 1e9))
    os.replace(files / ".old", files / "a.png")


def same_size_and_later(files):
    time.sleep(0.02)
    (files / "a.png").write_text("A.png")


def restored(files):
    (files / "f.png").write_text("f")


def removed(files):
    shutil.rmtree(files / "sub")


def linked_elsewhere(files):
    (files / "a.png").unlink()
    (files / "a.png").symlink_to("notes.txt")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (replaced, "1 changed (a.png)"),
        (replaced_by_an_older_one, "1 changed (a.png)"),
        (same_size_and_later, "1 changed (a.png)"),
        (restored, "1 new (f.png)"),
        (removed, "1 gone (b.JPG)"),
        (linked_elsewhere, "1 changed (a.png)"),
    ],
)
def test_every_change_is_noted_and_said(files, tmp_path, change, said):
    path = tmp_path / "inputs/d/images.txt"
    assert changes(path, look(files)) == ""
    note(path, look(files))
    assert read(path) == look(files)
    before = path.stat().st_mtime_ns
    note(path, look(files))
    assert path.stat().st_mtime_ns == before
    time.sleep(0.02)
    change(files)
    assert changes(path, look(files)) == said
    note(path, look(files))
    assert path.stat().st_mtime_ns > before and changes(path, look(files)) == ""


def test_a_note_never_comes_twice(files, tmp_path):
    """Snakemake passes over an input whose content it has met."""
    path, texts = tmp_path / "note.txt", set()
    for content in ("one", "two", "one", "two"):
        (files / "a.png").write_text(content)
        os.utime(files / "a.png", (1e9, 1e9))
        note(path, look(files, content=True))
        texts.add(path.read_text())
    assert len(texts) == 4


def test_links_to_folders_are_followed_once(files, tmp_path):
    (files / "again").symlink_to(files)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/g.png").write_text("g")
    (files / "linked").symlink_to(tmp_path / "elsewhere")
    names = {os.path.relpath(path, files) for path in look(files)}
    assert "linked/g.png" in names and not any(name.startswith("again") for name in names)


def test_by_content_a_touch_is_no_change_and_a_change_that_keeps_size_and_time_is_one(files, tmp_path):
    path = tmp_path / "note.txt"
    note(path, look(files, content=True))
    os.utime(files / "a.png", (1e9, 1e9))
    assert changes(path, look(files, content=True)) == ""
    (files / "a.png").write_text("A.png")
    os.utime(files / "a.png", (1e9, 1e9))
    assert changes(path, look(files, content=True)) == "1 changed (a.png)"


def test_many_changes_are_one_line(files, tmp_path):
    note(tmp_path / "note.txt", look(files))
    for i in range(9):
        (files / f"{i}.png").write_text("x")
    said = changes(tmp_path / "note.txt", look(files))
    assert said == "9 new (" + ", ".join(f"{i}.png" for i in range(3)) + ", …)"


def test_odd_names_come_back_and_a_strange_note_is_none(files, tmp_path):
    odd = files / os.fsdecode(b"tab\tline\nand\xff.png")
    odd.write_text("x")
    note(tmp_path / "note.txt", look(files))
    assert read(tmp_path / "note.txt") == look(files)
    (tmp_path / "note.txt").write_text("what is this")
    assert read(tmp_path / "note.txt") in (None, {}) and note(tmp_path / "note.txt", look(files)) is None
    assert read(tmp_path / "note.txt") == look(files)


def test_a_look_is_taken_back_with_its_time(tmp_path):
    note = tmp_path / "code/heatmap.txt"
    fingerprints.note(note, {"a": "1"})
    content, written = note.read_bytes(), note.stat().st_mtime_ns
    fingerprints.note(note, {"a": "2"}, look=True)
    assert fingerprints.read(note) == {"a": "2"} and note.read_bytes() != content
    fingerprints.take_back(note)
    fingerprints.take_back(note)  # a second time there is nothing
    fingerprints.note(note, {"a": "1"})
    assert note.read_bytes() == content and note.stat().st_mtime_ns == written
    fingerprints.note(note, {"a": "2"}, look=True)
    fingerprints.take_back(note)
    fingerprints.note(note, {"a": "2"})  # a run writes for good
    fingerprints.take_back(note)
    assert fingerprints.read(note) == {"a": "2"} and list(note.parent.iterdir()) == [note]
