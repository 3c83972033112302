"""Data of any size to evaluate without an image: published metadata, and maps of two networks by four cams.

    python benchmarks/large/annotated.py FOLDER [--images 50000]

Boxes lie where photographs' do, 1.6 an image; each network's maps (7x7, one `.npz` a cam) are noise with a bump near
the first box, its logits put the right class first for 7 of 10 images. An experiment that evaluates them, with
controls, is written beside: `experiment.yaml`.
"""

import argparse
import zipfile
from pathlib import Path

import numpy as np
import yaml

CLASSES, SIDE = 1000, 7
SIZES = np.array([(500, 375), (375, 500), (500, 333), (640, 480), (400, 400)])  # width, height
NETWORKS = {"steady": 0.15, "restless": 0.4}  # how much of a map is noise
CAMS = {"cam": 0.10, "gradcam": 0.12, "layercam": 0.16, "scorecam": 0.2}  # how wide its bump is, of the image's sides


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=50_000)
    options = parser.parse_args()
    write(options.folder, options.images)


def write(root: Path, count: int) -> Path:
    """The data set, the maps and the logits of `count` images below a folder; the experiment's file."""
    root.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    names = [f"val/{i:08d}.JPEG" for i in range(count)]
    sizes = SIZES[random.integers(0, len(SIZES), count)]
    labels = random.integers(0, CLASSES, count)
    first = _boxes(random, sizes)
    _metadata(root / "metadata", names, labels, sizes, first, random)
    for network, noise in NETWORKS.items():
        _logits(root / f"{network}.logits.npz", names, labels, random)
        for cam, width in CAMS.items():
            _maps(root / f"{network}-{cam}.npz", names, first / np.tile(sizes, 2), noise, width, random)
    file = root / "experiment.yaml"
    file.write_text(yaml.safe_dump(experiment(root), sort_keys=False))
    return file


def _boxes(random: np.random.Generator, sizes: np.ndarray) -> np.ndarray:
    """One box [x0 y0 x1 y1] an image, a fifth to nine tenths of its sides."""
    extent = random.uniform(0.2, 0.9, (len(sizes), 2))
    corner = random.uniform(0, 1, (len(sizes), 2)) * (1 - extent)
    return np.concatenate([corner * sizes, (corner + extent) * sizes - 1], axis=1).round().astype(int)


def _metadata(folder: Path, names: list, labels: np.ndarray, sizes: np.ndarray, first: np.ndarray, random) -> None:
    folder.mkdir(exist_ok=True)
    more = np.flatnonzero(random.random(len(names)) < 0.6)
    rows = [(names[i], *box) for i, box in enumerate(first)]
    rows += [(names[i], *box) for i, box in zip(more, _boxes(random, sizes[more]), strict=True)]
    files = {
        "image_ids": names,
        "class_labels": [f"{name},{label}" for name, label in zip(names, labels, strict=True)],
        "image_sizes": [f"{name},{w},{h}" for name, (w, h) in zip(names, sizes, strict=True)],
        "localization": [",".join(map(str, row)) for row in rows],
    }
    for name, lines in files.items():
        (folder / f"{name}.txt").write_text("\n".join(lines) + "\n")


def _logits(path: Path, names: list, labels: np.ndarray, random) -> None:
    logits = random.standard_normal((len(names), CLASSES), np.float32)
    right = random.random(len(names)) < 0.7
    logits[np.arange(len(names))[right], labels[right]] = 9
    np.savez(path, image=np.array(names), logits=logits)


def _maps(path: Path, names: list, boxes: np.ndarray, noise: float, width: float, random) -> None:
    """`boxes` [n 4] are fractions of the image's sides."""
    centres = (np.arange(SIDE) + 0.5) / SIDE
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    x, y = (np.exp(-((centres - at[:, None]) ** 2) / (2 * width)) for at in middle.T)
    maps = y[:, :, None] * x[:, None] + noise * random.random((len(names), SIDE, SIDE))
    with zipfile.ZipFile(path, "w") as archive:
        for name, one in zip(names, maps.astype(np.float32), strict=True):
            with archive.open(f"{name}.npy", "w") as member:
                np.save(member, one)


def experiment(root: Path) -> dict:
    """Every network's every cam and three controls, under the published protocol."""
    backbones = {
        f"{network}-{cam}": {"imported": f"{network}-{cam}.npz", "logits": f"{network}.logits.npz"}
        for network in NETWORKS
        for cam in CAMS
    }
    metrics = ["top1_acc", "maxboxacc@50", "maxboxacc_v2", "top1_loc", "peak_on_object", "energy_pointing"]
    return {
        "results": "results",
        "data": str(root.resolve()),
        "datasets": {"val": {"adapter": "wsol", "annotations": "metadata"}},
        "backbones": backbones,
        "cams": {"center": {}, "full": {}, "center_box": {}},
        "thresholds": {"sweep": {"step": 0.001}},
        "evaluations": {"published": {"report": "val", "protocol": "wsol2020", "metrics": metrics}},
    }


if __name__ == "__main__":
    main()
