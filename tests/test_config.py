"""A config that is wrong is one line, before anything is computed; a right one is runs with folders of their own."""

import copy
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
    ("backbones.net.weights", 3, "backbones.net.weights: must be text or a mapping, got 3."),
    ("backbones.net.weights", "nowhere.h5", "backbones.net.weights: must be imagenet, random, {train: …} or a file"),
    ("backbones.net.weights", {"trian": {}}, "backbones.net.weights: must be imagenet, random, a file or {train: …}"),
    ("backbones.net.weights", {"train": {}}, "backbones.net.weights.train: 'dataset' is required (text)."),
    ("backbones.net.weights", {"train": {"dataset": "c"}}, "backbones.net.weights.train.dataset: unknown 'c'."),
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
    moved = check(changed(("seed", 1))).runs[0]
    assert moved.evaluation.id != plain.evaluation.id and moved.backbone.id == plain.backbone.id


def test_the_sources_of_imported_maps_are_their_own_stage_s():
    found = check(changed(("backbones.other", {"imported": FOLDER})))
    assert [sources(run.backbone.settings) for run in found.runs if run.backbone] == [[], []]
