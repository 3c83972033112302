"""Stage files: each format declared once, written atomically, checked when read.

A table is Parquet, arrays are `.npz` (never pickled). Each file carries a header that says what it is, which settings
made it, the sha256 of the files it was made from and the versions that ran. It holds no clock, host or path of the
output folder, so the same inputs give the same bytes.
"""

import hashlib
import json
import os
import platform
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import IO, Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from wsol import __version__
from wsol.errors import FileError

PACKAGES = ("tensorflow", "keras", "numpy", "opencv-python-headless")
HEADER = "header"


def digest(settings: Any) -> str:
    """8 hex digits that name these settings: equal settings share them, whatever the order of their keys."""
    text = json.dumps(settings, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def sha256(path: str | Path) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def versions() -> dict[str, str]:
    """What computed a file: Python, the packages that can move a number, this project."""
    found = {package: _version(package) for package in PACKAGES}
    return {"python": platform.python_version(), "wsol": __version__} | found


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:  # conda names OpenCV's distribution differently
        return "unknown"


@contextmanager
def atomic(path: str | Path):
    """A path to write to beside `path`, moved onto it only once complete and on disk."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # The suffix stays: libraries choose a file's kind by it.
    with NamedTemporaryFile(
        dir=path.parent, prefix=f".{path.name}.", suffix="".join(path.suffixes), delete=False
    ) as file:
        temporary = Path(file.name)
    try:
        yield temporary
        with open(temporary, "rb+") as stream:
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@dataclass(frozen=True)
class Format:
    """One kind of stage file: `fields` are a table's columns or the arrays' names; `stage` is what to rerun."""

    name: str
    version: int
    stage: str
    fields: tuple[str, ...]

    def header(self, settings: Any, made_from: Mapping[str, str | Path]) -> dict:
        """`made_from` maps a role ("targets") to the file that played it."""
        return {
            "format": self.name,
            "version": self.version,
            "settings": settings,
            "made_from": {role: sha256(path) for role, path in made_from.items()},
            "versions": versions(),
        }

    def check(self, header: Any, fields: Sequence[str], path: str | Path) -> dict:
        """The header, or a FileError that says what the file is instead."""
        if not isinstance(header, dict) or header.get("format") != self.name:
            came = header.get("format") if isinstance(header, dict) else "no header of ours"
            raise FileError(self._complaint(path, f"is no {self.name} file ({came})"))
        if header.get("version") != self.version:
            came = f"is {self.name} version {header.get('version')}, this program reads {self.version}"
            raise FileError(self._complaint(path, came))
        if missing := set(self.fields) - set(fields):
            raise FileError(self._complaint(path, f"lacks {', '.join(sorted(missing))}"))
        return header

    def _complaint(self, path: str | Path, what: str) -> str:
        return f"{path} {what}. Delete it and rerun `{self.stage}`."


class Table(Format):
    """A DataFrame in Parquet; the header lies in the schema's metadata. Columns beyond `fields` are kept after them."""

    def write(self, path: str | Path, frame: pd.DataFrame, *, settings: Any = None, made_from: Mapping = {}) -> None:
        columns = [*self.fields, *(c for c in frame.columns if c not in self.fields)]
        table = pa.Table.from_pandas(frame[columns], preserve_index=False)
        header = json.dumps(self.header(settings, made_from), sort_keys=True, default=str)
        with atomic(path) as temporary:
            pq.write_table(table.replace_schema_metadata({**(table.schema.metadata or {}), HEADER: header}), temporary)

    def read(self, path: str | Path) -> pd.DataFrame:
        return self.open(path)[0]

    def open(self, path: str | Path) -> tuple[pd.DataFrame, dict]:
        """The table and its header."""
        try:
            table = pq.read_table(path)
            header = json.loads((table.schema.metadata or {}).get(HEADER.encode(), b"null"))
        except (OSError, ValueError, pa.ArrowException) as error:
            raise FileError(self._complaint(path, f"cannot be read ({error})")) from error
        return table.to_pandas(), self.check(header, table.column_names, path)


class Arrays(Format):
    """Named arrays in an uncompressed `.npz`; the header is one of them, as JSON bytes."""

    def write(self, path: str | Path, *, settings: Any = None, made_from: Mapping = {}, **arrays: np.ndarray) -> None:
        if missing := set(self.fields) - set(arrays):
            raise TypeError(f"{self.name} needs {sorted(missing)}")
        header = json.dumps(self.header(settings, made_from), sort_keys=True, default=str)
        with atomic(path) as temporary, open(temporary, "wb") as stream:
            np.savez(stream, **{HEADER: np.frombuffer(header.encode(), np.uint8)}, **arrays)

    def read(self, path: str | Path) -> dict[str, np.ndarray]:
        return self.open(path)[0]

    def open(self, path: str | Path) -> tuple[dict[str, np.ndarray], dict]:
        """The arrays by name and their header."""
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            header = json.loads(arrays.pop(HEADER, np.frombuffer(b"null", np.uint8)).tobytes())
        except (OSError, ValueError, EOFError, AttributeError, TypeError, zipfile.BadZipFile) as error:
            raise FileError(self._complaint(path, f"cannot be read ({error})")) from error
        return arrays, self.check(header, list(arrays), path)

    @contextmanager
    def stream(self, path: str | Path, *, settings: Any = None, made_from: Mapping = {}):
        """A `Stream` to write arrays into that need not fit into memory; the file is there once the block ends."""
        header = json.dumps(self.header(settings, made_from), sort_keys=True, default=str)
        with atomic(path) as temporary, Stream(temporary) as stream:
            stream.append(HEADER, np.frombuffer(header.encode(), np.uint8), len(header.encode()))
            yield stream
            if missing := set(self.fields) - set(stream.names):
                raise TypeError(f"{self.name} needs {sorted(missing)}")

    def map(self, path: str | Path) -> dict[str, np.ndarray]:
        """The arrays by name, read from disk only where they are looked at."""
        try:
            with zipfile.ZipFile(path) as archive, open(path, "rb") as file:
                arrays = {Path(i.filename).stem: _mapped(file, i) for i in archive.infolist()}
            header = json.loads(arrays.pop(HEADER, np.frombuffer(b"null", np.uint8)).tobytes())
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise FileError(self._complaint(path, f"cannot be read ({error})")) from error
        self.check(header, list(arrays), path)
        return arrays


class Weights(Format):
    """A network's weights as Keras saves them; the header is an attribute of the HDF5 file's root."""

    def stamp(self, path: str | Path, *, settings: Any = None, made_from: Mapping = {}, **fields: Any) -> None:
        """Give a file that Keras has just saved its header and `fields`."""
        import h5py

        with h5py.File(path, "r+") as file:
            file.attrs[HEADER] = json.dumps(self.header(settings, made_from) | fields, sort_keys=True, default=str)

    def read(self, path: str | Path) -> dict:
        """The header, the fields in it."""
        import h5py

        try:
            with h5py.File(path) as file:
                header = json.loads(file.attrs.get(HEADER, "null"))
        except (OSError, ValueError) as error:
            raise FileError(self._complaint(path, f"cannot be read ({error})")) from error
        return self.check(header, list(header or {}), path)


def _mapped(file: BinaryIO, member: zipfile.ZipInfo) -> np.ndarray:
    """An uncompressed member of an `.npz` as a read-only view of the file."""
    file.seek(member.header_offset + 26)
    name, extra = np.frombuffer(file.read(4), "<u2")
    file.seek(member.header_offset + 30 + int(name) + int(extra))
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    if dtype.hasobject or member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{member.filename} is pickled or compressed")
    if 0 in shape:
        return np.empty(shape, dtype)
    return np.memmap(file, dtype, "r", file.tell(), shape)


class Stream:
    """An `.npz` written piece by piece.

    The array appended to goes straight into the file; others wait in a file beside it until it ends. Array by array
    either `append` in order or `put` at chosen rows, always with the `total` number of rows.
    """

    def __init__(self, path: Path):
        self._archive = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True)
        self._folder = path.parent
        self._direct: tuple[str, Any] | None = None
        self._waiting: dict[str, tuple[BinaryIO, np.dtype, tuple[int, ...]]] = {}
        self._left: dict[str, int] = {}  # rows still to come

    def __enter__(self) -> "Stream":
        return self

    @property
    def names(self) -> list[str]:
        return list(self._left)

    def append(self, name: str, rows: np.ndarray, total: int) -> None:
        """The next rows of an array; one array after the other reaches the file without a detour."""
        if name not in self._left and self._direct is None:
            self._direct = (name, self._member(name, rows.dtype, (total, *rows.shape[1:])))
            self._left[name] = total
        if self._direct is None or self._direct[0] != name:
            return self.put(name, np.arange(total - self._left.get(name, total), total)[: len(rows)], rows, total)
        self._direct[1].write(np.ascontiguousarray(rows).data.cast("B") if rows.size else b"")
        self._left[name] -= len(rows)
        if self._left[name] == 0:
            self._direct[1].close()
            self._direct = None

    def put(self, name: str, where: np.ndarray, rows: np.ndarray, total: int) -> None:
        """Rows of an array at places `where`; a place never written is zero."""
        if name not in self._left:
            file: BinaryIO = TemporaryFile(dir=self._folder)  # noqa: SIM115 (closed on exit)
            file.truncate(total * rows[:1].nbytes if len(rows) else 0)
            self._waiting[name] = (file, rows.dtype, (total, *rows.shape[1:]))
            self._left[name] = total
        file, step = self._waiting[name][0], rows.nbytes // max(1, len(rows))
        for place, row in zip(where.tolist(), np.ascontiguousarray(rows), strict=True):
            file.seek(place * step)
            file.write(row.tobytes())
        self._left[name] -= len(rows)

    def _member(self, name: str, dtype: np.dtype, shape: tuple[int, ...]) -> IO[bytes]:
        member = self._archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True)  # dated 1980: no clock
        description = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_2_0(member, description)
        return member

    def __exit__(self, kind: Any, *_: Any) -> None:
        if self._direct is not None:
            self._direct[1].close()
        for name, (file, dtype, shape) in self._waiting.items():
            if kind is None:
                file.seek(0)
                with self._member(name, dtype, shape) as member:
                    shutil.copyfileobj(file, member, 1 << 22)
            file.close()
        self._archive.close()
        if kind is None and (short := [name for name, left in self._left.items() if left > 0]):
            raise ValueError(f"{', '.join(short)}: fewer rows written than announced")


