"""One card or none for a job, and what a device cannot do in one line; with cards that are made up."""

import subprocess
import sys
import tomllib
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from conftest import ROOT
from models import SIDE, keras, layers, seeded
from savedmodels import explained
from wsol import processor
from wsol.errors import ConfigError
from wsol.networks import backbones, device


class Cards:
    """TensorFlow's configuration of a machine with so many cards, and what was done to it."""

    def __init__(self, count: int):
        self.cards = [SimpleNamespace(name=f"/physical_device:GPU:{place}") for place in range(count)]
        self.visible = list(self.cards)
        self.grown: list[str] = []
        self.experimental = self

    def list_physical_devices(self, kind):
        assert kind == "GPU"
        return list(self.cards)

    def set_visible_devices(self, cards, kind):
        assert kind == "GPU"
        self.visible = list(cards)

    def set_memory_growth(self, card, growth):
        assert growth is True
        self.grown.append(card.name)

    def get_device_details(self, card):
        return {"device_name": "Card 9000"}


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine with cards, and nothing of this process or this machine decided on it."""
    import tensorflow as tf

    for name in (device.VISIBLE, device.FIRST_COME):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(device.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(device, "_chosen", [])
    monkeypatch.setattr(device, "_held", [])

    def of(count):
        cards = Cards(count)
        monkeypatch.setattr(tf, "config", cards)
        return cards

    return of


def test_a_job_without_a_card_sees_none(machine):
    cards = machine(2)
    assert device.settle(0) == processor.described()
    assert cards.visible == [] and cards.grown == []


def test_a_job_with_a_card_sees_one_and_its_memory_grows(machine):
    cards = machine(1)
    assert device.settle(1) == f"device: Card 9000, card 0 of 1; {processor.described()}"
    assert cards.visible == cards.cards and cards.grown == ["/physical_device:GPU:0"]
    device.hide()  # as building a network does
    assert cards.visible == cards.cards


def test_a_network_that_nobody_chose_a_device_for_sees_no_card(machine, monkeypatch):
    cards = machine(1)
    monkeypatch.setattr(backbones, "_of_architecture", lambda *given: cards.visible)
    assert backbones.build({"architecture": "MobileNet", "weights": "random"}) == []


def test_a_program_that_has_begun_keeps_its_cards(machine, monkeypatch):
    cards = machine(1)

    def begun(*given):
        raise RuntimeError("Visible devices cannot be modified after being initialized")

    monkeypatch.setattr(cards, "set_visible_devices", begun)
    device.hide()
    assert cards.visible == cards.cards


def test_no_card_where_one_is_asked_for_is_one_line(machine, monkeypatch):
    machine(0)
    with pytest.raises(ConfigError, match=r"^gpus: TensorFlow sees no card here; say `gpus: 0`, or install"):
        device.settle(1)
    monkeypatch.setenv(device.VISIBLE, "-1")
    with pytest.raises(ConfigError, match=r"sees no card here \(CUDA_VISIBLE_DEVICES is '-1'\)"):
        device.settle(1)


HOLDING = """
import sys
from wsol.networks import device
device.tempfile.gettempdir = lambda: sys.argv[1]
print(device._free(sys.argv[2:]), flush=True)
sys.stdin.readline()
"""


def other(folder, *names):
    """Another process that holds a card until it is told to end."""
    command = [sys.executable, "-c", HOLDING, str(folder), *names]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(ROOT / "workflow")}
    )
    return process, int(process.stdout.readline())


def test_two_jobs_of_one_machine_have_a_card_each(machine, monkeypatch, tmp_path):
    monkeypatch.setenv(device.VISIBLE, "4, 6")
    process, place = other(tmp_path, "4", "6")
    try:
        assert place == 0
        cards = machine(2)
        assert device.settle(1).startswith("device: Card 9000, card 6 of 2; ")
        assert cards.visible == cards.cards[1:]
    finally:
        process.communicate("\n")
    assert device._free(["4", "6"]) == 0  # a lock ends with its process


def test_a_cluster_has_given_a_job_its_card(machine, monkeypatch, tmp_path):
    process, _ = other(tmp_path, "0")
    try:
        monkeypatch.setenv(device.FIRST_COME, "17")
        cards = machine(2)
        device.settle(1)
        assert cards.visible == cards.cards[:1]
    finally:
        process.communicate("\n")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            "{{node a}} A deterministic GPU implementation of DepthwiseConvBackpropFilter is not currently available.",
            "deterministic: TensorFlow has no form of an operation that gives the same bytes each time here; say "
            "`deterministic: false`, and the last digits differ from run to run (A deterministic GPU implementation of "
            "DepthwiseConvBackpropFilter is not currently available).",
        ),
        ("Determinism is not yet supported in GPU implementation of X\nmore", "deterministic: TensorFlow has no form"),
        ("OOM when allocating tensor with shape[32,512,512,64]", "batch: the device has no memory for as many images"),
        ("Default MaxPoolingOp only supports NHWC on device type CPU", "model: TensorFlow has no code for processors"),
    ],
)
def test_what_a_device_cannot_do_is_one_line(error, said):
    with pytest.raises(ConfigError) as caught, device.told():
        raise RuntimeError(error)
    assert str(caught.value).startswith(said) and "\n" not in str(caught.value)


def test_any_other_error_stays_what_it_is():
    with pytest.raises(ValueError, match="shapes"), device.told():
        raise ValueError("shapes do not fit")
    with pytest.raises(ConfigError, match="deterministic is meant"), device.told():
        raise ConfigError("deterministic is meant.")


def test_a_savedmodel_that_only_a_card_can_run_says_so(tmp_path):
    """TensorFlow's convolution of float16 with channels first, which oneDNN does not stand in for."""
    first = {"data_format": "channels_first", "dtype": "float16"}
    start = layers.Input((3, SIDE, SIDE))
    x = layers.Flatten(dtype="float16")(layers.Conv2D(4, 3, **first)(start))
    model = seeded(lambda: keras.Model(start, layers.Dense(3)(x)))
    turned = layers.Input((SIDE, SIDE, 3))
    whole = keras.Model(turned, model(layers.Permute((3, 1, 2))(turned)))
    whole.export(tmp_path / "first", verbose=False)
    line = r"^model: TensorFlow has no code for processors .*only supports the NHWC"
    with pytest.raises(ConfigError, match=line), device.told():
        explained(tmp_path / "first", safe=False, input=SIDE)


def test_rules_ask_for_cards_and_a_machine_has_one_unless_it_is_said():
    for rule in ("predict", "train"):
        assert 'gpu=EXPERIMENT.settings["gpus"]' in (ROOT / f"workflow/rules/{rule}.smk").read_text()
    profile = yaml.safe_load((ROOT / "workflow/profiles/default/config.yaml").read_text())
    assert profile["resources"] == ["gpu=1"]
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert extras["cuda"] == ["tensorflow[and-cuda]>=2.18"]


def test_the_settings_of_the_machine_make_folders_of_their_own():
    from configs import GOOD
    from wsol.experiment.config import check

    def ids(**more):
        return {run.backbone.id for run in check(GOOD | more).runs if run.backbone}

    usual = ids()
    assert ids(gpus=0, deterministic=True) == usual
    assert not usual & ids(gpus=1) and not usual & ids(deterministic=False)
    for gpus, line in ((2, "gpus: must be at most 1, got 2"), (True, "gpus: must be a whole number")):
        with pytest.raises(ConfigError, match=line):
            check(GOOD | {"gpus": gpus})
    assert np.isin("gpus", list(check(GOOD).settings))
