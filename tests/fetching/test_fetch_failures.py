"""What goes wrong on the way is one line, and leaves nothing in the place."""

import runpy
import subprocess
import sys

import pytest

from archives import left, member, sha256, source, tar, tar_of
from conftest import ROOT
from wsol.errors import FetchError
from wsol.fetching import download
from wsol.fetching.fetching import fetch
from wsol.fetching.sources import SOURCES, Counted, Part

# Of a connection that fails `requests` leaves a socket to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def test_a_sum_that_nobody_publishes_has_to_stay_the_first_one(server, tmp_path):
    part = Part(server.put("x.txt", b"one"), None, "x.txt")
    fetch("x", source(part), tmp_path / "data", lambda _: None)
    server.put("x.txt", b"two")
    (tmp_path / "data/x.txt").unlink()
    with pytest.raises(FetchError, match="another sum than that of the first download here, sha256:7692c3ad"):
        fetch("x", source(part), tmp_path / "data", lambda _: None)
    assert left(tmp_path / "data") == ["checksums/x.txt"]


@pytest.mark.parametrize("known", [None, "sha256:" + "0" * 64])
@pytest.mark.parametrize("page", [b"<!DOCTYPE html><title>Quota exceeded", b"\n <HtMl>Log in</html>"])
def test_a_web_page_is_never_taken_for_the_file(server, tmp_path, page, known):
    part = Part(server.put("x.txt", page), known, "x.txt")
    with pytest.raises(FetchError, match=r"^x: http\S+/x\.txt: came as a web page, not the file; nothing of it is"):
        fetch("x", source(part), tmp_path / "data", lambda _: None)
    assert left(tmp_path / "data") == []
    server.put("x.txt", b"one")
    fetch("x", source(part._replace(sum=None)), tmp_path / "data", lambda _: None)
    assert left(tmp_path / "data") == ["checksums/x.txt", "x.txt"]


def test_a_first_download_that_is_not_what_it_must_be_is_no_truth(server, tmp_path):
    right, other, few = tar_of(member("a/1"), member("a/2")), tar_of(member("b/1")), tar_of(member("a/1"))
    part = Part(f"{server.url}/x.tar", None, "x", "a", Counted("a/*", 2, "files"), lambda path: (path / "a/2").stat())
    for wrong in (b"nothing packed", other, few):
        server.put("x.tar", wrong)
        with pytest.raises(FetchError):
            fetch("x", source(part), tmp_path / "data", lambda _: None)
        assert left(tmp_path / "data") == []
    server.put("x.tar", right)
    fetch("x", source(part), tmp_path / "data", lambda _: None)
    assert (tmp_path / "data/checksums/x.txt").read_text().startswith(sha256(right).removeprefix("sha256:"))


def failing(server, tmp_path) -> dict[str, tuple[Part, str]]:
    """A part of each failure, and the line that it ends in, behind the address."""
    whole = tar_of(member("a/ok.txt"))
    page, half = b"nothing packed", tar(ROOT / "config")[:-40]
    return {
        "404": (Part(f"{server.url}/nowhere", None, "x"), "the server answers 404 Not Found."),
        "no host": (Part("http://no-such-host.invalid/x", None, "x"), "no network, or no way to no-such-host.invalid."),
        "refused": (Part("http://127.0.0.1:9/x", None, "x"), "no network, or no way to 127.0.0.1."),
        "wrong sum": (
            Part(server.put("w", whole), "sha256:" + "0" * 64, "x", "a"),
            f"came with another sum than the published one, sha256:{'0' * 64}; nothing of it is kept.",
        ),
        "no archive": (Part(server.put("page", page), None, "x", "a"), "cannot be unpacked: "),
        "half an archive": (Part(server.put("half", half), None, "x", "a"), "cannot be unpacked: "),
        "another layout": (Part(server.put("other", whole), None, "x", "b"), "holds no 'b': the publisher's layout"),
        "too few": (
            Part(server.put("few", whole), None, "x", "a", Counted("a/*", 2, "files")),
            "holds 1 of 2 files.",
        ),
    }  # fmt: skip


@pytest.mark.parametrize(
    "kind", ["404", "no host", "refused", "wrong sum", "no archive", "half an archive", "another layout", "too few"]
)
def test_a_failure_is_one_line_and_leaves_nothing_in_the_place(server, tmp_path, kind):
    part, line = failing(server, tmp_path)[kind]
    with pytest.raises(FetchError) as error:
        fetch("set", source(part), tmp_path / "data", lambda _: None)
    said = str(error.value)
    assert said.startswith("set: ") and line in said and "\n" not in said and len(said) < 300, said
    assert not (tmp_path / "data/x").exists()
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith((".unpacking", "tmp"))]


def test_a_full_disk_is_one_line(server, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(download.pooch, "retrieve", full)
    part = Part(server.put("x", b"x"), None, "x")
    with pytest.raises(FetchError, match=r"^set: http\S+/x: the disk is full; nothing of it is kept\.$"):
        fetch("set", source(part), tmp_path / "data", lambda _: None)


def test_a_silent_server_is_one_line(monkeypatch):
    import requests

    assert download.reason(requests.ReadTimeout("x")) == f"no byte for {download.TIMEOUT} seconds; try again."
    assert download.reason(OSError(13, "Permission denied")) == "cannot be fetched: Permission denied."


def test_a_name_that_is_unknown_and_a_list_of_those_that_are_not():
    run = [sys.executable, str(ROOT / "scripts/fetch.py")]
    wrong = subprocess.run([*run, "cbu"], capture_output=True, text=True)
    assert wrong.returncode == 1 and wrong.stdout == ""
    assert wrong.stderr.startswith("data: unknown 'cbu'. Did you mean 'cub'? Known: cub, imagenet")
    listed = subprocess.run([*run, "--list"], capture_output=True, text=True)
    assert listed.returncode == 0
    for name, each in SOURCES.items():
        assert f"\n{name} " in f"\n{listed.stdout}" and each.licence in listed.stdout


def test_the_command_ends_in_one_line_and_an_exit_status(server, tmp_path, monkeypatch, capsys):
    part = Part(server.put("x.txt", b"one"), sha256(b"one"), "x.txt")
    monkeypatch.setitem(SOURCES, "cub", source(part))
    monkeypatch.setattr(sys, "argv", ["fetch.py", "cub", "--data", str(tmp_path / "data")])
    runpy.run_path(str(ROOT / "scripts/fetch.py"), run_name="__main__")
    assert capsys.readouterr().out.splitlines()[-1] == "cub: is there (1 files)"
    monkeypatch.setitem(SOURCES, "cub", source(part._replace(url=f"{server.url}/nowhere", into="y.txt")))
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(ROOT / "scripts/fetch.py"), run_name="__main__")
    assert str(stopped.value) == f"cub: {server.url}/nowhere: the server answers 404 Not Found."
