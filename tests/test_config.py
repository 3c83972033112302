"""A config that is wrong is one line, before anything is computed; a right one is runs with folders of their own."""

import copy
import math
from pathlib import Path

import pytest

from wsol.config import check
from wsol.errors import ConfigError
from wsol.experiment import exported, maps_of, pictured, predicts, sources

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
    ("shard_size", "many", "shard_size: must be a whole number, got 'many'."),
    ("threads", 0, "threads: must be at least 1, got 0."),
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
    ("shard_size", 2000.0, "shard_size: must be a whole number, got 2000.0."),
    ("threads", 5000, "threads: must be at most 4096, got 5000."),
    ("threads", True, "threads: must be a whole number, got True."),
    ("resamples", 10**9, "resamples: must be at most 10000000, got 1000000000."),
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
    ("datasets.a", {}, "datasets.a: 'adapter' is required (wsol | imagenet | voc"),
    ("datasets.a.adapter", "shape", "datasets.a.adapter: unknown 'shape'. Did you mean 'shapes'?"),
    ("datasets.a.spilt", "select", "datasets.a: unknown 'spilt'. Did you mean 'split'?"),
    ("datasets.a.split", "other", "datasets.a.split: unknown 'other'. Known: report, select, train."),
    ("datasets.a.count", "many", "datasets.a.count: must be a whole number, got 'many'."),
    ("datasets.a", {"adapter": "wsol"}, "datasets.a: 'annotations' is required (text)."),
    (
        "datasets.a",
        {"adapter": "wsol", "annotations": "nowhere"},
        "datasets.a.annotations: no such file or folder: 'nowhere'.",
    ),
    ("datasets.a.images", "nowhere", "datasets.a.images: no such file or folder: 'nowhere'."),
    ("datasets.a.class_map", "nowhere.json", "datasets.a.class_map: no such file or folder: 'nowhere.json'."),
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
    # networks
    ("backbones.net", {}, "backbones.net: needs either `architecture` or `model`."),
    ("backbones.net", {**NETWORK, "model": "x.keras"}, "backbones.net: needs either `architecture` or `model`."),
    ("backbones.net.architecture", "MobilNetV2", "backbones.net: architecture: unknown 'MobilNetV2'. Did you mean"),
    ("backbones.net.architecture", 3, "backbones.net.architecture: must be text or nothing, got 3."),
    ("backbones.net", {"model": "x.keras"}, "backbones.net: model 'x.keras' needs its `preprocessing`"),
    (
        "cams.finercam",
        {"evidence": {"method": "ablation"}},
        "cams.finercam.evidence: finercam needs 'gradient', got 'ablation'.",
    ),
    ("cams.rise", {"evidence": {"method": "occlusion"}}, "cams.rise.evidence: rise needs 'rise', got 'occlusion'."),
    ("backbones.net", {"model": "x.keras", "preprocessing": {}}, "backbones.net: model 'x.keras' does not exist."),
    ("backbones.net.preprocessing", {"ordre": "rgb"}, "backbones.net: preprocessing: unknown 'ordre'. Did you mean"),
    ("backbones.net.weigths", "random", "backbones.net: backbone MobileNetV2: unknown 'weigths'. Did you mean"),
    ("backbones.net.alfa", 0.5, "backbones.net: backbone MobileNetV2: unknown 'alfa'. Did you mean 'alpha'?"),
    ("backbones.net.weights", 3, "backbones.net.weights: must be text or a mapping or nothing, got 3."),
    ("backbones.net.weights", "nowhere.h5", "backbones.net.weights: must be imagenet, random, {train: …} or a file"),
    ("backbones.net.weights", {"trian": {}}, "backbones.net.weights: must be imagenet, random, a file or {train: …}"),
    ("backbones.net.weights", {"train": {}}, "backbones.net.weights.train: 'dataset' is required (text)."),
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
    ("backbones.net.evidence", "gradients", "backbones.net: evidence: unknown 'gradients'. Did you mean 'gradient'?"),
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
    (
        "backbones.net.weights",
        {"train": {"dataset": "a", "learning_rate": math.nan}},
        "backbones.net.weights.train.learning_rate: must be a finite number, got nan.",
    ),
    ("backbones.net.classes", 0, "backbones.net.classes: must lie in [2, 1000000], got 0."),
    ("backbones.net.classes", 1, "backbones.net.classes: must lie in [2, 1000000], got 1."),
    ("backbones.net.classes", -3, "backbones.net.classes: must lie in [2, 1000000], got -3."),
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
    # what has no effect
    (
        "backbones.net.preprocessing",
        {"order": "rgb"},
        "backbones.net.preprocessing: MobileNetV2 has its own; leave out 'preprocessing', or give a 'model'.",
    ),
    ("backbones.net.output", "head", "backbones.net.output: MobileNetV2 has one output; leave out 'output'."),
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
    # maps from elsewhere
    ("backbones.net", {"imported": "nowhere"}, "backbones.net.imported: no such file or folder: 'nowhere'."),
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
        "backbones.net.imported: no such file or folder: 'nowhere'.",
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


