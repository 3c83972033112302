"""Evidence to maps, chunk by chunk; what explains nothing is said, never dropped."""

import numpy as np
import pandas as pd
import pytest

from wsol.files.predict import ARRAYS
from wsol.maps import heatmaps
from wsol.maps.cams import CAMS
from wsol.maps.fusion import fuse


def evidence(images=70, targets=150, seed=0):
    random = np.random.default_rng(seed)
    return {
        "activations": random.random((images, 3, 4, 5), np.float32),
        "gradients": random.normal(size=(targets, 3, 4, 5)).astype(np.float32),
        "similar_class_gradients": random.normal(size=(targets, 3, 4, 5)).astype(np.float32),
        "score_drops": random.normal(size=(targets, 1, 1, 5)).astype(np.float32),
        "class_probabilities": random.random((targets, 1, 1, 5), np.float32),
        "logit_weights": random.normal(size=(targets, 1, 1, 5)).astype(np.float32),
        "finished_maps": random.normal(size=(targets, 6, 7)).astype(np.float32),
        **{
            name: random.normal(size=(targets, 3, 4)).astype(np.float32)
            for name in (*ARRAYS["attention"], *ARRAYS["acol"])
        },
        "image_of": np.sort(random.integers(0, images, targets)),
        "row_of": np.arange(targets),
    }


@pytest.mark.parametrize("name", CAMS)
def test_chunks_give_what_all_targets_at_once_give(name):
    given = evidence()
    rows = given | {"activations": given["activations"][given["image_of"]]}
    whole = CAMS[name](*(rows[array] for array in CAMS[name].arrays))
    chunked = np.stack(list(heatmaps.maps_from(CAMS[name], given, {})))
    assert chunked.shape == whole.shape and chunked == pytest.approx(whole, abs=1e-5)


def test_several_layers_are_fused():
    given = evidence(images=4, targets=4)
    finer = {"activations_1": np.ones((4, 6, 8, 2), np.float32), "gradients_1": np.ones((4, 1, 1, 2), np.float32)}
    finer["activations_1"][:, 1, 2] = 3
    found = np.stack(list(heatmaps.maps_from(CAMS["cam"], given | finer, {}, {"how": "max"})))
    layers = [
        CAMS["cam"](given["activations"][given["image_of"]], given["gradients"]),
        CAMS["cam"](finer["activations_1"][given["image_of"]], finer["gradients_1"]),
    ]
    assert found.shape == (4, 6, 8) and found == pytest.approx(fuse(layers, how="max"))


def test_fused_maps_keep_a_grid_that_all_layers_share():
    maps, size = [np.zeros((6, 8), np.float32)], np.array([48, 64])
    one = {"activations": 0, "cell_to_input": np.array([8, 8, 4, 4.0])}
    same = one | {"activations_1": 0, "cell_to_input_1": np.array([8, 8, 4, 4.0])}
    other = one | {"activations_1": 0, "cell_to_input_1": np.array([16, 16, 8, 8.0])}
    assert [heatmaps.cell_to_input(e, maps, size).tolist() for e in (one, same)] == [[8, 8, 4, 4]] * 2
    assert heatmaps.cell_to_input(other, maps, size).tolist() == [8, 8, 0, 0]


def test_every_target_has_a_status_in_the_order_of_what_went_wrong_first():
    flat, fine = np.ones((2, 2), np.float32), np.eye(2, dtype=np.float32)
    broken = np.full((2, 2), np.nan, np.float32)
    targets = pd.DataFrame({"status": ["ok", "ok", "ok", "ok", "ok", "missing", "no_ground_truth"]})
    readable = np.array([True, True, True, False, True, True, True])
    explained = np.array([0, 0, 0, 0, -1, 0, 0])
    found = heatmaps.status([fine, flat, broken, flat, flat, flat, fine], targets, readable, explained)
    assert found.tolist() == ["ok", "degenerate", "degenerate", "unreadable", "unmapped", "missing", "no_ground_truth"]
