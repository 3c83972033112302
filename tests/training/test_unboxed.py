"""No training reaches a box or a mask: index and train, run by their scripts on truth that is right and on garbage."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from conftest import run_stage
from models import keras, layers
from wsol.experiment.config import check
from wsol.experiment.labelsets import labels_of
from wsol.files.index import LABELS, TARGETS
from wsol.files.train import WEIGHTS

BOXED = {"a.png": "cat", "b.png": "dog", "c.png": "cat", "d.png": "dog", "e.png": "dog"}
MASKED = {"ant/1.png": "ant", "dog/2.png": "dog", "ant/3.png": "ant"}
RIGHT = {name: [4, 5, 12, 10] for name in BOXED}
SHIFTED = {name: [place, 2 * place + 9, 3, 30 - place] for place, name in enumerate(BOXED)}
GARBAGE = {name: [-900.5, 40, 0, -7] for name in BOXED}


def annotations(root: Path, boxes: dict[str, list], classes: dict[str, str]) -> None:
    """COCO's file of the boxes, with the classes in another order than the masks' data set has them."""
    numbers = {"cat": 1, "dog": 2}
    images = [{"id": i, "file_name": name, "width": 32, "height": 32} for i, name in enumerate(classes)]
    objects = [
        {"image_id": i, "category_id": numbers[own], "bbox": boxes[name]}
        for i, (name, own) in enumerate(classes.items())
    ]
    categories = [{"id": number, "name": name} for name, number in numbers.items()]
    text = json.dumps({"images": images, "annotations": objects, "categories": categories})
    (root / "boxes.json").write_text(text)


def masks(root: Path, seed: int) -> None:
    """A mask for each image: a square, or noise of a seed; of the first none of it is the object."""
    for place, name in enumerate(MASKED):
        mask = np.zeros((32, 32), np.uint8)
        mask[4 : 20 - seed, 8:24] = 255 * (place > 0 or not seed)
        (root / "masks" / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(root / "masks" / name), mask)


@pytest.fixture
def config(tmp_path):
    """Two label data sets, one of boxes and one of masks, a network to be trained on both, and one to be scored."""
    random = np.random.default_rng(0)
    for folder, names in (("boxed", BOXED), ("masked", MASKED)):
        for name in names:
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), random.integers(0, 256, (32, 32, 3), np.uint8))
    masks(tmp_path, 0)
    annotations(tmp_path, RIGHT, BOXED)
    keras.utils.set_random_seed(0)
    head = [layers.GlobalAveragePooling2D(), layers.Dense(3, "softmax")]
    network = keras.Sequential([keras.Input((28, 28, 3)), layers.Conv2D(4, 3, strides=4, activation="relu"), *head])
    network.save(tmp_path / "own.keras")
    train = {"dataset": ["boxed", "masked"], "epochs": 2, "batch": 4, "weight_decay": 0.0}
    boxed = {"adapter": "coco", "annotations": str(tmp_path / "boxes.json"), "target": "all"}
    masked = {"adapter": "masks", "masks": str(tmp_path / "masks"), "images": str(tmp_path / "masked")}
    backbone = {"model": str(tmp_path / "own.keras"), "preprocessing": {"scale": 1 / 255}, "weights": {"train": train}}
    return {
        "datasets": {
            "boxed": {**boxed, "images": str(tmp_path / "boxed")},
            "masked": masked,
            "scored": {"adapter": "shapes", "split": "report"},
        },
        "backbones": {"net": backbone},
        "cams": {"gradcam": {}},
        "thresholds": {"sweep": {}},
        "evaluations": {"e": {"report": "scored", "metrics": ["maxboxacc@50"]}},
    }


def indexed(config: dict, results: Path) -> None:
    """What `index` writes of the label data sets."""
    experiment = check(config)
    (training,) = experiment.trainings.values()
    for id in labels_of(training.settings):
        folder = results / id / "index"
        names = {
            "targets": "targets.parquet",
            "labels": "labels.parquet",
            "problems": "problems.csv",
            "summary": "s.txt",
        }
        output = {role: str(folder / name) for role, name in names.items()}
        settings = {"settings": experiment.decisions()[id].settings}
        log = [str(results / "index.log")]
        run_stage("index", params=settings, output=output, wildcards={"dataset": id}, log=log)


def trained(config: dict, results: Path) -> bytes:
    """The weights file that `train` then writes."""
    experiment = check(config)
    (training,) = experiment.trainings.values()
    ids = labels_of(training.settings)
    folder = results / "weights" / training.id
    names = {"weights": "model.weights.h5", "history": "history.parquet", "printed": "history.csv"}
    run_stage(
        "train",
        input={
            "labels": [str(results / id / "index/labels.parquet") for id in ids],
            "model": [training.settings["model"]],
            "initial": [],
            "program": [],
        },
        output={role: str(folder / name) for role, name in names.items()},
        params={
            "settings": training.settings,
            "datasets": {id.split("@")[0]: experiment.decisions()[id].settings for id in ids},
        },
        wildcards={"backbone": training.id},
        log=[str(results / "train.log")],
    )
    return (folder / "model.weights.h5").read_bytes()


def test_wrong_boxes_and_masks_give_the_same_file_of_weights(config, tmp_path, monkeypatch):
    """And another label another file. While it trains, there is neither an annotation nor a mask to be read."""
    monkeypatch.setattr("wsol.networks.determinism.deterministic", lambda *settings: "tests")
    found, targets = {}, set()
    relabelled = BOXED | {"a.png": "dog"}
    kinds = {
        "right": (RIGHT, BOXED, 0),
        "shifted": (SHIFTED, BOXED, 3),
        "garbage": (GARBAGE, BOXED, 9),
        "relabelled": (RIGHT, relabelled, 0),
    }
    for kind, (boxes, classes, seed) in kinds.items():
        results = tmp_path / kind
        annotations(tmp_path, boxes, classes)
        masks(tmp_path, seed)
        indexed(config, results)
        targets.add(tuple(TARGETS.read(path)["status"].to_json() for path in sorted(results.rglob("targets.parquet"))))
        for path in (tmp_path / "boxes.json", *(tmp_path / "masks").rglob("*.png")):
            path.write_bytes(b"")
        found[kind] = trained(config, results)
    assert found["right"] == found["shifted"] == found["garbage"] != found["relabelled"]
    assert len(targets) == 3  # the index did see what became of the truth
    assert not {*TARGETS.fields} & {"boxes", "mask"} & {*LABELS.fields}
    about = WEIGHTS.read(next((tmp_path / "right").rglob("*.weights.h5")))
    assert about["names"] == ["cat", "dog", "ant"]
    assert {role: Path(each["file"]).name for role, each in about["made_from"].items()} == {
        "labels of boxed": "labels.parquet",
        "labels of masked": "labels.parquet",
    }
