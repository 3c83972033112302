"""explain.py on photographs with published weights: every style is its system's, and the classes are the right ones."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import systems
from conftest import DATA, REAL
from wsol.boxes import asboxes

SCRIPT = Path(__file__).parents[2] / "scripts/explain.py"
WEIGHTS = DATA / "weights/mobilenet_v2_imagenet.weights.h5"
IMAGES = sorted((DATA / "coco100/images").glob("*.jpg"))[:10]
pytestmark = REAL


def explained(*arguments: object) -> list[dict]:
    command = [sys.executable, SCRIPT, *IMAGES, "--weights", WEIGHTS, *arguments, "--json"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_ten_photographs_with_classes_methods_and_boxes(tmp_path):
    asked = ("--classes", "top3", "--cam", "gradcam", "layercam", "--box", "otsu", "--to", tmp_path / "out")
    rows = explained(*asked)
    assert len(rows) == 20
    for row in rows:
        high, wide = cv2.imread(row["image"]).shape[:2]
        found = cv2.imread(row["picture"]).shape
        assert found[0] > 2 * high and found[1] > 3 * wide
        assert row["probabilities"] == sorted(row["probabilities"], reverse=True)
        boxes = asboxes(row["box"])
        assert len(boxes) == 3 and (boxes[:, :2] >= 0).all() and (boxes[:, 2:] <= [wide, high]).all()


@pytest.fixture(scope="module")
def network():
    import keras

    return keras.applications.MobileNetV2(weights=str(WEIGHTS)), keras.applications.MobileNetV2(
        weights=str(WEIGHTS), classifier_activation=None
    )


@pytest.mark.parametrize("name", systems.LAYER)
def test_every_style_on_photographs_is_its_system_s_own(tmp_path, network, name):
    layer = "Conv_1" if name == "opencv_article" else "out_relu"
    for row in explained("--architecture", "MobileNetV2", "--layer", layer, "--system", name, "--to", tmp_path / "out"):
        pixels = cv2.imread(row["image"])[..., ::-1]
        x = cv2.resize(pixels, (224, 224)).astype(np.float32) / 127.5 - 1
        a, g, scores = systems.gradient(network[name in systems.LINEAR], layer, x)
        assert row["classes"] == [int(scores.argmax())]
        expected = systems.drawn(name, pixels, systems.heatmap(name, a, g), row["probabilities"][0])
        off = np.abs(cv2.imread(row["picture"])[..., ::-1] - expected.astype(float)).max(axis=2)
        # A map that differs in its sixth digit has the next of 256 colours here or there.
        assert (off > 1).mean() < 0.002 and np.percentile(off, 99) <= 1
