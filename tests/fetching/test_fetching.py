"""What can be fetched is whole or not there: archives of the publishers' layouts, from a server on this machine."""

import hashlib
import io
import lzma
import os
import runpy
import shutil
import subprocess
import sys
import tarfile
import threading
import zipfile
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import standins
from conftest import ROOT, shipped
from wsol.errors import FetchError
from wsol.experiment.config import check
from wsol.fetching import download, fetching, finishing
from wsol.fetching.fetching import fetch
from wsol.fetching.sources import SOURCES, Counted, Fetchable, Part
from wsol.fetching.unpacking import unpack

# Of a connection that fails `requests` leaves a socket to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


class Server:
    """Files by their path; `cut` ones end in the middle. `asked` is what was asked for."""

    def __init__(self):
        self.files: dict[str, bytes] = {}
        self.cut: set[str] = set()
        self.asked: list[str] = []
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def handler(self):
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                path = self.path.partition("?")[0]
                server.asked.append(path)
                if path not in server.files:
                    return self.send_error(404)
                content = server.files[path]
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[: len(content) // 2] if path in server.cut else content)

            def log_message(self, *_):
                """Nothing is printed."""

        return Handler

    def put(self, path: str, content: bytes) -> str:
        """The address of a file that the server has from now on."""
        self.files[f"/{path}"] = content
        return f"{self.url}/{path}"


@pytest.fixture
def server():
    found = Server()
    yield found
    found.http.shutdown()
    found.http.server_close()


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def tar(folder, inside: str = "") -> bytes:
    """A folder as publishers pack it, below a folder in the archive."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        archive.add(folder, arcname=inside or ".")
    return stream.getvalue()


def tar_of(*members: tarfile.TarInfo) -> bytes:
    """A tar of members that are said one by one; files hold one byte."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for member in members:
            member.size = 1 if member.isreg() else 0
            archive.addfile(member, io.BytesIO(b"x") if member.isreg() else None)
    return stream.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, to: str = "") -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.type, found.linkname = kind, to
    return found


def zipped(*names: str, link: str = "") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
        if link:
            info = zipfile.ZipInfo(link)
            info.external_attr = 0o120777 << 16
            archive.writestr(info, "/etc")
    return stream.getvalue()


def source(*parts: Part, by_hand: str = "") -> Fetchable:
    return Fetchable("a set", "none", None, (), parts, by_hand)


def left(root) -> list[str]:
    """Every file below the root, but what is there on purpose."""
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


PICTURES = Counted("*/*.jpg", 12, "images")


def birds(server, tmp_path) -> tuple[Fetchable, dict[str, bytes]]:
    """CUB as it is distributed, small: two archives, the second unpacked into the first one's folder."""
    standins.cub(tmp_path / "made")
    folder = tmp_path / "made/CUB_200_2011"
    segmentations = tar(folder / "segmentations", "segmentations")
    shutil.rmtree(folder / "segmentations")
    (tmp_path / "made/attributes.txt").write_text("beside the folder that is wanted")
    images = tar(tmp_path / "made")
    first = Part(
        server.put("a.tgz", images),
        sha256(images),
        "CUB_200_2011",
        "images.txt",
        PICTURES._replace(pattern="images/*/*.jpg"),
    )
    second = Part(
        server.put("b.tgz", segmentations),
        f"md5:{hashlib.md5(segmentations).hexdigest()}",
        "CUB_200_2011/segmentations",
        "001.Black_footed_Albatross",
        Counted("*/*.png", 12, "segmentations"),
    )
    return source(first, second), {"a": images, "b": segmentations}


def test_a_data_set_comes_into_the_layout_that_its_experiment_reads_and_comes_once(server, tmp_path):
    birds_of, _ = birds(server, tmp_path)
    said: list[str] = []
    root = tmp_path / "data"
    fetch("cub", birds_of, root, said.append)
    assert said[-1] == "cub: is there (12 images, 12 segmentations)"
    assert check(shipped("cub200") | {"data": str(root)}).runs
    assert not [path for path in root.iterdir() if path.name != "CUB_200_2011"]
    before, asked = left(root), list(server.asked)
    said.clear()
    fetch("cub", birds_of, root, said.append)
    assert said == ["cub: is there (12 images, 12 segmentations)"]
    assert left(root) == before and server.asked == asked


