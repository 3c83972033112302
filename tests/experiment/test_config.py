"""A config that is wrong is one line, before anything is computed; a right one is runs with folders of their own."""

import pytest

from configs import FOLDER, GOOD, NETWORK, WRONG, changed
from configs_heads import WRONG_HEADS
from configs_imported import WRONG_IMPORTED
from configs_networks import WRONG_NETWORKS
from wsol.errors import ConfigError
from wsol.experiment.config import check
from wsol.experiment.questions import exported, maps_of, pictured, predicts, sources

EVERY = [*WRONG, *WRONG_IMPORTED, *WRONG_NETWORKS, *WRONG_HEADS]


@pytest.mark.parametrize("place, value, line", EVERY, ids=[f"{place}={value!r:.40}" for place, value, _ in EVERY])
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


@pytest.mark.parametrize("metric", ["mask_iou", "pixel_precision", "pixel_recall"])
def test_steps_too_fine_for_pixel_counts_are_refused(metric):
    config = changed(("evaluations.e.metrics", ["pxap", metric]), ("thresholds.sweep.step", 0.0005))
    with pytest.raises(ConfigError) as error:
        check(config)
    line = f"thresholds.sweep.step: {metric} counts pixels at steps of 0.001 or more, got 0.0005."
    assert str(error.value) == line
    assert check(changed(("evaluations.e.metrics", [metric]), ("thresholds.sweep.step", 0.001))).runs
    assert check(changed(("evaluations.e.metrics", ["pxap"]), ("thresholds.sweep.step", 0.0005))).runs


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


SCORECAM = {"method": "scorecam", "channels": 8, "fill": "mean"}


@pytest.mark.parametrize(
    ("usual", "cam", "asked", "expected"),
    [
        ({}, "gradcam", {}, {"method": "gradient", "similar": 0}),
        ({}, "finercam", {}, {"method": "gradient", "similar": 3}),
        ({"evidence": {"method": "gradient", "similar": 2}}, "finercam", {}, {"method": "gradient", "similar": 2}),
        ({}, "finercam", {"similar": 5}, {"method": "gradient", "similar": 5}),
        ({"evidence": "ablation"}, "ablationcam", {}, {"method": "ablation"}),
        ({}, "scorecam", {"channels": 8}, SCORECAM),
        ({"evidence": {"method": "scorecam", "channels": 8}}, "scorecam_logits", {}, SCORECAM),
    ],
)
def test_a_cam_has_the_evidence_of_its_method_with_the_backbones_settings(usual, cam, asked, expected):
    config = GOOD | {"backbones": {"net": NETWORK | usual}, "cams": {cam: {"evidence": asked} if asked else {}}}
    assert [run.backbone.settings["evidence"] for run in check(config).runs] == [expected]


def test_a_backbones_evidence_is_for_the_cams_that_need_it():
    network = NETWORK | {"evidence": {"method": "scorecam", "channels": 8}}
    found = check(
        GOOD | {"backbones": {"net": network}, "cams": {"gradcam": {}, "scorecam": {}, "scorecam_logits": {}}}
    )
    evidence = [run.backbone.settings["evidence"] for run in found.runs]
    assert evidence == [{"method": "gradient", "similar": 0}, SCORECAM, SCORECAM]
    assert found.runs[1].backbone.id == found.runs[2].backbone.id  # one pass serves both


@pytest.mark.parametrize("cam, score", [("gradcam", "probability"), ("cam", "logit"), ("finercam", "logit")])
def test_a_backbones_score_is_for_the_cams_that_are_defined_on_any(cam, score):
    config = GOOD | {"backbones": {"net": NETWORK | {"score": "probability"}}, "cams": {"layercam": {}, cam: {}}}
    assert [run.backbone.settings["score"] for run in check(config).runs] == ["probability", score]
    with pytest.raises(ConfigError, match=r"backbones.net.score: none of its cams asks for it \(cam, eigencam\)"):
        check(config | {"cams": {"eigencam": {}, "cam": {}}})


def test_a_cam_may_say_which_networks_it_explains():
    given = {"net": NETWORK, "other": NETWORK | {"alpha": 0.5}}
    config = GOOD | {"backbones": given, "cams": {"cam": {"backbones": ["other"]}, "gradcam": {}}}
    pairs = [(run.backbone.name, run.cam.name) for run in check(config).runs]
    assert pairs == [("other", "cam"), ("net", "gradcam"), ("other", "gradcam")]
    everywhere = check(config | {"cams": {"cam": {}, "gradcam": {}}})
    assert everywhere.runs[1].cam.id == check(config).runs[0].cam.id  # who else it explains is not what it is
    alone = {**config["evaluations"]["e"], "backbones": ["net"], "cams": ["cam"]}
    with pytest.raises(ConfigError, match=r"evaluations.e.cams: 'cam' explains none of this evaluation's networks"):
        check(config | {"evaluations": {"e": alone}})


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


def test_the_processors_instructions_are_of_networks_and_trainings_alone():
    trained = changed(
        ("datasets.c", {"adapter": "shapes", "split": "train"}),
        ("backbones.net", {"architecture": "MobileNetV2", "input": 64, "weights": {"train": {"dataset": "c"}}}),
    )
    portable, native = check(trained), check(trained | {"instructions": "native"})
    assert check(trained | {"instructions": "portable"}).decisions().keys() == portable.decisions().keys()
    moved = {decision.name for key, decision in native.decisions().items() if key not in portable.decisions()}
    assert moved == {"net"}
    assert not portable.trainings.keys() & native.trainings.keys()
    assert {training.settings["instructions"] for training in native.trainings.values()} == {"native"}