@pytest.mark.parametrize("place, value, line", WRONG, ids=[f"{place}={value!r:.40}" for place, value, _ in WRONG])
def test_a_wrong_config_is_one_line(place, value, line):
    with pytest.raises(ConfigError) as error:
        check(changed((place, value)))
    assert str(error.value).startswith(line)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "evaluation, line",
    [
        ({"protocol": "wsol2020"}, "evaluations.e.alignment: protocol wsol2020 stretches maps"),
        ({"exports": ["npy"]}, "evaluations.e.exports: npy has no place for an alignment; each map covers its image."),
    ],
)
def test_an_alignment_goes_with_what_can_have_one(evaluation, line):
    config = changed(("evaluations.e.alignment", "receptive_field"))
    assert check(config).runs
    config["evaluations"]["e"] |= evaluation
    with pytest.raises(ConfigError) as error:
        check(config)
    assert str(error.value).startswith(line)


@pytest.mark.parametrize("config", [None, [], "experiment.yaml", 3])
def test_what_is_no_mapping_is_no_config(config):
    with pytest.raises(ConfigError, match=r"^config: must be a mapping, got "):
        check(config)


def test_a_network_is_trained_on_images(tmp_path):
    for name in ("image_ids", "class_labels", "image_sizes", "localization"):
        (tmp_path / f"{name}.txt").write_text("")
    blind = changed(
        ("datasets.c", {"adapter": "wsol", "annotations": str(tmp_path)}),
        ("backbones.net.weights", {"train": {"dataset": "c"}}),
    )
    with pytest.raises(ConfigError, match=r"^datasets.c: 'images' is needed where backbones are trained\.$"):
        check(blind)


@pytest.mark.parametrize("key", ["datasets", "evaluations"])
def test_what_is_required_is_named(key):
    with pytest.raises(ConfigError, match=f"'{key}' is a required property"):
        check({k: v for k, v in GOOD.items() if k != key})


@pytest.mark.parametrize("name", ["../a", ".a", "a/b", "a@b", "", "a\nb", "-a", "a\n"])
def test_names_that_are_no_folder_names_are_refused(name):
    with pytest.raises(ConfigError, match="is no name: letters, digits"):
        check(GOOD | {"datasets": GOOD["datasets"] | {name: {"adapter": "shapes"}}})


def test_a_network_needs_images_and_a_control_does_not(tmp_path):
    for name in ("image_ids", "class_labels", "image_sizes", "localization"):
        (tmp_path / f"{name}.txt").write_text("")
    blind = changed(("datasets.b", {"adapter": "wsol", "annotations": str(tmp_path)}))
    with pytest.raises(ConfigError, match=r"datasets.b: 'images' is needed where backbones run"):
        check(blind)
    controls = check(blind | {"cams": {"center": {}}})
    assert [run.cam.name for run in controls.runs] == ["center"]
    maps = check(blind | {"backbones": {"other": {"imported": FOLDER}}, "cams": {}})
    assert [run.cam.name for run in maps.runs] == ["imported"] and not pictured(maps)