def test_what_came_whole_does_not_come_again_after_a_failure(server, tmp_path):
    birds_of, _ = birds(server, tmp_path)
    server.cut.add("/b.tgz")
    with pytest.raises(
        FetchError, match=r"^cub: http\S+/b\.tgz: the download was cut; nothing of it is kept, try again\.$"
    ):
        fetch("cub", birds_of, tmp_path / "data", lambda _: None)
    assert not (tmp_path / "data/CUB_200_2011/segmentations").exists()
    server.cut.clear()
    fetch("cub", birds_of, tmp_path / "data", lambda _: None)
    assert server.asked == ["/a.tgz", "/b.tgz", "/b.tgz"]


def test_what_a_killed_fetch_left_is_swept_away(server, tmp_path):
    downloads = tmp_path / "data" / fetching.DOWNLOADS / "x"
    downloads.mkdir(parents=True)
    (tmp_path / "data/.unpacking-x-abc/a").mkdir(parents=True)
    (downloads / "tmpabc").write_text("half a download")
    part = Part(f"{server.url}/nowhere", None, "x")
    with pytest.raises(FetchError, match="404"):
        fetch("x", source(part), tmp_path / "data", lambda _: None)
    assert not list((tmp_path / "data").iterdir())


def test_pets_get_a_table_of_their_species(server, tmp_path):
    standins.pets(tmp_path / "made")
    for side in ("annotations", "images"):
        (tmp_path / "made/pets" / side / "._macos").write_text("beside each file")
    parts = []
    for part in SOURCES["pets"].parts:
        content = tar(tmp_path / "made" / part.into, part.into.removeprefix("pets/"))
        url = server.put(part.url.rpartition("/")[2], content)
        counted = part.counted._replace(number=6)
        parts.append(part._replace(url=url, sum=sha256(content), counted=counted))
    parts[0] = parts[0]._replace(holds=standins.chosen("Abyssinian_{}.jpg", standins.FIFTHS)[0])
    root = tmp_path / "data"
    fetch("pets", source(*parts), root, lambda _: None)
    table = (root / "pets/annotations/labels.csv").read_text().splitlines()
    assert table[0] == "image,class" and table[1].endswith(",cat") and table[2].endswith(",dog") and len(table) == 7
    assert not list(root.rglob("._*"))
    standins.weights(root, real=False)
    assert check(shipped("pets") | {"data": str(root)}).runs
    (root / "pets/annotations/labels.csv").unlink()
    asked, said = list(server.asked), []
    fetch("pets", source(*parts), root, said.append)
    assert (root / "pets/annotations/labels.csv").read_text().splitlines() == table and server.asked == asked
    assert said[0].startswith("pets: made ") and said[-1] == "pets: is there (6 images, 6 trimaps)"


def test_a_list_of_pets_in_another_form_is_one_line_and_makes_no_table(tmp_path):
    (tmp_path / "list.txt").write_text("#Image CLASS-ID SPECIES BREED ID\nAbyssinian_100 1 3 1\n")
    with pytest.raises(FetchError, match=r"^list\.txt: no `image class species breed`: 'Abyssinian_100 1 3 1'\.$"):
        finishing.pets(tmp_path)
    assert left(tmp_path) == ["list.txt"]


def served(server, name: str, made) -> Fetchable:
    """A source of the table, with what lies below `made` for its publishers'."""
    parts = []
    for part in SOURCES[name].parts:
        place = made / part.into
        content = tar(place, "wrapped/inside") if part.holds else place.read_bytes()
        holds = part.holds if not part.holds or (place / part.holds).exists() else min(place.iterdir()).name
        counted = part.counted and part.counted._replace(number=len(list(place.glob(part.counted.pattern))))
        known = sha256(content) if part.sum else None
        parts.append(part._replace(url=server.put(part.into, content), sum=known, holds=holds, counted=counted))
    return source(*parts)


@pytest.mark.parametrize(
    "name, experiment", [("voc2012", "voc"), ("imagenetv2", "imagenetv2"), ("wsol_metadata", "published_controls")]
)
def test_a_source_of_the_table_comes_into_the_layout_of_its_experiment(server, tmp_path, name, experiment):
    for write in (standins.voc2012, standins.imagenet):
        write(tmp_path / "made")
    root = tmp_path / "data"
    fetch(name, served(server, name, tmp_path / "made"), root, lambda _: None)
    standins.weights(root, real=False)
    standins.model(root, real=False)
    assert check(shipped(experiment) | {"data": str(root)}).runs


