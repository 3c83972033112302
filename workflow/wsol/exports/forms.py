"""The forms that results can be exported in.

Contract: `EXPORTS[name](exported, root)` writes the results of one run below the folder `root`. Each form is a file
here; to add one, write its function and a line in EXPORTS.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from wsol.exports.coco import coco
from wsol.exports.csv_table import csv_table
from wsol.exports.exported import Exported
from wsol.exports.scoremaps import npy, npy_raw
from wsol.exports.voc_png import voc_png
from wsol.files.containers import Record

EXPORT = Record("export", 2, "export", ())

EXPORTS: dict[str, Callable[[Exported, Path], None]] = {
    "coco": coco,
    "csv": csv_table,
    "npy": npy,
    "npy_raw": npy_raw,
    "voc_png": voc_png,
}
OF_SEEDS = ("voc_png",)  # at the level of seeds; all others at the level of boxes


def write_about(root: str | Path, settings: Mapping, made_from: Mapping[str, str | Path]) -> None:
    """`about.json` beside what was exported: what made it, as every stage file says of itself."""
    EXPORT.write(Path(root) / "about.json", settings=settings, made_from=made_from)
