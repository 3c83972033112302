"""A server on this machine, and archives and plain files as publishers have them, for what is fetched."""

import hashlib
import io
import shutil
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import standins
from wsol.fetching.sources import SOURCES, Counted, Fetchable, Part


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
