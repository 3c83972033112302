"""Small experiments: controls alone, and one with a network that it trains."""

CONTROLS = {
    "shard_size": 30,
    "resamples": 200,
    "compare": "all",
    "overlays": 2,
    "datasets": {
        "a": {"adapter": "shapes", "split": "select", "count": 30, "size": 64},
        "b": {"adapter": "shapes", "split": "report", "count": 50, "size": 64},
    },
    "cams": {"center": {}, "random": {}},
    "thresholds": {"sweep": {}, "half": {"method": "fixed", "level": 0.5}},
    "evaluations": {
        "shapes": {"report": "b", "select": "a", "metrics": ["maxboxacc@50", "maxboxacc_v2", "pointing_game"]}
    },
}
SMALL = {
    **CONTROLS,
    "activations": "keep",
    "datasets": {
        "train": {"adapter": "shapes", "split": "train", "count": 36, "size": 64},
        **CONTROLS["datasets"],
    },
    "backbones": {
        "mobilenet": {
            "architecture": "MobileNet",
            "alpha": 0.25,
            "input": 64,
            "weights": {"train": {"dataset": "train", "initial": "random", "epochs": 1, "batch": 12}},
        }
    },
    "cams": {"gradcam": {}, "center": {}},
}
