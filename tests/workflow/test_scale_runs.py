"""A run with a cam of several scales and mirrored images: rows of its own, and nothing else moves."""

import copy

import numpy as np
import pandas as pd
import pytest

from small import CONTROLS
from wsol.files.heatmap import HEATMAPS

NET = {"architecture": "MobileNet", "alpha": 0.25, "weights": "random", "input": 64, "classes": 6}
CONFIG = CONTROLS | {
    "shard_size": 50,
    "datasets": {"b": {**CONTROLS["datasets"]["b"], "count": 30, "class_map": "labels"}},
    "backbones": {"net": NET},
    "cams": {"gradcam": {"layer": "conv_pw_11_relu"}},
    "thresholds": {"sweep": {}},
    "evaluations": {"shapes": {"report": "b", "metrics": ["maxboxacc@50", "top1_acc"]}},
    "overlays": 0,
}
WIDE = {"method": "gradcam", "layer": "conv_pw_11_relu", "scales": [0.5, 1, 1.5], "flip": True}


def maps(root, cam: str) -> dict:
    return {path: path.read_bytes() for path in root.glob(f"results/*/net@*/{cam}@*/*.heatmaps.npz")}


@pytest.mark.slow
def test_it_has_rows_of_its_own_and_the_others_stay_as_they_were(workflow, tmp_path):
    first = workflow(CONFIG)
    assert first.returncode == 0, first.stderr
    before, plain = maps(tmp_path, "gradcam"), pd.read_csv(tmp_path / "results/scores.csv")
    added = copy.deepcopy(CONFIG)
    added["cams"] |= {"wide": WIDE, "cut": WIDE | {"explain": "predicted", "refine": "superpixels"}}
    second = workflow(added)
    assert second.returncode == 0, second.stderr
    assert before.items() <= maps(tmp_path, "gradcam").items() and second.said.count("rule predict:") == 1
    both = pd.read_csv(tmp_path / "results/scores.csv")
    pd.testing.assert_frame_equal(both[both["cam"] == "gradcam"].reset_index(drop=True), plain)
    scores = {name: rows.set_index("metric")["value"] for name, rows in both.groupby("cam")}
    assert scores["wide"]["top1_acc"] == scores["gradcam"]["top1_acc"]
    # Refined, a map is still of the predicted class, which has no place to be compared with.
    assert scores["cut"].to_dict() == {"top1_acc": scores["gradcam"]["top1_acc"]}
    # The grid of 1.5 is 6 x 6; the network's own is 4 x 4.
    shapes = {tuple(shape) for path in maps(tmp_path, "wide") for shape in HEATMAPS.read(path)["shapes"]}
    assert shapes == {(6, 6)}
    predictions = [np.load(path)["logits"] for path in tmp_path.glob("results/b@*/predict/*/*.predictions.npz")]
    assert len(predictions) == 2 and predictions[0].tobytes() == predictions[1].tobytes()
