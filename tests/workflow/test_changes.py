"""One run after any change of an input gives what a run from nothing gives, byte for byte."""

import copy
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sources
from conftest import runner
from sources import save, write

COUNT = 12
PLAIN = {
    "shard_size": 5,
    "resamples": 100,
    "overlays": 2,
    "cams": {"center": {}},
    "thresholds": {"sweep": {}},
    "evaluations": {"e": {"report": "d", "metrics": ["maxboxacc@50", "mask_iou"]}},
}


def random(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def table(root: Path, seed: int = 0) -> None:
    """`boxes.csv`: a box and a mask an image, the class by name."""
    corners = random(seed).integers(0, 30, (COUNT, 2))
    rows = [
        f"{i}.png,{'cat' if i % 2 else 'dog'},{x},{y},{x + 30},{y + 30},{i}.png" for i, (x, y) in enumerate(corners)
    ]
    write(root / "boxes.csv", "\n".join(["image,class,x0,y0,x1,y1,mask", *rows]) + "\n")


def image(root: Path, number: int, seed: int, size: tuple[int, int] = (64, 80)) -> None:
    save(root / f"images/{number}.png", random(seed).integers(0, 256, (*size, 3), np.uint8))


def mask(root: Path, number: int, seed: int) -> None:
    pixels = np.zeros((64, 80), np.uint8)
    x, y = random(seed).integers(0, 30, 2)
    pixels[y : y + 20, x : x + 40] = 255
    save(root / f"masks/{number}.png", pixels)


def imported_map(root: Path, number: int, seed: int) -> None:
    (root / "maps").mkdir(exist_ok=True)
    np.save(root / f"maps/{number}.npy", random(seed).random((7, 7), np.float32))


def weights(root: Path, seed: int) -> None:
    import keras

    keras.utils.set_random_seed(seed)
    keras.applications.MobileNet(input_shape=(64, 64, 3), alpha=0.25, weights=None).save_weights(root / "w.weights.h5")


def dataset(root: Path) -> dict:
    table(root)
    for number in range(COUNT):
        image(root, number, number)
        mask(root, number, number)
        imported_map(root, number, number)
    return copy.deepcopy(PLAIN) | {
        "data": ".",
        "datasets": {"d": {"adapter": "table", "annotations": "boxes.csv", "images": "images", "masks": "masks"}},
        "backbones": {"other": {"imported": "maps"}},
    }


def network(root: Path) -> dict:
    config = dataset(root)
    write(root / "classes.yaml", "cat: 1\ndog: 2\n")
    weights(root, 0)
    config["datasets"]["d"] |= {"class_map": "classes.yaml", "rescale": True}
    net = {"architecture": "MobileNet", "alpha": 0.25, "input": 64, "weights": "w.weights.h5"}
    config["evaluations"] = {"e": {"report": "d", "metrics": ["top1_acc", "maxboxacc@50"]}}
    return config | {"backbones": {"net": net}, "cams": {"gradcam": {}}}


def xml(root: Path) -> dict:
    return copy.deepcopy(PLAIN) | {"datasets": {"d": sources.voc(root)}}


def older(change: Callable[[Path], None], name: str) -> Callable[[Path], None]:
    """A change whose file looks older than everything that was made of the one before."""

    def both(root: Path) -> None:
        change(root)
        os.utime(root / name, (1e9, 1e9))

    return both


def boxes_at_the_corner(root: Path) -> None:
    frame = pd.read_csv(root / "boxes.csv")
    frame[["x0", "y0", "x1", "y1"]] = [1, 1, 4, 4]
    frame.to_csv(root / "boxes.csv", index=False)


def another_box(root: Path) -> None:
    text = (root / "xml/a.xml").read_text()
    for corner, old, new in (("xmin", 3, 9), ("ymin", 4, 7), ("xmax", 12, 32), ("ymax", 13, 24)):
        assert f"<{corner}>{old}<" in text
        text = text.replace(f"<{corner}>{old}<", f"<{corner}>{new}<")
    write(root / "xml/a.xml", text)


CHANGES = {
    "every box": (dataset, boxes_at_the_corner),
    "annotations by an older file": (dataset, older(lambda root: table(root, seed=5), "boxes.csv")),
    "image of another size": (dataset, lambda root: image(root, 2, 99, (32, 32))),
    "image removed": (dataset, lambda root: (root / "images/5.png").unlink()),
    "mask": (dataset, lambda root: mask(root, 3, 99)),
    "imported map": (dataset, lambda root: imported_map(root, 3, 99)),
    "imported map removed": (dataset, lambda root: (root / "maps/3.npy").unlink()),
    "image by an older one": (network, older(lambda root: image(root, 2, 99), "images/2.png")),
    "class map": (network, lambda root: write(root / "classes.yaml", "cat: 7\ndog: 2\n")),
    "weights": (network, lambda root: weights(root, 1)),
    "XML": (xml, another_box),
}
QUICK = ("every box",)
SAME_SCORES = ("image of another size", "image by an older one")  # maps are imported or of one noisy image


def results_of(root: Path, name: str) -> dict[str, bytes]:
    """Every file of a results folder but logs, notes and costs, which tell of time."""
    files = {str(path.relative_to(root / name)): path for path in (root / name).rglob("*") if path.is_file()}
    timed = ("logs/", "inputs/", "costs.")
    return {name: path.read_bytes() for name, path in files.items() if not name.startswith(timed)}


def from_nothing(workflow, root: Path, config: dict) -> dict[str, bytes]:
    shutil.rmtree(root / "fresh", ignore_errors=True)
    run = workflow(config | {"results": "fresh"})
    assert run.returncode == 0, run.stderr
    return results_of(root, "fresh")


def both_ways(workflow, root: Path, config: dict, change: Callable[[Path], None]) -> tuple[dict, dict]:
    """Results before and after one run behind the change; the latter are those of a run from nothing."""
    assert (run := workflow(config)).returncode == 0, run.stderr
    before = results_of(root, "results")
    change(root)
    run = workflow(config)
    assert run.returncode == 0, run.stderr
    assert "! inputs: d/" in run.stderr or "! inputs: net/" in run.stderr
    after = results_of(root, "results")
    assert after == from_nothing(workflow, root, config)
    return before, after


@pytest.mark.parametrize(
    "what", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in CHANGES]
)
def test_what_changed_is_in_the_very_next_run(workflow, tmp_path, what):
    make, change = CHANGES[what]
    config = make(tmp_path)
    before, after = both_ways(workflow, tmp_path, config, change)
    assert before["scores.csv"] != after["scores.csv"] or what in SAME_SCORES
    made = [
        name for name in after if name.endswith((".evidence.npz", ".heatmaps.npz", "targets.parquet", "problems.csv"))
    ]
    assert any(before[name] != after[name] for name in made)
    again = workflow(config)
    assert again.returncode == 0 and "Nothing to be done" in again.stderr + again.stdout


