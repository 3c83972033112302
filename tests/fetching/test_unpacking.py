"""An archive stays inside its folder, is whole, or is refused by name."""

import hashlib
import io
import lzma
import os
import tarfile
import zlib

import pytest

from archives import member, sha256, source, tar_of, zipped
from wsol.errors import FetchError
from wsol.fetching.fetching import fetch
from wsol.fetching.sources import Part
from wsol.fetching.unpacking import unpack

# Of a connection that fails `requests` leaves a socket to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def test_what_is_placed_may_be_read_by_whom_the_umask_says_and_is_made_on_the_place_s_disk(server, tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data/on").symlink_to(tmp_path / "disk")
    made = []
    plain = Part(server.put("x.txt", b"one"), None, "on/x.txt", finish=lambda path: made.append(path.resolve()))
    packed = Part(server.put("x.zip", zipped("1")), None, "on/x", "1", finish=plain.finish)
    before = os.umask(0o027)
    try:
        fetch("x", source(plain, packed), tmp_path / "data", lambda _: None)
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "disk").rglob("*")}
    assert modes == {"x.txt": 0o640, "x": 0o750, "1": 0o640}
    assert len(made) == 2 and all(path.is_relative_to(tmp_path / "disk") for path in made)


ARCHIVES = {
    "up": (tar_of(member("a/ok.txt"), member("../out.txt")), "'../out.txt' leads out of its folder"),
    "up inside": (tar_of(member("a/../../out.txt")), "'a/../../out.txt' leads out of its folder"),
    "absolute": (tar_of(member("/tmp/out.txt")), "'/tmp/out.txt' is an absolute path"),
    "link out": (tar_of(member("a/link", tarfile.SYMTYPE, "../../out")), "'a/link' 'a/link' would link to"),
    "link to the root": (
        tar_of(member("link", tarfile.SYMTYPE, "/etc/passwd")),
        "'link' 'link' is a link to an absolute",
    ),
    "hard link out": (tar_of(member("hard", tarfile.LNKTYPE, "../out")), "'hard' 'hard' would link to"),
    "device": (tar_of(member("null", tarfile.CHRTYPE)), "'null' 'null' is a special file"),
    "pipe": (tar_of(member("pipe", tarfile.FIFOTYPE)), "'pipe' 'pipe' is a special file"),
    "zip up": (zipped("a/ok.txt", "../out.txt"), "'../out.txt' leads out of its folder"),
    "zip absolute": (zipped("/out.txt"), "'/out.txt' is an absolute path"),
    "zip drive": (zipped("C:/out.txt"), "'C:/out.txt' is an absolute path"),
    "zip backslashes": (zipped("a\\..\\..\\out.txt"), "leads out of its folder"),
    "zip link": (zipped("a/ok.txt", link="a/link"), "'a/link' is a link"),
}


@pytest.mark.parametrize("content, why", ARCHIVES.values(), ids=ARCHIVES)
def test_an_archive_stays_inside_its_folder_or_is_refused_by_name(server, tmp_path, content, why):
    part = Part(server.put("x.tar", content), sha256(content), "x", "a")
    with pytest.raises(FetchError) as error:
        fetch("x", source(part), tmp_path / "data", lambda _: None)
    assert why in str(error.value) and str(error.value).startswith("x: ") and "\n" not in str(error.value)
    assert not (tmp_path / "data/x").exists() and not list(tmp_path.rglob("out*"))
    assert not list(tmp_path.rglob(".unpacking-*"))


def damaged(mode: str) -> bytes:
    """A tar of that compression with a hole in its middle."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=f"w:{mode}") as archive:
        info = tarfile.TarInfo("a")
        content = b"".join(hashlib.sha256(b"%d" % number).hexdigest().encode() for number in range(5000))
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    whole = stream.getvalue()
    middle = len(whole) // 2
    return whole[:middle] + bytes(20_000) + whole[middle + 20_000 :]  # the codes of several blocks, not data alone


def patched(field: int, value: int) -> bytes:
    """A zip of one file with another value in the 16-bit field that both its headers have, at 6 + or 8 + `field`."""
    content = bytearray(zipped("a"))
    for header, start in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(header) + start + field] = value
    return bytes(content)


@pytest.mark.parametrize(
    "content, kind",
    [
        (damaged("gz"), zlib.error),
        (damaged("xz"), lzma.LZMAError),
        (patched(0, 1), RuntimeError),  # the flag of an encrypted member
        (patched(2, 99), NotImplementedError),  # a compression that nobody has
    ],
    ids=["gz", "xz", "encrypted", "unknown compression"],
)
def test_an_archive_that_is_damaged_or_locked_is_one_line(tmp_path, content, kind):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(FetchError, match=r"^x: cannot be unpacked: .+\.$") as error:
        unpack(tmp_path / "x", tmp_path)
    assert type(error.value.__cause__) is kind


def test_a_python_that_cannot_unpack_safely_is_told_before_anything_comes(server, tmp_path, monkeypatch):
    monkeypatch.delattr(tarfile, "data_filter")
    part = Part(server.put("x.tar", tar_of(member("a"))), None, "x", "a")
    with pytest.raises(FetchError, match=r"^x: unpacking safely needs Python 3\.11\.4 or later; this is 3\.\d+\.\d+"):
        fetch("x", source(part), tmp_path / "data", lambda _: None)
    assert server.asked == []
    plain = Part(server.put("y.txt", b"one"), None, "y.txt")
    fetch("y", source(plain), tmp_path / "data", lambda _: None)
