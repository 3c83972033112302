"""The families of keras.applications: a planted patch is found, a batch is its images, a gradient is a slope."""

import pytest

from models import keras
from planted import check_batch_is_singles, check_gradient_is_slope, check_planted, pixels
from wsol.networks import backbones
from wsol.networks.kerasexplainer import KerasExplainer

SIDE = 96
LARGE = pytest.mark.slow
# One of each family, its input's side and what is its own; which layer `auto` takes stands in test_backbones.py.
FAMILIES = {
    "MobileNet": {"alpha": 0.25},
    "MobileNetV2": {"alpha": 0.35},
}
SLOW = {
    "ConvNeXtTiny": {"classes": 768},  # as many as the head has inputs: all of them are asked for at once
    "DenseNet121": {},
    "EfficientNetB0": {},
    "EfficientNetV2B0": {},
    "InceptionResNetV2": {"input": 160},
    "InceptionV3": {"input": 160},
    "MobileNetV3Large": {"classes": 1280},
    "MobileNetV3Small": {"classes": 1024},
    "NASNetMobile": {},
    "ResNet50": {},
    "ResNet50V2": {},
    "VGG16": {},
    "Xception": {},
}


@pytest.mark.parametrize("name", [*FAMILIES, *(pytest.param(name, marks=LARGE) for name in SLOW)])
def test_a_family_is_explained_where_it_looks(name):
    keras.utils.set_random_seed(7)
    own = {"input": SIDE, **(FAMILIES | SLOW)[name]}
    found = backbones.build({"architecture": name, "weights": "random", "classes": 3, **own})
    side = found.size[0]
    explainer = KerasExplainer(found, 2)
    check_batch_is_singles(explainer, pixels(side, 2))
    check_gradient_is_slope(explainer, pixels(side, 2))
    check_planted(found, (slice(side // 8, side // 2), slice(side // 2, side - side // 8)))