def pack(arrays: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays of one dtype and rank but any shape -> two arrays that a file can hold; equal objects are stored once."""
    unique = list({id(a): a for a in arrays}.values())
    place = {id(a): i for i, a in enumerate(unique)}
    return {
        "values": np.concatenate([a.ravel() for a in unique]) if unique else np.empty(0, np.float32),
        "shapes": np.array([a.shape for a in unique], np.int64).reshape(len(unique), unique[0].ndim if unique else 2),
        "index": np.array([place[id(a)] for a in arrays], np.int64),
    }


def unpack(packed: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """What `pack` was given; what was one object is one object again."""
    lengths = np.prod(packed["shapes"], axis=1, dtype=int)
    ends = np.cumsum(lengths)
    slices = zip(ends - lengths, ends, packed["shapes"], strict=True)
    unique = [packed["values"][start:end].reshape(shape) for start, end, shape in slices]
    return [unique[i] for i in packed["index"]]


# Every stage file of the workflow. A change of meaning or of fields is a new version: the file's folder gets another
# name by it, and old files are refused in one line.
TARGETS = Table(
    "targets",
    1,
    "index",
    (
        "image",  # str, path below the images folder, also its id
        "label",  # int, the dataset's class
        "class_name",  # str
        "width",  # int, pixels the annotation counts in
        "height",
        "boxes",  # list of float64, x0 y0 x1 y1 x0 …, half-open pixels
        "mask",  # str, COCO RLE counts [height width] of the object, "" where there is none
        "ignore",  # str, COCO RLE counts of pixels that count neither way, "" where there are none
        "group",  # str, what the bootstrap resamples together (a patient, a video); the image where nothing else
        "outputs",  # list of int, the model outputs that are right for this target; the highest explains it
        "status",  # ok | unlabelled (no truth) | missing (no such image)
    ),
)
PREDICTIONS = Arrays(
    "predictions",
    1,
    "predict",
    (
        "image",  # str [n]
        "logits",  # float32 [n c]
        "readable",  # bool [n]: the image decoded; logits of others are NaN
        "geometry",  # float64 [n 4]: image = input * (sx sy) + (tx ty), in pixels of the annotation
        "input_size",  # int [2]: height, width of the network's input
    ),
)
EVIDENCE = Arrays(
    "evidence",
    1,
    "predict",
    (
        "activations",  # float32 [n h w k], of the explained layer, one row an image
        "gradients",  # float32 [t h w k] or [t 1 1 k] where they do not vary over space, one row a target
        "image_of",  # int [t]: the target's row in activations
        "explained",  # int [t]: the model output that was explained
    ),
)
HEATMAPS = Arrays(
    "heatmaps",
    1,
    "heatmap",
    (
        "values",  # float32, packed maps [h w], as computed: neither normalised nor upsampled
        "shapes",
        "index",
        "status",  # str [t]: ok | degenerate | unreadable | unlabelled …
        "geometry",  # float64 [t 4], as in predictions
        "input_size",  # int [2]
    ),
)
REGIONS = Arrays(
    "regions",
    1,
    "localize",
    (
        "boxes",  # float32 [m 4], canvas pixels, of every distinct map one after another
        "lo",  # float64 [m]: the row holds for levels lo < level <= hi
        "hi",  # float64 [m]
        "largest",  # bool [m]: rows of the largest region alone; the others are of all regions
        "offsets",  # int [u + 1]: rows of distinct map j are offsets[j]:offsets[j + 1]
        "index",  # int [t]: the target's distinct map
        "canvas",  # int [u 2]: height, width that boxes count in
        "geometry",  # float64 [t 4]: image = canvas * (sx sy) + (tx ty)
        "status",  # str [t]
        "masks",  # bytes [t]: COCO RLE counts [height width] of the image, b"" where none was asked for
    ),
)
RUN = ("evaluation", "dataset", "backbone", "cam", "threshold")
SCORES = Table(
    "scores",
    1,
    "score",
    (
        *RUN,
        "metric",
        "choice",  # selected | oracle | fixed | none
        "value",  # percent, but for counts
        "low",  # 95 % bootstrap interval
        "high",
        "n",  # targets that count
        "levels",  # str, the levels the metric was taken at
    ),
)
OUTCOMES = Table(
    "outcomes",
    1,
    "score",
    (
        "image",
        "label",
        "group",
        "status",
        "box",  # list of float64, the largest region's box in image pixels, at the level best for IoU .5; [] for none
        # and a column `metric@choice` for each row of the scores: the target's own value
    ),
)
STRATA = Table(
    "strata",
    1,
    "score",
    (
        *RUN,
        "table",  # by class, by COCO's areas, by the share of the image
        "stratum",
        "metric",
        "choice",
        "value",
        "low",
        "high",
        "n",
    ),
)
WEIGHTS = Weights("weights", 1, "train", ("classes",))