def test_a_zip_and_plain_files_are_brought_into_their_layout(server, tmp_path):
    standins.openimages30k(tmp_path / "made")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path in (tmp_path / "made/OpenImages").rglob("*.png"):
            archive.write(path, f"anything/{path.relative_to(tmp_path / 'made/OpenImages')}")
    parts = []
    for part in SOURCES["openimages30k"].parts:
        made = stream.getvalue() if part.holds else (tmp_path / "made" / part.into).read_bytes()
        counted = part.counted._replace(number=20) if part.counted else None
        parts.append(part._replace(url=server.put(part.into, made), counted=counted))
    root = tmp_path / "data"
    said: list[str] = []
    fetch("openimages30k", source(*parts), root, said.append)
    assert said[-1] == "openimages30k: is there (20 masks, 6 files)"
    assert check(shipped("openimages30k") | {"data": str(root)}).runs
    lines = (root / "checksums/openimages30k.txt").read_text().splitlines()
    assert lines[-1] == f"{hashlib.sha256(stream.getvalue()).hexdigest()}  {server.url}/OpenImages"
    assert len(lines) == 7 and sum("which nobody publishes" in line for line in said) == 7


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


def test_something_else_in_a_data_set_s_place_is_left_alone(server, tmp_path):
    (tmp_path / "data/x").mkdir(parents=True)
    (tmp_path / "data/x/mine.txt").write_text("mine")
    part = Part(server.put("x", b"x"), None, "x", "a", Counted("*.jpg", 2, "images"))
    with pytest.raises(FetchError, match=r"^set: '.*data/x' is there and holds 0 of 2 images; move it away"):
        fetch("set", source(part), tmp_path / "data", lambda _: None)
    assert left(tmp_path / "data") == ["x/mine.txt"] and server.asked == []


def test_what_needs_a_login_is_checked_where_it_lies(tmp_path):
    imagenet = SOURCES["imagenet"]
    with pytest.raises(FetchError) as error:
        fetch("imagenet", imagenet, tmp_path, lambda _: None)
    said = str(error.value)
    assert said.startswith(
        f"imagenet: '{tmp_path}/ILSVRC/val' holds 0 of 50,000 images. Log in at https://image-net.org"
    )
    (tmp_path / "ILSVRC/val").mkdir(parents=True)
    for number in (1, 2):
        (tmp_path / f"ILSVRC/val/ILSVRC2012_val_{number:08d}.JPEG").touch()
    with pytest.raises(FetchError, match=r"holds 2 of 50,000 images"):
        fetch("imagenet", imagenet, tmp_path, lambda _: None)
    lines: list[str] = []
    two = imagenet.parts[0]._replace(counted=imagenet.parts[0].counted._replace(number=2))
    fetch("imagenet", imagenet._replace(parts=(two,)), tmp_path, lines.append)
    assert lines == ["imagenet: is there (2 images)"]


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


def test_weights_of_old_come_in_the_form_that_an_experiment_reads(server, tmp_path):
    import h5py
    import keras
    import numpy as np

    keras.utils.set_random_seed(3)
    model = keras.applications.MobileNet(weights=None, alpha=0.25)
    model.save_weights(tmp_path / "new.weights.h5")
    _as_of_old(model, tmp_path / "old.h5")
    published = next(part for part in SOURCES["weights"].parts if "0.25" in part.into)
    part = published._replace(url=server.put("old.h5", (tmp_path / "old.h5").read_bytes()))
    fetch("weights", source(part), tmp_path / "data", lambda _: None)
    again = keras.applications.MobileNet(weights=str(tmp_path / "data" / part.into), alpha=0.25)
    for mine, theirs in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    with h5py.File(tmp_path / "data" / part.into) as file:
        assert set(file) == {"layers", "vars"}
    wrong = published._replace(url=server.put("wrong.h5", b"no weights"), into="weights/other.weights.h5")
    with pytest.raises(FetchError, match=r"^weights: is no weights of MobileNet: "):
        fetch("weights", source(wrong), tmp_path / "data", lambda _: None)
    assert not (tmp_path / "data/weights/other.weights.h5").exists()


def _as_of_old(model, path) -> None:
    """Weights in the HDF5 that Keras 2 wrote, which is that of whole models."""
    import h5py
    from keras.src.legacy.saving import legacy_h5_format

    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)


def test_every_source_is_complete():
    for name, each in SOURCES.items():
        assert each.title and each.licence and each.parts and each.serves, name
        assert len({part.into for part in each.parts}) == len(each.parts)
        for part in each.parts:
            assert not part.into.startswith("/") and ".." not in part.into
            assert (part.url.startswith("http")) != bool(each.by_hand)
            assert part.sum is None or len(part.sum) == {"sha256": 71, "md5": 36}[part.sum.partition(":")[0]]
            assert bool(part.holds) <= bool(part.counted)
        for experiment in each.serves:
            assert (ROOT / f"workflow/experiments/{experiment}.yaml").is_file()
    assert list(fetching.listed(SOURCES))
