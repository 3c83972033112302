"""Every single thing that can be wrong in a config's maps and logits from elsewhere: place, value, line."""

from configs import FOLDER

WRONG_IMPORTED = [
    (
        "backbones.net",
        {"imported": "nowhere"},
        "backbones.net.imported: no such file or folder: 'nowhere' (looked for below 'data').",
    ),
    ("backbones.net", {"imported": 3}, "backbones.net.imported: must be text or a mapping, got 3."),
    (
        "backbones.net.imported",
        FOLDER,
        "backbones.net: imported maps come without a network; leave out 'architecture'.",
    ),
    ("backbones.net", {"imported": FOLDER, "inptu": 3}, "backbones.net: unknown 'inptu'. Did you mean 'input'?"),
    ("backbones.net", {"imported": {"a": FOLDER}}, "backbones.net.imported: no maps of 'b'. Known: a."),
    ("backbones.net", {"imported": {"a": FOLDER, "b": 3}}, "backbones.net.imported.b: must be text, got 3."),
    (
        "backbones.net",
        {"imported": {"a": "nowhere", "b": FOLDER}},
        "backbones.net.imported: no such file or folder: 'nowhere' (looked for below 'data').",
    ),
    (
        "backbones.net",
        {"imported": FOLDER, "logits": "nowhere.npz"},
        "backbones.net.logits: no such file or folder: 'nowhere.npz' (looked for below 'data').",
    ),
    (
        "backbones.net",
        {"imported": FOLDER, "logits": __file__},
        f"backbones.net.logits: must be an .npz or a .csv, got '{__file__}'.",
    ),
    (
        "backbones.net",
        {"imported": FOLDER, "logits": FOLDER},
        f"backbones.net.logits: '{FOLDER}' is a folder, a file is meant.",
    ),
    (
        "backbones.net",
        {"imported": FOLDER, "logits": {"a": FOLDER}},
        "backbones.net.logits: no logits of 'b'. Known: a.",
    ),
    (
        "backbones.net",
        {"imported": FOLDER, "logits": {"c": FOLDER}},
        "backbones.net.logits: unknown 'c'. Known: a, b.",
    ),
    (
        "backbones.net",
        {"imported": FOLDER, "activation": "softmax"},
        "backbones.net.activation: makes probabilities of logits, and none are given; leave it out.",
    ),
    (
        "backbones.net",
        {"imported": FOLDER, "logits": "l.npz", "activation": "none"},
        "backbones.net.activation: unknown 'none'. Known: sigmoid, softmax.",
    ),
    ("backbones.net", {"imported": FOLDER, "input": 0}, "backbones.net.input: must lie in [1, 4096], got 0."),
    ("backbones.net", {"imported": FOLDER, "input": [3]}, "backbones.net.input: must be a side, or height and width"),
    ("cams.imported", {}, "cams.imported: the name belongs to the maps of imported backbones."),
    ("cams.x", {"method": "imported"}, "cams.x: unknown 'imported'."),
    ("evaluations.e.cams", ["imported"], "evaluations.e.cams: unknown 'imported'. Known: center, gradcam."),
    (
        "backbones.net",
        {"imported": {"b": FOLDER, "other": FOLDER}},
        "backbones.net.imported: unknown 'other'. Known: a, b.",
    ),
    ("backbones.net", {"imported": "$NOWHERE_AT_ALL"}, "backbones.net.imported: the environment has no variable"),
]
