"""Ways to damage a data set of `sources`: each makes a function of its root."""

import io
import json
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from sources import write


class Case(NamedTuple):
    source: str  # of `sources`
    damage: Callable[[Path], dict | None]  # changes files, may return settings to change
    outcome: str  # "status of each target | problems", or the error with the folder as ~


LABELS, LOCAL, IDS, SHAPES = (f"meta/{n}.txt" for n in ("class_labels", "localization", "image_ids", "image_sizes"))


def put(name: str, content: str | bytes) -> Callable[[Path], None]:
    """Damage that writes one file."""

    def damage(root: Path) -> None:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    return damage


def drop(name: str) -> Callable[[Path], None]:
    return lambda root: (root / name).unlink()


def several(*damages: Callable) -> Callable[[Path], None]:
    def damage(root: Path) -> None:
        for one in damages:
            one(root)

    return damage


def saying(damage: Callable | None = None, **settings) -> Callable[[Path], dict]:
    """Damage that also changes settings; `~` in them is the folder."""

    def both(root: Path) -> dict:
        if damage:
            damage(root)
        return {k: v.replace("~", str(root)) if isinstance(v, str) else v for k, v in settings.items()}

    return both


def png(width: int, height: int) -> bytes:
    """A PNG that says it is of that size and holds no pixel."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [head, b"IDAT" + zlib.compress(b""), b"IEND"]
    framed = [struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def encoded(form: str, size: tuple[int, int] = (40, 30), mode: str = "RGB", **options) -> bytes:
    """A picture of a gradient in Pillow's words."""
    stream = io.BytesIO()
    ramp = np.linspace(0, 255, size[0] * size[1]).reshape(size[::-1])
    Image.fromarray(ramp.astype(np.uint8)).convert(mode).save(stream, form, **options)
    return stream.getvalue()


def rotated() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 8
    return encoded("JPEG", exif=exif)


def sixteen_bits() -> bytes:
    return cv2.imencode(".png", np.full((30, 40, 3), 40000, np.uint16))[1].tobytes()


def animated() -> bytes:
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")]
    stream = io.BytesIO()
    frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:])
    return stream.getvalue()


def renamed(name: str) -> Callable[[Path], None]:
    """`a.png` under another name, everywhere."""

    def damage(root: Path) -> None:
        (root / "images" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "images/a.png").rename(root / "images" / name)
        for file in (root / "meta").glob("*.txt"):
            write(file, file.read_text().replace("a.png", name))

    return damage


def moved(name: str, to: str) -> Callable[[Path], None]:
    """An image under another name, that the annotations do not know."""

    def damage(root: Path) -> None:
        (root / "images" / to).parent.mkdir(parents=True, exist_ok=True)
        (root / "images" / name).rename(root / "images" / to)

    return damage


def coco(change: Callable[[dict], object]) -> Callable[[Path], None]:
    """Damage to the parsed JSON."""

    def damage(root: Path) -> None:
        content = json.loads((root / "instances.json").read_text())
        change(content)
        write(root / "instances.json", json.dumps(content))

    return damage


def first(**entries) -> Callable[[Path], None]:
    """Damage to COCO's first annotation."""
    return coco(lambda content: content["annotations"][0].update(entries))


def page(*replacements: tuple[str, str]) -> Callable[[Path], None]:
    """Damage to the text of `a.xml`."""

    def damage(root: Path) -> None:
        text = (root / "xml/a.xml").read_text()
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        write(root / "xml/a.xml", text)

    return damage


def recoded(name: str, old: bytes, new: bytes) -> Callable[[Path], None]:
    """Damage to a file's bytes."""

    def damage(root: Path) -> None:
        (root / name).write_bytes((root / name).read_bytes().replace(old, new))

    return damage


def outward(root: Path, folder: str = "images") -> None:
    (root / folder / "a.png").rename(root / "secret.png")
    (root / folder / "a.png").symlink_to(root / "secret.png")


def dangling(root: Path) -> None:
    (root / "images/a.png").unlink()
    (root / "images/a.png").symlink_to("nothing.png")


def pipe(root: Path) -> None:
    (root / "images/a.png").unlink()
    os.mkfifo(root / "images/a.png")


def folder(root: Path) -> None:
    (root / "images/a.png").unlink()
    (root / "images/a.png").mkdir()


def twice(root: Path) -> None:
    """A Parquet file with two columns of one name."""
    column = pa.array(["a.png", "b.png"])
    pq.write_table(pa.Table.from_arrays([column, column, column], ["image", "class", "image"]), root / "table.parquet")