@pytest.mark.parametrize(
    ("usual", "cam", "asked", "expected"),
    [
        ({}, "gradcam", {}, {"method": "gradient", "similar": 3}),
        ({"evidence": {"method": "gradient", "similar": 2}}, "finercam", {}, {"method": "gradient", "similar": 2}),
        ({"evidence": "ablation"}, "finercam", {"similar": 5}, {"method": "gradient", "similar": 5}),
        ({"evidence": "ablation"}, "gradcam", {}, {"method": "ablation"}),
        ({}, "scorecam", {"channels": 8}, {"method": "scorecam", "channels": 8}),
        ({"evidence": {"method": "scorecam", "channels": 8}}, "scorecam", {}, {"method": "scorecam", "channels": 8}),
    ],
)
def test_a_cam_has_the_evidence_of_its_method_with_the_backbones_settings(usual, cam, asked, expected):
    config = GOOD | {"backbones": {"net": NETWORK | usual}, "cams": {cam: {"evidence": asked} if asked else {}}}
    assert [run.backbone.settings["evidence"] for run in check(config).runs] == [expected]


def test_every_network_has_every_cam_and_maps_from_elsewhere_one():
    config = changed(("backbones.other", {"imported": FOLDER}), ("evaluations.e.exports", ["coco", "npy"]))
    found = check(config)
    pairs = [(run.backbone.name if run.backbone else None, run.cam.name) for run in found.runs]
    assert pairs == [("net", "gradcam"), (None, "center"), ("other", "imported")]
    assert [predicts(run.backbone.settings if run.backbone else None) for run in found.runs] == [True, False, False]
    assert [form for _, form in exported(found)] == ["coco", "npy"] * 3
    assert maps_of(found.runs[2].backbone.settings, found.runs[2].report.id) == FOLDER


@pytest.mark.parametrize(
    "evaluation, pairs",
    [
        ({"backbones": ["other"]}, [(None, "center"), ("other", "imported")]),
        ({"cams": ["imported"]}, [("other", "imported")]),
        ({"cams": ["gradcam"]}, [("net", "gradcam")]),
        ({"backbones": ["net"]}, [("net", "gradcam"), (None, "center")]),
    ],
)
def test_an_evaluation_chooses_among_networks_and_maps(evaluation, pairs):
    config = changed(("backbones.other", {"imported": FOLDER}))
    config["evaluations"]["e"] |= evaluation
    assert [(r.backbone.name if r.backbone else None, r.cam.name) for r in check(config).runs] == pairs


def test_a_cam_of_a_network_is_refused_where_only_maps_from_elsewhere_are_named():
    config = changed(("backbones.other", {"imported": FOLDER}))
    config["evaluations"]["e"] |= {"backbones": ["other"], "cams": ["gradcam"]}
    with pytest.raises(ConfigError, match="'gradcam' explains a model"):
        check(config)


def test_defaults_spelt_out_are_the_same_folder_and_exports_move_none():
    plain = check(GOOD).runs[0]
    for place, value in (("cams.gradcam.method", "gradcam"), ("thresholds.sweep.step", None), ("overlays", 3)):
        assert check(changed((place, value))).runs[0] == plain
    assert check(changed(("evaluations.e.exports", ["coco"]))).runs[0] == plain
    published = {"architecture": "MobileNetV2", "alpha": 1}
    first = check(GOOD | {"backbones": {"net": published}}).runs[0]
    assert first.backbone.settings["weights"] == "imagenet"
    assert check(GOOD | {"backbones": {"net": published | {"weights": "imagenet", "alpha": 1.0}}}).runs[0] == first
    moved = check(changed(("seed", 1))).runs[0]
    assert moved.evaluation.id != plain.evaluation.id and moved.backbone.id == plain.backbone.id


def test_the_sources_of_imported_maps_are_their_own_stage_s():
    found = check(changed(("backbones.other", {"imported": FOLDER})))
    assert [sources(run.backbone.settings) for run in found.runs if run.backbone] == [[], []]
