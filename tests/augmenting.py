"""Explanations in several augmentations of the same few images, from a network of any size."""

import numpy as np
import pandas as pd

from models import keras, layers
from wsol.files.augmentations import augmentations
from wsol.maps import heatmaps
from wsol.maps.cams import CAMS
from wsol.networks import backbones, evidence, scaling

SCALES = [0.5, 1.0, 1.5]
PLAIN = {"layer": "auto", "score": "logit", "explain": "labelled", "evidence": {"method": "gradient", "similar": 0}}
IMAGES = {str(n): np.random.default_rng(n).integers(0, 256, (50 + n, 70, 3), np.uint8) for n in range(5)}
TARGETS = pd.DataFrame(
    {"image": [*"0012344"], "outputs": [[0], [2], [1], [0], [1, 2], [2], [0]], "width": 70, "height": 50}
)


def centred() -> "keras.Model":
    """Of any size; poolings in place of strides: each cell's middle is that of the place it is stretched over."""
    x = start = layers.Input((None, None, 3))
    for width in (6, 8):
        x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(8, 3, padding="same", activation="relu", name="last")(x)
    return keras.Model(start, layers.Dense(3, "softmax", name="head")(layers.GlobalAveragePooling2D()(x)))


def written(folder) -> dict:
    """The settings of a model file of any size, as a backbone."""
    keras.utils.set_random_seed(1)
    centred().save(folder / "centred.keras")
    return {"model": str(folder / "centred.keras"), "preprocessing": {"scale": 1 / 255}, "input": 32, "batch": 3}


def seen(network, ways, table=TARGETS, images=IMAGES, cam="gradcam", **options):
    """The predictions, the maps of each target, where their cells lie, and the outputs that were explained."""
    own = backbones.build(network)
    asked = {**PLAIN, **ways}
    sink = evidence.Collected()
    sized = scaling.sized(network, own, [asked])
    found = evidence.predict(own, images.__getitem__, table, sink, explanations={"a": asked}, sized=sized, **options)
    first, *more = [sink.view("a" + way.tag) for way in augmentations(asked)]
    maps = list(heatmaps.maps_from(CAMS[cam], first, {}, {}, more))
    return found, maps, heatmaps.cell_to_input(first, maps, found["input_size"], more), first["explained"]
