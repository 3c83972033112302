"""A good config, and every single thing in it that can be wrong: the place, what stands there, the line it ends in."""

import copy
from pathlib import Path

FOLDER = str(Path(__file__).parent)  # any folder that is there
NETWORK = {"architecture": "MobileNetV2", "weights": "random"}
GOOD = {
    "datasets": {
        "a": {"adapter": "shapes", "split": "select", "count": 30},
        "b": {"adapter": "shapes", "split": "report", "count": 50},
    },
    "backbones": {"net": NETWORK},
    "cams": {"gradcam": {}, "center": {}},
    "thresholds": {"sweep": {}},
    "evaluations": {"e": {"report": "b", "select": "a", "metrics": ["maxboxacc@50"]}},
}


def changed(*changes: tuple[str, object]) -> dict:
    """GOOD with values set at dotted places."""
    config = copy.deepcopy(GOOD)
    for place, value in changes:
        *path, last = place.split(".")
        here = config
        for key in path:
            here = here[key]
        here[last] = value
    return config


# place, value, the line's beginning
WRONG = [
    # the experiment
    ("results", 3, "results: must be text, got 3."),
    ("shard_size", 0, "shard_size: must be at least 1, got 0."),
    ("shard_size", "many", "shard_size: unknown 'many'. Known: auto."),
    ("threads", 0, "threads: must be at least 1, got 0."),
    ("instructions", "avx2", "instructions: unknown 'avx2'. Known: native, portable."),
    ("activations", "maybe", "activations: unknown 'maybe'. Known: keep, temporary."),
    ("resamples", 10, "resamples: must be at least 100, got 10."),
    ("seed", -1, "seed: must be at least 0, got -1."),
    ("overlays", -1, "overlays: must be at least 0, got -1."),
    ("datset", {}, "config: unknown 'datset'. Did you mean 'datasets'?"),
    ("datasets", {}, "evaluations.e.report: unknown 'b'. Known: none."),
    ("datasets", [], "datasets: must be a mapping, got []."),
    ("backbones", 3, "backbones: must be a mapping, got 3."),
    ("cams", {}, "evaluations.e: nothing to score: the config names no cams."),
    ("thresholds", {}, "evaluations.e: nothing to score: the config names no thresholds."),
    ("evaluations", {}, "evaluations: is empty; name at least one."),
    ("results", "", "results: must name a file or folder, got ''."),
    ("results", None, "results: is empty; leave it out or give a value."),
    ("results", "/", "results: '/' is the root of the file system; name a folder below it."),
    ("results", __file__, f"results: '{__file__}' is a file, a folder is meant."),
    ("results", f"{__file__}/x", f"results: '{__file__}' is a file, a folder is meant."),
    ("results", "a{b}", "results: 'a{b}' has '{' in a place where a path of the workflow cannot have it."),
    ("results", "a*", "results: 'a*' has '*' in a place"),
    ("results", "a\nb", "results: 'a\\nb' has '\\n' in a place"),
    ("results", " a", "results: ' a' has ' ' in a place"),
    ("results", "a\n", "results: 'a\\n' has '\\n' in a place"),
    ("results", "x" * 300, "results: a folder's name has 255 bytes at most, 'xxxxxxxxxxxxxxxx…' has more."),
    ("results", "$NOWHERE_AT_ALL/x", "results: the environment has no variable 'NOWHERE_AT_ALL'."),
    ("results", "~nobody_of_that_name/x", "results: '~nobody_of_that_name/x': no such user has a home here."),
    ("shard_size", 10**10, "shard_size: must be at most 1000000000, got 10000000000."),
    ("shard_size", 2000.0, "shard_size: must be a whole number or text, got 2000.0."),
    ("threads", 5000, "threads: must be at most 4096, got 5000."),
    ("threads", True, "threads: must be a whole number, got True."),
    ("resamples", 10**9, "resamples: must be at most 100000, got 1000000000."),
    ("seed", 2**32, "seed: must be at most 4294967295, got 4294967296."),
    ("cams", None, "cams: is empty; leave it out or name some."),
    ("thresholds", None, "thresholds: is empty; leave it out or name some."),
    ("backbones", None, "backbones: is empty; leave it out or name some."),
    ("datasets", None, "datasets: is empty; name at least one."),
    ("evaluations", None, "evaluations: is empty; name at least one."),
    ("datasets.a", None, "datasets.a: is empty; give its settings, or leave it out."),
    ("backbones.net", None, "backbones.net: is empty; give its settings, or leave it out."),
    ("evaluations.e", None, "evaluations.e: is empty; give its settings, or leave it out."),
    ("cams.gradcam", None, "cams.gradcam: is empty; write {} for its defaults, or leave it out."),
    ("thresholds.sweep", None, "thresholds.sweep: is empty; write {} for its defaults, or leave it out."),
    # names
    ("datasets", {1: {"adapter": "shapes"}}, "datasets: the key 1 is no text; write it in quotes."),
    ("cams", {True: {}}, "cams: the key True is no text; write it in quotes."),
    ("backbones.net", {**NETWORK, 1: 2}, "backbones.net: the key 1 is no text; write it in quotes."),
    ("cams", {"x\n": {"method": "gradcam"}}, "cams: 'x\\n' is no name: letters, digits"),
    ("cams", {"x" * 65: {"method": "gradcam"}}, "cams: a name has 64 characters at most, 'xxxxxxxxxxxxxxxx…' has 65."),
    (
        "cams.GradCAM",
        {"method": "gradcam"},
        "cams: 'gradcam' and 'GradCAM' differ in case only, which some file systems ignore.",
    ),
    ("backbones", {"none": NETWORK}, "backbones: 'none' stands for no backbone in every table; choose another name."),
    ("backbones", {"None": NETWORK}, "backbones: 'none' stands for no backbone in every table"),
    # data sets
    (
        "datasets.x y",
        {"adapter": "shapes"},
        "datasets: 'x y' is no name: letters, digits, '_', '.', '+' and '-', the first a letter or a digit.",
    ),
    ("datasets.a", 3, "datasets.a: must be a mapping, got 3."),
    ("datasets.a", {}, "datasets.a: 'adapter' is required (coco | cub | imagefolder"),
    ("datasets.a.adapter", "shape", "datasets.a.adapter: unknown 'shape'. Did you mean 'shapes'?"),
    ("datasets.a.spilt", "select", "datasets.a: unknown 'spilt'. Did you mean 'split'?"),
    ("datasets.a.split", "other", "datasets.a.split: unknown 'other'. Known: report, select, train."),
    ("datasets.a.count", "many", "datasets.a.count: must be a whole number, got 'many'."),
    ("datasets.a", {"adapter": "wsol"}, "datasets.a: 'annotations' is required (text)."),
    (
        "datasets.a",
        {"adapter": "wsol", "annotations": "nowhere"},
        "datasets.a.annotations: no such file or folder: 'nowhere' (looked for below 'data').",
    ),
    ("datasets.a.images", "nowhere", "datasets.a.images: no such file or folder: 'nowhere' (looked for below 'data')."),
    (
        "datasets.a.class_map",
        "nowhere.json",
        "datasets.a.class_map: no such file or folder: 'nowhere.json' (looked for below 'data').",
    ),
    ("datasets.a.part", 3, "datasets.a.part: must be a mapping or nothing, got 3."),
    ("datasets.a.part", {"of": 2, "take": 2}, "datasets.a.part: must be {of: n, take: 0 … n - 1}, got"),
    ("datasets.a.part", {"off": 2, "take": 0}, "datasets.a.part: must be {of: n, take: 0 … n - 1}, got"),
    ("datasets.a.strict", ["clip"], "datasets.a.strict: unknown 'clip'. Did you mean 'clipped'?"),
    ("datasets.a.rescale", "yes", "datasets.a.rescale: must be true or false, got 'yes'."),
    ("datasets.a.pixel_limit", 0, "datasets.a.pixel_limit: must lie in [1, 2147483648], got 0."),
    ("datasets.a.seed", -1, "datasets.a.seed: must lie in [0, 4294967295], got -1."),
    ("datasets.a.images", "", "datasets.a.images: must name a file or folder, got ''."),
    ("datasets.a.images", "x" * 300, "datasets.a.images: no such file or folder: 'xxx"),
    ("datasets.a.images", "${NOWHERE_AT_ALL}", "datasets.a.images: the environment has no variable 'NOWHERE_AT_ALL'."),
    ("datasets.a.images", __file__, f"datasets.a.images: '{__file__}' is a file, a folder is meant."),
    ("datasets.a.class_map", FOLDER, f"datasets.a.class_map: '{FOLDER}' is a folder, a file is meant."),
    ("datasets.a.output_names", FOLDER, f"datasets.a.output_names: '{FOLDER}' is a folder, a file is meant."),
    # what has no effect
    (
        "backbones.net.preprocessing",
        {"order": "rgb"},
        "backbones.net.preprocessing: MobileNetV2 has its own; leave out 'preprocessing', or give a 'model'.",
    ),
    ("backbones.net.output", "head", "backbones.net.output: MobileNetV2 has one output; leave out 'output'."),
    ("backbones.net.activation", "softmax", "backbones.net.activation: MobileNetV2 ends in a softmax; leave out"),
    ("backbones.net.activation", "none", "backbones.net.activation: MobileNetV2 ends in a softmax; leave out"),
    ("backbones.net.safe", False, "backbones.net.safe: MobileNetV2 brings no code of others; leave out 'safe'."),
    (
        "backbones.net",
        {"architecture": "MobileNetV2", "seed": 1},
        "backbones.net.seed: nothing is drawn where weights are 'imagenet'; leave out 'seed'.",
    ),
    (
        "backbones.net",
        {"architecture": "MobileNetV2", "classes": 7, "weights": {"train": {"dataset": "a"}}},
        "backbones.net.classes: training takes their number from the labels; leave out 'classes'.",
    ),
    ("cams.center.layer", "x", "cams.center.layer: 'center' is a control and ignores the model; leave it out."),
    ("cams.center.fusion", {}, "cams.center.fusion: 'center' is a control and ignores the model; leave it out."),
    (
        "cams.gradcam.fusion",
        {"how": "max"},
        "cams.gradcam.fusion: joins the maps of several layers, and one layer is explained.",
    ),
    ("cams.gradcam.score", "logits", "cams.gradcam.score: unknown 'logits'. Did you mean 'logit'?"),
    ("cams.gradcam.layer", ["a", "a"], "cams.gradcam.layer: 'a' is given twice."),
    ("cams.random", {"seed": -1}, "cams.random.seed: must lie in [0, 4294967295], got -1."),
    ("cams.rise", {"evidence": {"seed": -1}}, "backbones.net: evidence rise.seed: must lie in [0, 4294967295], got"),
    # cams
    ("cams.gradcamm", {}, "cams: unknown 'gradcamm'. Did you mean 'gradcam'?"),
    ("cams.gradcam", 3, "cams.gradcam: must be a mapping, got 3."),
    ("cams.x", {"method": "gradcamm"}, "cams.x: unknown 'gradcamm'. Did you mean 'gradcam'?"),
    ("cams.gradcam.reluu", True, "cams.gradcam: unknown 'reluu'. Did you mean 'relu'?"),
    ("cams.gradcam.relu", "yes", "cams.gradcam.relu: must be true or false, got 'yes'."),
    ("cams.gradcam.fusion", {"hwo": 1}, "cams.gradcam.fusion: unknown 'hwo'."),
    ("cams.gradcam.evidence", 3, "cams.gradcam.evidence: must be a mapping, got 3."),
    ("cams.center.sigma", "big", "cams.center.sigma: must be a number, got 'big'."),
    ("cams.center.sigma", 100, "cams.center.sigma: must lie in [0.01, 10], got 100.0."),
    ("backbones", {}, "cams.gradcam: 'gradcam' explains a model, and the config names no backbones."),
    # thresholds
    ("thresholds.otsuu", {}, "thresholds: unknown 'otsuu'. Did you mean 'otsu'?"),
    ("thresholds.x", {"method": "fixd"}, "thresholds.x: unknown 'fixd'. Did you mean 'fixed'?"),
    ("thresholds.x", {"method": "fixed"}, "thresholds.x: 'level' is required (a number in [0, 1])."),
    ("thresholds.x", {"method": "fixed", "level": 2}, "thresholds.x.level: must lie in [0, 1], got 2.0."),
    ("thresholds.x", {"method": "fixed", "levle": 0.5}, "thresholds.x: unknown 'levle'. Did you mean 'level'?"),
    ("thresholds.sweep.step", 0, "thresholds.sweep.step: must lie in [1e-05, 1], got 0.0."),
    # evaluations
    ("evaluations.e", {"metrics": ["pxap"]}, "evaluations.e: 'report' is a required property."),
    ("evaluations.e", {"report": "b"}, "evaluations.e: 'metrics' is a required property."),
    ("evaluations.e.report", "c", "evaluations.e.report: unknown 'c'. Known: a, b."),
    ("evaluations.e.report", 3, "evaluations.e.report: must be text, got 3."),
    ("evaluations.e.select", "c", "evaluations.e.select: unknown 'c'. Known: a, b."),
    ("evaluations.e.select", "b", "evaluations.e: select and report are the same images (b, b)."),
    ("evaluations.e.selct", "a", "evaluations.e: unknown 'selct'. Did you mean 'select'?"),
    ("evaluations.e.protocol", "wsol2021", "evaluations.e.protocol: unknown 'wsol2021'. Did you mean 'wsol2020'?"),
    ("evaluations.e.upsampling", "cubi", "evaluations.e.upsampling: unknown 'cubi'. Did you mean 'cubic'?"),
    ("evaluations.e.normalization", "softmax", "evaluations.e.normalization: unknown 'softmax'. Did you mean 'max'?"),
    ("evaluations.e.canvas", "layer", "evaluations.e.canvas: unknown 'layer'. Known: image, input."),
    (
        "evaluations.e.alignment",
        "centre",
        "evaluations.e.alignment: unknown 'centre'. Known: receptive_field, stretch.",
    ),
    ("evaluations.e.masks", "yes", "evaluations.e.masks: must be true or false, got 'yes'."),
    ("evaluations.e.masks", True, "thresholds.sweep: masks need one level a map, a sweep has many; name the others."),
    ("evaluations.e.metrics", [], "evaluations.e.metrics: is empty; name at least one."),
    ("evaluations.e.metrics", "pxap", "evaluations.e.metrics: must be a list, got 'pxap'."),
    ("evaluations.e.metrics", ["pxapp"], "evaluations.e.metrics: unknown 'pxapp'. Did you mean 'pxap'?"),
    ("evaluations.e.exports", "coco", "evaluations.e.exports: must be a list, got 'coco'."),
    ("evaluations.e.exports", ["cocoo"], "evaluations.e.exports: unknown 'cocoo'. Did you mean 'coco'?"),
    ("evaluations.e.exports", ["csv", "csv"], "evaluations.e.exports: 'csv' is given twice."),
    ("evaluations.e.metrics", ["pxap", "miou", "pxap"], "evaluations.e.metrics: 'pxap' is given twice."),
    ("evaluations.e.cams", ["center", "center"], "evaluations.e.cams: 'center' is given twice."),
    ("evaluations.e.thresholds", ["sweep", "sweep"], "evaluations.e.thresholds: 'sweep' is given twice."),
    ("evaluations.e.backbones", ["net", "net"], "evaluations.e.backbones: 'net' is given twice."),
    ("evaluations.e.backbones", [], "evaluations.e.backbones: is empty; leave it out or name some."),
    ("evaluations.e.cams", None, "evaluations.e.cams: is empty; leave it out or name some."),
    ("evaluations.e.metrics", None, "evaluations.e.metrics: is empty; name at least one."),
    ("evaluations.e.select", "", "evaluations.e.select: unknown ''. Known: a, b."),
    (
        "evaluations.e",
        {"report": "b", "metrics": ["pxap"], "protocol": "wsol2020", "canvas": "image"},
        "evaluations.e.canvas: protocol wsol2020 has its own, 224 pixels; leave out 'canvas'.",
    ),
    ("evaluations.e.backbones", ["x"], "evaluations.e.backbones: unknown 'x'. Known: net."),
    ("evaluations.e.cams", ["x"], "evaluations.e.cams: unknown 'x'. Known: center, gradcam."),
    ("evaluations.e.thresholds", ["x"], "evaluations.e.thresholds: unknown 'x'. Known: sweep."),
    ("evaluations.e f", {"report": "b", "metrics": ["pxap"]}, "evaluations: 'e f' is no name:"),
]
