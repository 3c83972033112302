"""Published weights on real images: the accuracy each is known for, and the laws of CAMs on a real network."""

import cv2
import numpy as np
import pandas as pd
import pytest

from conftest import DATA, REAL
from models import explained
from wsol.datasets import decoding
from wsol.maps.cams import CAMS

IMAGES, WEIGHTS = DATA / "ilsvrc1300", DATA / "weights"
pytestmark = REAL

MODELS = {  # file: settings, top-1 and top-5 accuracy in percent
    "mobilenet_v2_imagenet": ({"architecture": "MobileNetV2"}, 78.5, 94.2),
    "mobilenet_0.75_224_imagenet": ({"architecture": "MobileNet", "alpha": 0.75}, 76.9, 94.1),
    "mobilenet_0.25_224_imagenet": ({"architecture": "MobileNet", "alpha": 0.25}, 63.9, 87.0),
    "mobilenet_v3_small_imagenet": ({"architecture": "MobileNetV3Small"}, 76.6, 93.2),
}


def targets(count: int | None = None) -> pd.DataFrame:
    lines = (IMAGES / "metadata_original" / "class_labels.txt").read_text().split()[:count]
    names, labels = zip(*(line.rsplit(",", 1) for line in lines), strict=True)
    return pd.DataFrame({"image": names, "outputs": [[int(label)] for label in labels], "width": 0, "height": 0})


def run(name: str, table: pd.DataFrame, **settings):
    from wsol.networks import backbones

    weights = str(WEIGHTS / f"{name}.weights.h5")
    backbone = backbones.build({**MODELS[name][0], "weights": weights, **settings})
    return explained(backbone, lambda image: decoding.decode(IMAGES / "images" / image), table)


@pytest.mark.parametrize("name", MODELS)
def test_the_accuracy_each_is_known_for(name):
    table = targets()
    logits = run(name, table)[0]["logits"]
    labels = np.array([outputs[0] for outputs in table["outputs"]])
    order = np.argsort(-logits, axis=1, kind="stable")[:, :5] == labels[:, None]
    assert 100 * order[:, 0].mean() == pytest.approx(MODELS[name][1], abs=0.3)
    assert 100 * order.any(axis=1).mean() == pytest.approx(MODELS[name][2], abs=0.3)


def maps(layer: str) -> dict[str, np.ndarray]:
    _, found = run("mobilenet_v2_imagenet", targets(16), layer=layer)
    methods = ("cam", "gradcam", "gradcam++", "xgradcam", "hirescam", "layercam")
    return {name: CAMS[name](found["activations"], found["gradients"]) for name in methods}


def test_on_a_pooling_and_dense_head_four_methods_are_one():
    found = maps("auto")
    for name in ("xgradcam", "hirescam"):
        np.testing.assert_allclose(found[name], found["gradcam"], atol=1e-5)
    np.testing.assert_allclose(np.maximum(found["cam"], 0), found["gradcam"], atol=1e-5)


def test_in_mid_network_they_are_five():
    found = list(maps("block_13_expand_relu").values())[1:]
    top = [np.abs(f).max() for f in found]
    for i in range(len(found)):
        for j in range(i):
            assert np.abs(found[i] / top[i] - found[j] / top[j]).max() > 0.05


def test_channels_taken_away_are_the_closed_form_on_a_real_head():
    """MobileNetV2 ends in pooling and dense: a channel's drop is its weight times its mean."""
    _, ablated = run("mobilenet_v2_imagenet", targets(2), evidence="ablation")
    _, graded = run("mobilenet_v2_imagenet", targets(2))
    expected = graded["gradients"] * graded["activations"].sum(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(ablated["score_drops"], expected, atol=1e-4)


def naive_score_cams(image: np.ndarray, model, layer: str, classes: list[int]) -> dict[str, np.ndarray]:
    """Both published forms by plain Keras, a loop over channels: maps [class place] of one image 0..255 [224 224 3]."""
    import keras

    colour = np.array([123.675, 116.28, 103.53])
    features = keras.Model(model.input, model.get_layer(layer).output)((image / 127.5 - 1)[None]).numpy()[0]
    masks = np.stack([cv2.resize(np.ascontiguousarray(features[..., k]), (224, 224)) for k in range(features.shape[2])])
    alive = masks.max(axis=(1, 2)) > masks.min(axis=(1, 2))
    low, top = masks.min(axis=(1, 2), keepdims=True), masks.max(axis=(1, 2), keepdims=True)
    masks = np.where(alive[:, None, None], (masks - low) / np.where(top > low, top - low, 1), 0)
    shown = [(m * image + (1 - m) * colour) / 127.5 - 1 for m in masks[alive][..., None]]
    logits = np.concatenate([model(np.stack(shown[i : i + 32])).numpy() for i in range(0, len(shown), 32)])
    z = logits.astype(np.float64)
    p = np.exp(z - z.max(axis=1, keepdims=True))
    probabilities = (p / p.sum(axis=1, keepdims=True))[:, classes]
    raised = np.exp(z[:, classes] - z[:, classes].max(axis=0))
    forms = {"scorecam": probabilities, "scorecam_logits": raised / raised.sum(axis=0), "double": np.exp(probabilities)}
    places = features[..., alive].reshape(-1, alive.sum()).astype(np.float64)
    return {name: np.maximum(places @ weights, 0).T for name, weights in forms.items()}


def test_score_cam_tells_classes_apart_as_published_forms_do():
    """The true class against the 500th by rank; a softmax over probabilities does not tell them apart."""
    import keras

    from wsol.networks import backbones

    name, found = "mobilenet_0.25_224_imagenet", {key: [] for key in ("scorecam", "scorecam_logits", "double")}
    weights = str(WEIGHTS / f"{name}.weights.h5")
    model = keras.applications.MobileNet(alpha=0.25, weights=weights, classifier_activation=None)
    backbone = backbones.build({**MODELS[name][0], "weights": weights, "evidence": "scorecam"})
    for row in targets(3).itertuples():
        image = cv2.resize(decoding.decode(IMAGES / "images" / row.image), (224, 224), interpolation=cv2.INTER_LINEAR)
        rank = np.argsort(-model(image[None] / 127.5 - 1).numpy()[0], kind="stable")
        classes = [row.outputs[0], int(rank[499])]
        table = pd.DataFrame({"image": row.image, "outputs": [[c] for c in classes], "width": 0, "height": 0})
        _, arrays = explained(backbone, lambda _, own=image: own, table)
        naive = naive_score_cams(image.astype(np.float64), model, backbone.layer[0], classes)
        for method in ("scorecam", "scorecam_logits"):
            given = arrays["class_probabilities" if method == "scorecam" else "logit_weights"]
            own = CAMS[method](arrays["activations"][arrays["image_of"]], given).reshape(2, -1)
            both = [np.corrcoef(maps)[0, 1] for maps in (own, naive[method])]
            assert both[0] <= both[1] + 1e-3
            found[method].append(both[0])
        found["double"].append(np.corrcoef(naive["double"])[0, 1])
    means = {method: float(np.mean(values)) for method, values in found.items()}
    print(means)
    assert means["double"] > 0.99 > max(means["scorecam"], means["scorecam_logits"])
