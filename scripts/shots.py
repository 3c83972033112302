"""Make the two pictures that the README shows, from the results of an experiment: `make shots`.

`python scripts/shots.py [config.yaml] [results] [docs]` writes `strip.webp`, the target of median IoU in the first run
that the report pictures, and `report.webp`, the top of report.html in Chromium, where there is one.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

import cv2
import numpy as np

from wsol.datasets.annotations import each
from wsol.errors import ConfigError, InputError
from wsol.experiment import configfile, questions
from wsol.experiment.config import check
from wsol.experiment.decisions import Run
from wsol.files.index import TARGETS
from wsol.index import indexing
from wsol.page.packing import MapFiles
from wsol.page.pictured import seen_targets
from wsol.page.showing import shard_starts
from wsol.page.strip import middle, strip
from wsol.pictures import panels

WINDOW = (1280, 800)
LIMIT = 300_000  # bytes of both
QUALITY = 80  # of WebP
CHROMIUM = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars")


def drawn(run: Run, results: Path) -> panels.Image:
    """The strip of the run's median target."""
    targets = TARGETS.read(results / run.report.id / "index/targets.parquet")
    scored = results / run.folder(run.report, "backbone", "cam", "threshold", "evaluation")
    maps = sorted((results / run.folder(run.report, "backbone", "cam")).glob("*.heatmaps.npz"))
    seen = seen_targets(str(scored / "outcomes.parquet"))
    row = middle(seen)
    target = next(each(targets.iloc[[row]]))
    masks = len(target.boxes) == 0
    paths = [str(path) for path in maps]
    heatmap, lies = MapFiles(paths, shard_starts(targets, paths)).read(row)
    level = None if np.isnan(seen.levels[row]) else float(seen.levels[row])
    at = "own level" if level is None else f"level {level:.2f}"
    said = "mask IoU" if masks else "IoU"
    name = run.backbone.name if run.backbone else ""
    words = [
        target.class_name,
        f"{name} {run.cam.name}".strip(),
        f"region, {at}",
        f"truth, {said} {seen.score[row]:.2f}",
    ]
    image = indexing.opener(run.report.settings)(target.image)
    return strip(image, target, heatmap, lies, run.threshold.settings, level, seen.box[row], words)


def photographed(page: Path) -> panels.Image | None:
    """The top of a page, in the light; None where there is no Chromium."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        shot = Path(folder, "page.png")
        size = f"--window-size={WINDOW[0]},{WINDOW[1]}"
        # Figures are drawn by scripts: the clock runs ahead until they are done.
        asked = [*CHROMIUM, size, f"--user-data-dir={folder}/profile", "--virtual-time-budget=20000"]
        command = [chromium, *asked, f"--screenshot={shot}", page.resolve().as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if not shot.is_file():
            raise ConfigError(f"shots: Chromium made no picture of '{page}': {done.stderr.strip()[-200:]}")
        return np.ascontiguousarray(cv2.imread(str(shot))[..., ::-1])


def main(config: str = "config.yaml", results: str = "results", to: str = "docs") -> None:
    """Writes both pictures; a ConfigError where results are missing or the pictures are too large for a README."""
    root, folder = Path(results), Path(to)
    if not (root / "report.html").is_file():
        raise ConfigError(f"shots: '{results}' has no report.html; run the experiment first.")
    runs = questions.pictured(check(configfile.read(config) | {"results": results}))
    if not runs:
        raise ConfigError(f"shots: {config} has no run whose images can be opened.")
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {"strip.webp": drawn(runs[0], root), "report.webp": photographed(root / "report.html")}
    sizes = {}
    for name, picture in pictures.items():
        if picture is None:
            print(f"{folder / name}: left as it is; there is no chromium")
            continue
        panels.write(folder / name, picture, QUALITY)
        sizes[name] = (folder / name).stat().st_size
        print(f"{folder / name}: {picture.shape[1]} x {picture.shape[0]}, {sizes[name] / 1000:.0f} KB")
    if sum(sizes.values()) > LIMIT:
        raise ConfigError(f"shots: {sum(sizes.values())} bytes, more than {LIMIT} are too many for a README.")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (InputError, OSError, subprocess.TimeoutExpired) as error:
        sys.exit(f"{error}")
