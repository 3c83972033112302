"""Which network a run explains, and how: what tells two of one name apart, whatever the seed of its training."""

from collections.abc import Mapping
from typing import Any

from wsol.experiment.decisions import OF_NETWORK
from wsol.files import augmentations
from wsol.files.formats import digest
from wsol.merging.carried import CarriedRun

ASKED = (*OF_NETWORK, *augmentations.SETTINGS)
Settings = Mapping[str, Mapping[str, Any]]  # by a decision's id


def network(run: CarriedRun, settings: Settings) -> str:
    """The digest of a run's network without what is asked of it, of a trained one without its seed; "" for none."""
    if run.backbone is None:
        return ""
    own = {key: value for key, value in settings[run.backbone].items() if key not in ASKED}
    if run.training is not None:
        training = settings[run.training]
        own["weights"] = {**training, "train": {**training["train"], "seed": None}}
    return digest(own)


def asked(run: CarriedRun, settings: Settings) -> str:
    """The digest of a run's cam together with what this asks of the network: layers, score, evidence and the like."""
    backbone = settings[run.backbone] if run.backbone else {}
    return digest([settings[run.cam], {key: backbone[key] for key in ASKED if key in backbone}])


def seed(run: CarriedRun, settings: Settings) -> int:
    """The seed of a run's training; -1 without one, before all others."""
    return settings[run.training]["train"]["seed"] if run.training else -1