@pytest.mark.slow
def test_what_is_removed_and_restored_ends_where_it_began(workflow, tmp_path):
    config = dataset(tmp_path)
    assert workflow(config).returncode == 0
    whole = results_of(tmp_path, "results")
    (tmp_path / "images/5.png").rename(tmp_path / "aside.png")
    assert workflow(config).returncode == 0
    assert results_of(tmp_path, "results")["scores.csv"] != whole["scores.csv"]
    (tmp_path / "aside.png").rename(tmp_path / "images/5.png")
    assert workflow(config).returncode == 0
    assert results_of(tmp_path, "results") == whole


@pytest.mark.slow
def test_a_select_split_and_a_run_until_the_index_hide_no_change(workflow, tmp_path):
    config = dataset(tmp_path)
    config["datasets"] |= {"s": config["datasets"]["d"] | {"part": {"of": 2, "take": 0}}}
    config["datasets"]["d"] = config["datasets"]["d"] | {"part": {"of": 2, "take": 1}}
    config["evaluations"]["e"]["select"] = "s"
    assert (run := workflow(config)).returncode == 0, run.stderr
    boxes_at_the_corner(tmp_path)
    assert workflow(config, "--until", "index").returncode == 0
    assert workflow(config).returncode == 0
    assert results_of(tmp_path, "results") == from_nothing(workflow, tmp_path, config)


@pytest.mark.slow
def test_two_checkouts_take_turns_on_one_results_folder(tmp_path):
    """Each remembers what it has seen itself; what the other made in between must not be taken for its own."""
    here, there = runner(tmp_path), runner(tmp_path / "there")
    (tmp_path / "there").mkdir()
    config = dataset(tmp_path) | {"results": str(tmp_path / "results")}
    for key in ("annotations", "images", "masks"):
        config["datasets"]["d"][key] = str(tmp_path / config["datasets"]["d"][key])
    config["backbones"]["other"]["imported"] = str(tmp_path / "maps")
    for turn, (checkout, seed) in enumerate([(here, 0), (there, 5), (here, 0), (there, 0), (here, 5)]):
        table(tmp_path, seed=seed)
        assert (run := checkout(config)).returncode == 0, (turn, run.stderr)
        fresh = checkout(config | {"results": str(tmp_path / f"fresh{turn}")})
        assert fresh.returncode == 0, (turn, fresh.stderr)
        assert results_of(tmp_path, "results")["scores.csv"] == results_of(tmp_path, f"fresh{turn}")["scores.csv"], turn


@pytest.mark.slow
def test_a_new_evaluation_runs_no_network_again(workflow, tmp_path):
    config = network(tmp_path)
    assert (run := workflow(config)).returncode == 0, run.stderr
    config["evaluations"]["more"] = {"report": "d", "metrics": ["pointing_game"]}
    more = workflow(config)
    assert more.returncode == 0 and "rule predict:" not in more.said
    assert "rule score:" in more.said


@pytest.mark.slow
def test_content_is_what_counts_where_that_is_asked_for(workflow, tmp_path):
    config = dataset(tmp_path) | {"fingerprint": "content", "backbones": {}}
    assert (run := workflow(config)).returncode == 0, run.stderr
    for path in (tmp_path / "images").iterdir():
        os.utime(path)
    touched = workflow(config)
    assert "Nothing to be done" in touched.stderr + touched.stdout
