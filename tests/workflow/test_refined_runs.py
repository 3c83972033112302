"""Refined cams in whole runs: rows of their own, made anew where an image changed, and plain maps with them never."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sources import save, write
from wsol.files.heatmap import HEATMAPS
from wsol.files.npz import unpack

COUNT, HEIGHT, WIDTH = 8, 64, 80


def image(root: Path, number: int, less: int = 0) -> None:
    """A red oblong on blue noise, at a place of its own; `less` pixels lower than it is annotated."""
    random = np.random.default_rng(number)
    pixels = random.integers(60, 90, (HEIGHT, WIDTH, 3), np.uint8)
    x, y = corner(number)
    pixels[y : y + 24 - less, x : x + 30] = [220, 40, 30]
    save(root / f"images/{number}.png", pixels)


def corner(number: int) -> tuple[int, int]:
    x, y = np.random.default_rng(number).integers(8, 30, 2).tolist()
    return x, y


def experiment(root: Path) -> dict:
    """Imported maps and a control, plain and refined; no network."""
    rows = []
    for number in range(COUNT):
        x, y = corner(number)
        image(root, number)
        rows.append(f"{number}.png,{'cat' if number % 2 else 'dog'},{x},{y},{x + 30},{y + 24}")
        (root / "maps").mkdir(exist_ok=True)
        cells = np.zeros((8, 10), np.float32)
        cells[round(y / 8) : round(y / 8) + 3, round(x / 8) : round(x / 8) + 4] = 1
        np.save(root / f"maps/{number}.npy", cells)
    write(root / "boxes.csv", "\n".join(["image,class,x0,y0,x1,y1", *rows]) + "\n")
    return {
        "shard_size": 4,
        "resamples": 100,
        "overlays": 2,
        "data": ".",
        "datasets": {"d": {"adapter": "table", "annotations": "boxes.csv", "images": "images"}},
        "backbones": {"other": {"imported": "maps"}},
        "cams": {
            "center": {},
            "center_walked": {"method": "center", "refine": {"method": "random_walker", "side": 80}},
            "cut": {"method": "imported", "refine": {"method": "grabcut", "side": 80}},
        },
        "thresholds": {"sweep": {}},
        "evaluations": {"e": {"report": "d", "metrics": ["maxboxacc@90"]}},
    }


def scores(root: Path) -> dict[str, float]:
    frame = pd.read_csv(root / "results/scores.csv")
    return {row.cam: row.value for row in frame.itertuples()}


def maps(root: Path, cam: str) -> dict[str, bytes]:
    found = {path.name: path.read_bytes() for path in root.glob(f"results/d@*/*/{cam}@*/*.heatmaps.npz")}
    assert len(found) == 2
    return found


@pytest.mark.slow
def test_refined_cams_are_rows_that_an_image_that_changed_makes_anew(workflow, tmp_path):
    config = experiment(tmp_path)
    config["cams"] = {"cut": config["cams"]["cut"]}
    assert (run := workflow(config)).returncode == 0, run.stderr
    found = scores(tmp_path)
    assert found["cut"] > found["imported"] + 50, "GrabCut finds oblongs of one colour nearly to the pixel"
    before = {cam: maps(tmp_path, cam) for cam in found}
    file = HEATMAPS.read(next(tmp_path.glob("results/d@*/other@*/cut@*/000000*.heatmaps.npz")))
    assert [heatmap.shape for heatmap in unpack(file)] == [(HEIGHT, WIDTH)] * 4 and file["values"].dtype == np.float32
    assert np.isnan(file["cell_to_input"]).all()
    image(tmp_path, 7, less=6)
    again = workflow(config)
    assert again.returncode == 0, again.stderr
    after = {cam: maps(tmp_path, cam) for cam in found}
    assert before["imported"] == after["imported"]
    first, second = sorted(after["cut"])
    assert before["cut"][first] == after["cut"][first] and before["cut"][second] != after["cut"][second]


@pytest.mark.slow
def test_an_image_that_does_not_decode_is_a_miss_of_refined_maps_alone(workflow, tmp_path):
    config = experiment(tmp_path)
    whole = (tmp_path / "images/3.png").read_bytes()
    # Its header is whole, so that only who decodes it finds out.
    (tmp_path / "images/3.png").write_bytes(whole[:60] + bytes(len(whole) - 72) + whole[-12:])
    config["cams"] = {name: config["cams"][name] for name in ("center", "center_walked")}
    config["backbones"] = {}
    assert (run := workflow(config)).returncode == 0, run.stderr
    for cam, expected in (("center", []), ("center_walked", ["unreadable"])):
        files = sorted(tmp_path.glob(f"results/d@*/none/{cam}@*/*.heatmaps.npz"))
        status = np.concatenate([HEATMAPS.read(file)["status"] for file in files])
        assert status[status != "ok"].tolist() == expected and len(status) == COUNT
