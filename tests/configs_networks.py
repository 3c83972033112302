"""Every single thing that can be wrong in a config's networks: the place, what stands there, the line it ends in."""

import math

from configs import FOLDER, NETWORK

ONE_OF = "backbones.net: needs one of `architecture`, `model`, `keras_hub` and `torch`."
HUB = {"class": "ViTImageClassifier", "backbone": {"num_layers": 1}}
OF_HUB = {"keras_hub": HUB, "weights": "random", "classes": 3, "preprocessing": {}}
WRONG_NETWORKS = [
    ("backbones.net", {"keras_hub": HUB}, "backbones.net: weights: ViTImageClassifier has none of its own; say"),
    ("backbones.net", {**OF_HUB, "weights": "none.h5"}, "backbones.net.weights: must be random, {train: …} or a file;"),
    ("backbones.net", {**OF_HUB, "safe": False}, "backbones.net.safe: keras-hub brings no code of others; leave out"),
    ("backbones.net", {**OF_HUB, "alpha": 1.0}, "backbones.net: backbone keras_hub: unknown 'alpha'."),
    ("backbones.net.tokens", {"grid": [7]}, "backbones.net: tokens: grid must be rows and columns, got [7]."),
    ("backbones.net.tokens", {"skip": 1}, "backbones.net: tokens: 'grid' is required"),
    (
        "backbones.net.evidence",
        "attention",
        "backbones.net.evidence: 'attention' is for attention_last, legrad",
    ),
    *(
        ("backbones.net", {**NETWORK, "head": head, "weights": {"train": {"dataset": "a", "method": method}}}, line)
        for head, method, line in (
            ("own", "acol", "backbones.net.weights.train.method: 'acol' needs `head: acol` of an architecture, got"),
            ("acol", "plain", "backbones.net.head: 'acol' is trained by the method of that name, got 'plain'."),
            (
                "own",
                {"method": "spg", "c_low": 0.8},
                "backbones.net.weights.train.method spg.c_low: must be c_high, 0.",
            ),
            ("own", {"method": "spg", "c_low": 2}, "backbones.net.weights.train.method spg.c_low: must lie in [0, 1],"),
        )
    ),
    ("cams.acol", {"layer": "a"}, "cams.acol.layer: 'acol' looks at the class maps of its own head; leave it out."),
    ("cams.rollout", {"explain": "predicted"}, "cams.rollout.explain: 'rollout' looks at the attention alone; leave"),
    ("cams.legrad", {"score": "probability"}, "cams.legrad.score: 'legrad' is defined on one score; leave it out."),
    ("backbones.net", {}, ONE_OF),
    ("backbones.net", {**NETWORK, "model": "x.keras"}, ONE_OF),
    ("backbones.net.architecture", "MobilNetV2", "backbones.net: architecture: unknown 'MobilNetV2'. Did you mean"),
    ("backbones.net.architecture", 3, "backbones.net.architecture: must be text or nothing, got 3."),
    ("backbones.net", {"model": "x.keras"}, "backbones.net: model 'x.keras' needs its `preprocessing`"),
    (
        "cams.finercam",
        {"evidence": {"method": "ablation"}},
        "cams.finercam.evidence: finercam needs 'gradient', got 'ablation'.",
    ),
    ("cams.rise", {"evidence": {"method": "occlusion"}}, "cams.rise.evidence: rise needs 'rise', got 'occlusion'."),
    ("cams.gradcam", {"evidence": {"method": "rise"}}, "cams.gradcam.evidence: gradcam needs 'gradient', got 'rise'."),
    ("cams.eigencam", {"evidence": {"method": "scorecam"}}, "cams.eigencam.evidence: eigencam needs 'gradient', got"),
    ("cams.gradcam", {"evidence": {"similar": 5}}, "cams.gradcam.evidence.similar: 'gradcam' has no rivals; leave it"),
    ("backbones.net.evidence", "rise", "backbones.net.evidence: 'rise' is for rise, and it has none of these."),
    (
        "backbones.net.evidence",
        {"method": "scorecam", "channels": 8},
        "backbones.net.evidence: 'scorecam' is for scorecam, scorecam_logits, and it has none of these.",
    ),
    (
        "backbones.net.evidence",
        {"method": "gradient", "similar": 5},
        "backbones.net.evidence.similar: none of its cams has rivals (gradcam).",
    ),
    ("cams.rise", {"score": "logit"}, "cams.rise.score: 'rise' is defined on one score; leave it out."),
    (
        "cams.scorecam",
        {"score": "probability"},
        "cams.scorecam.score: 'scorecam' is defined on one score; leave it out.",
    ),
    (
        "cams.finercam",
        {"score": "probability"},
        "cams.finercam.score: 'finercam' is defined on one score; leave it out.",
    ),
    ("cams.cam", {"score": "probability"}, "cams.cam.score: 'cam' is defined on one score; leave it out."),
    ("cams.fem", {"score": "logit"}, "cams.fem.score: 'fem' looks at the activations alone; leave it out."),
    (
        "cams.mean_activation",
        {"explain": "predicted"},
        "cams.mean_activation.explain: 'mean_activation' looks at the activations alone; leave it out.",
    ),
    (
        "cams.rise",
        {"evidence": {"fill": [1, 2]}},
        "backbones.net: evidence rise.fill: must hold 3 values, got 2.",
    ),
    (
        "cams.rise",
        {"evidence": {"fill": "men"}},
        "backbones.net: evidence rise.fill: unknown 'men'. Did you mean 'mean'?",
    ),
    ("cams.gradcam.backbones", ["ent"], "cams.gradcam.backbones: unknown 'ent'. Did you mean 'net'?"),
    ("cams.gradcam.backbones", [], "cams.gradcam.backbones: names none; leave out the cam instead."),
    ("cams.center.backbones", ["net"], "cams.center.backbones: 'center' is a control and ignores the model; leave it"),
    (
        "backbones.net",
        {"model": "x.keras", "preprocessing": {}},
        "backbones.net: model 'x.keras' (looked for below 'data') does not exist.",
    ),
    ("backbones.net.preprocessing", {"ordre": "rgb"}, "backbones.net: preprocessing: unknown 'ordre'. Did you mean"),
    ("backbones.net.weigths", "random", "backbones.net: backbone MobileNetV2: unknown 'weigths'. Did you mean"),
    ("backbones.net.alfa", 0.5, "backbones.net: backbone MobileNetV2: unknown 'alfa'. Did you mean 'alpha'?"),
    (
        "backbones.net.weights",
        3,
        "backbones.net.weights: must be imagenet | random or text or a mapping or nothing, got 3.",
    ),
    ("backbones.net.weights", "nowhere.h5", "backbones.net.weights: must be imagenet, random, {train: …} or a file"),
    ("backbones.net.weights", {"trian": {}}, "backbones.net.weights: must be imagenet, random, a file or {train: …}"),
    ("backbones.net.weights", {"train": {}}, "backbones.net.weights.train: 'dataset' is required (text or"),
    ("backbones.net.weights", {"train": {"dataset": "c"}}, "backbones.net.weights.train.dataset: unknown 'c'."),
    (
        "backbones.net.weights",
        {"train": {"dataset": "b"}},
        "backbones.net.weights.train.dataset: 'b' is what is scored (b); train on another.",
    ),
    (
        "backbones.net.weights",
        {"train": {"dataset": "a", "epochs": 0}},
        "backbones.net.weights.train.epochs: must lie in [1, 10000], got 0.",
    ),
    (
        "backbones.net.weights",
        {"train": {"dataset": "a", "epoch": 1}},
        "backbones.net.weights.train: unknown 'epoch'. Did you mean 'epochs'?",
    ),
    ("backbones.net.score", "logits", "backbones.net.score: unknown 'logits'. Did you mean 'logit'?"),
    ("backbones.net.explain", "all", "backbones.net.explain: unknown 'all'. Known: labelled, predicted."),
    ("backbones.net.resize", "croop", "backbones.net.resize: unknown 'croop'. Did you mean 'crop'?"),
    ("backbones.net.evidence", "gradients", "backbones.net.evidence: unknown 'gradients'. Did you mean 'gradient'?"),
    ("backbones.net.batch", 0, "backbones.net.batch: must lie in [1, 4096], got 0."),
    (
        "backbones.net.input",
        "big",
        "backbones.net.input: must be a whole number in [1, 4096] or a list or nothing, got 'big'.",
    ),
    ("backbones.net.input", [1, 2, 3], "backbones.net: input: must be a side, or height and width, got [1, 2, 3]."),
    ("backbones.net.layer", 3, "backbones.net.layer: must be text or a list, got 3."),
    ("backbones.net.seed", "x", "backbones.net.seed: must be a whole number, got 'x'."),
    ("backbones.net.seed", -1, "backbones.net.seed: must lie in [0, 4294967295], got -1."),
    ("backbones.net.seed", 2**32, "backbones.net.seed: must lie in [0, 4294967295], got 4294967296."),
    (
        "backbones.net.weights",
        {"train": {"dataset": "a", "seed": -1}},
        "backbones.net.weights.train.seed: must lie in [0, 4294967295], got -1.",
    ),
    *(
        ("backbones.net.weights", {"train": {"dataset": "a", **given}}, f"backbones.net.weights.train{line}")
        for given, line in (
            ({"seed": 0, "seeds": 3}, ": 'seed' is of one training, 'seeds' are of several; leave one out."),
            ({"seeds": [4, 0, 4]}, ".seeds: 4 is given twice; a training again is no other training."),
            ({"seeds": []}, ".seeds: is empty; name a seed for each training, or say how many."),
            ({"seeds": 0}, ".seeds: must lie in [1, 1000], got 0."),
            ({"seeds": -2}, ".seeds: must lie in [1, 1000], got -2."),
            ({"seeds": [0, -1]}, ".seeds[1]: must lie in [0, 4294967295], got -1."),
            ({"seeds": [0, 1.5]}, ".seeds[1]: must be a whole number, got 1.5."),
            ({"seeds": "three"}, ".seeds: must be a list or a whole number in [1, 1000] or nothing, got 'three'."),
            ({"seeds": True}, ".seeds: must be a list or a whole number in [1, 1000] or nothing, got True."),
        )
    ),
    (
        "backbones.net.weights",
        {"train": {"dataset": "a", "learning_rate": math.nan}},
        "backbones.net.weights.train.learning_rate: must be a finite number, got nan.",
    ),
    ("backbones.net.classes", 0, "backbones.net.classes: must lie in [1, 1000000], got 0."),
    ("backbones.net.classes", 1, "backbones.net.classes: 1 is one output of two classes, by a sigmoid; say activation"),
    ("backbones.net.classes", -3, "backbones.net.classes: must lie in [1, 1000000], got -3."),
    ("backbones.net.input", [0, 64], "backbones.net.input[0]: must lie in [1, 4096], got 0."),
    ("backbones.net.input", 16, "backbones.net: input: MobileNetV2 needs 32 pixels a side or more, got 16."),
    (
        "backbones.net",
        {"architecture": "Xception", "input": [128, 64]},
        "backbones.net: input: Xception needs 71 pixels a side or more, got 64.",
    ),
    (
        "backbones.net",
        {"architecture": "VGG16", "input": 96},
        "backbones.net: input: VGG16 has published weights for 224 pixels a side only.",
    ),
    ("backbones.net.alpha", "0.5", "backbones.net: alpha: must be a number, got '0.5'."),
    ("backbones.net.alpha", -1, "backbones.net: alpha: must lie in [0.05, 10], got -1.0."),
    ("backbones.net.alpha", math.inf, "backbones.net: alpha: must be a finite number, got inf."),
    (
        "backbones.net",
        {"architecture": "MobileNetV2", "alpha": 0.25},
        "backbones.net: alpha: MobileNetV2 has published weights for 0.35, 0.5, 0.75, 1.0, 1.3, 1.4, got 0.25.",
    ),
    (
        "backbones.net",
        {"architecture": "MobileNetV3Small", "alpha": 0.75, "minimalistic": True},
        "backbones.net: alpha: MobileNetV3Small has published weights for 1.0, got 0.75.",
    ),
    (
        "backbones.net",
        {"architecture": "MobileNet", "depth_multiplier": "x"},
        "backbones.net: depth_multiplier: must be a whole number, got 'x'.",
    ),
    (
        "backbones.net",
        {"architecture": "MobileNet", "depth_multiplier": 2},
        "backbones.net: depth_multiplier: MobileNet has published weights for 1, got 2.",
    ),
    (
        "backbones.net",
        {"architecture": "MobileNet", "dropout": 1},
        "backbones.net: dropout: must lie in [0, 0.99], got 1.0.",
    ),
    (
        "backbones.net",
        {"architecture": "Xception", "classes": 7},
        "backbones.net: classes: published weights are of 1000 classes, got 7.",
    ),
    ("backbones.net.layer", [], "backbones.net.layer: must be a layer's name or several, got []."),
    ("backbones.net.layer", "", "backbones.net.layer: must be a layer's name or several, got ''."),
    ("backbones.net.layer", ["a", "a"], "backbones.net.layer: 'a' is given twice."),
    ("backbones.net.weights", "", "backbones.net.weights: must name a file or folder, got ''."),
    ("backbones.net.weights", FOLDER, f"backbones.net.weights: '{FOLDER}' is a folder, a file is meant."),
    ("backbones.net.weights", __file__, f"backbones.net.weights: '{__file__}' is no .h5 or .hdf5 file."),
    (
        "backbones.net.weights",
        "~/nowhere.h5",
        "backbones.net.weights: must be imagenet, random, {train: …} or a file; no file '/",
    ),
]
