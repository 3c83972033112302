"""`scales` and `flip` of a cam: what they decide, what they leave where it is, and what is refused."""

import copy

import pytest
from test_readings import CONFIG, experiment

from wsol.errors import ConfigError
from wsol.experiment import planning
from wsol.experiment.config import check
from wsol.experiment.kept import kept
from wsol.experiment.readings import readings


def backbones(found) -> dict:
    """The backbone of each cam's runs, by the cam's name."""
    return {run.cam.name: run.backbone for run in found.runs}


def test_with_nothing_to_do_it_is_the_plain_cam():
    plain = experiment()
    for nothing in ({"scales": [1]}, {"flip": False}, {"scales": [1.0], "flip": False}):
        same = experiment(gradcam=nothing)
        assert [run.backbone.id for run in same.runs] == [run.backbone.id for run in plain.runs]
        assert [run.cam.id for run in same.runs] == [run.cam.id for run in plain.runs]
    assert not any({"scales", "flip"} & set(each.settings) for each in backbones(plain).values())


def test_others_stay_where_they_are_and_each_has_a_folder_of_its_own():
    plain, more = (
        backbones(experiment(**given))
        for given in (
            {},
            {
                "flipped": {"method": "gradcam", "flip": True},
                "wide": {"method": "gradcam", "scales": [2, 0.5, 1]},
                "wide2": {"method": "gradcam", "scales": [0.5, 1, 2]},
                "both": {"method": "gradcam", "scales": [0.5, 1, 2], "flip": True},
            },
        )
    )
    assert {name: more[name].id for name in plain} == {name: each.id for name, each in plain.items()}
    assert more["wide"].id == more["wide2"].id
    assert more["flipped"].settings["scales"] == [1.0] and more["wide"].settings["scales"] == [0.5, 1.0, 2.0]
    assert len({each.id for each in more.values()}) == len(plain) + 3


def test_they_have_a_reading_together_apart_from_the_others(tmp_path):
    found = readings(
        experiment(flipped={"method": "gradcam", "flip": True}, wide={"method": "cam", "scales": [0.5, 1]}), tmp_path
    )
    asked = [
        sorted(("scales" in each) for each in reading.settings["explanations"].values())
        for reading in {reading.id: reading for reading in found.values()}.values()
    ]
    assert sorted(asked) == [[False] * 3, [True] * 2]
    networks = {repr(reading.settings["network"]) for reading in found.values()}
    assert len(networks) == 1 and "scales" not in networks.pop()


def test_layers_that_another_reading_kept_are_not_enough(tmp_path):
    asked = {"evidence": {"method": "gradient"}, "scales": [1.0], "flip": True}
    reading = {"network": {}, "explanations": {"net@0": asked}}
    assert kept(tmp_path / "net@1/0-1.predictions.npz", reading, ["late"], []) is None


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("center", {"scales": [0.5]}, "cams.center.scales: 'center' is a control and ignores the model; leave it out."),
        ("center", {"flip": True}, "cams.center.flip: 'center' is a control and ignores the model; leave it out."),
        ("gradcam", {"scales": []}, "cams.gradcam.scales: is empty; name some, or leave it out."),
        ("gradcam", {"scales": [0.5, 0.5]}, "cams.gradcam.scales: 0.5 is given twice."),
        ("gradcam", {"scales": [0]}, r"cams.gradcam.scales\[0\]: must lie in \[0.1, 8\], got 0.0."),
        ("gradcam", {"scales": 2}, "cams.gradcam.scales: must be a list, got 2."),
        ("gradcam", {"flip": "yes"}, "cams.gradcam.flip: must be true or false, got 'yes'."),
    ],
)
def test_what_can_be_none_is_refused_in_one_line(name, given, said):
    with pytest.raises(ConfigError, match=f"^{said}"):
        experiment(**{name: given})


def test_it_is_no_setting_of_a_network():
    config = copy.deepcopy(CONFIG)
    config["backbones"]["net"]["flip"] = True
    with pytest.raises(ConfigError, match="unknown 'flip'"):
        check(config)


def test_the_plan_builds_the_network_at_each_size():
    """A MobileNet is of 32 pixels or more; what is of no size at all is said before any image is shown."""
    config = copy.deepcopy(CONFIG)
    config["backbones"]["net"]["input"] = 64
    config["cams"] = {"gradcam": {"scales": [0.5, 1]}, "small": {"method": "gradcam", "scales": [0.25, 1]}}
    found = backbones(check(config))
    with pytest.raises(ConfigError, match=r"^backbones.net: scales: 0.25 is an input of 16x16 pixels: .*16\.$"):
        planning._built("net", found["small"].settings, 0)
    with pytest.raises(ConfigError, match=r"^backbones.net: scales: 0.5 is .* 32x32 pixels: of conv_pw_13_relu no map"):
        planning._built("net", found["gradcam"].settings, 0)
    config["backbones"]["net"]["input"] = 128
    assert planning._built("net", backbones(check(config))["gradcam"].settings, 0)["input"] == [128, 128]
