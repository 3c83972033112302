"""Every single thing that can be wrong in a config of what an architecture ends in and a training starts from."""

from configs import FOLDER
from configs_networks import OF_HUB

INITIAL = "backbones.net.weights.train.initial"
WRONG_HEADS = [
    *(
        ("backbones.net", {"architecture": name, **given}, f"backbones.net{line}")
        for name, given, line in (
            ("Xception", {"stride": 7}, ".stride: unknown '7'. Known: 16, 32, 8."),
            ("Xception", {"head": "cov"}, ": head: unknown 'cov'. Did you mean 'conv'? Known: acol, conv, own."),
            ("Xception", {"head": {"filters": [3]}}, ": head: unknown 'None'. Known: acol, conv, own."),
            ("Xception", {"head": {"method": "own", "filters": [3]}}, ": head own: unknown 'filters'."),
            ("Xception", {"head": {"method": "conv", "filters": []}}, ": head conv.filters: is empty; one number for"),
            ("Xception", {"head": {"method": "conv", "filters": [0]}}, ": head conv.filters[0]: must lie in [1, 8192]"),
            (
                "Xception",
                {"head": {"method": "acol", "filters": [3]}},
                ": head acol.filters: must hold 2 values, got 1",
            ),
            ("Xception", {"head": {"method": "acol", "threshold": 2}}, ": head acol.threshold: must lie in [0, 1]"),
            ("Xception", {"head": "conv"}, ".head: Xception's published weights have none for 'conv'; train it, or"),
            ("VGG16", {"stride": 8}, ".stride: VGG16's dense layers read maps of its own size; say head: conv."),
            (
                "MobileNet",
                {"head": "conv", "dropout": 0.1, "weights": "random"},
                ": dropout: is of MobileNet's own head",
            ),
            (
                "Xception",
                {"activation": "sigmoid"},
                ".activation: Xception's published weights are of a softmax; train",
            ),
            ("Xception", {"classes": 1, "activation": "sigmoid"}, ": classes: published weights are of 1000 classes,"),
        )
    ),
    ("backbones.net", {**OF_HUB, "stride": 8}, "backbones.net.stride: is of an architecture; keras_hub {'backbone'"),
    ("backbones.net", {**OF_HUB, "head": "conv"}, "backbones.net.head: is of an architecture; keras_hub {'backbone'"),
    *(
        ("backbones.net", {"architecture": name, **more, "weights": {"train": {"dataset": "a", **given}}}, line)
        for name, more, given, line in (
            ("VGG16", {"input": 96}, {}, f"{INITIAL}: imagenet: input: VGG16 has published weights for 224 pixels"),
            ("MobileNetV2", {"alpha": 0.25}, {}, f"{INITIAL}: imagenet: alpha: MobileNetV2 has published weights for"),
            (
                "MobileNetV2",
                {},
                {"initial": "x.h5"},
                f"{INITIAL}: must be imagenet or random or a file; no file 'x.h5'",
            ),
            ("MobileNetV2", {}, {"initial": __file__}, f"{INITIAL}: '{__file__}' is no .h5 or .hdf5 file."),
            ("MobileNetV2", {}, {"initial": FOLDER}, f"{INITIAL}: '{FOLDER}' is a folder, a file is meant."),
            ("MobileNetV2", {}, {"initial": 3}, f"{INITIAL}: must be imagenet | random or text or nothing, got 3."),
            ("VGG16", {"stride": 16}, {}, "backbones.net.stride: VGG16's dense layers read maps of its own size; say"),
        )
    ),
    (
        "backbones.net",
        {**OF_HUB, "classes": None, "weights": {"train": {"dataset": "a", "initial": "imagenet"}}},
        f"{INITIAL}: must be random or a file here, got imagenet; left out, the network's own.",
    ),
]
