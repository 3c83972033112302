"""Metrics that ask for every class of an image are refused on data sets that have one of them as their target."""

import pytest

from wsol.errors import ConfigError
from wsol.experiment import idle
from wsol.scores.metrics import METRICS

ASKING = {"roc_auc", "average_precision", "ece", "voc_miou", "pointing_game_difficult"}


def asked(name: str, target: str) -> None:
    idle.classes("evaluations.e.metrics", ["maxboxacc@50", name], [("photos", {"adapter": "coco", "target": target})])


@pytest.mark.parametrize("name", METRICS)
def test_the_largest_class_alone_is_not_every_class(name):
    for target in ("all", "single"):
        asked(name, target)
    if name not in ASKING:
        asked(name, "largest")
        return
    with pytest.raises(ConfigError) as caught:
        asked(name, "largest")
    assert str(caught.value) == (
        f"evaluations.e.metrics: {name} needs every class of an image, and 'photos' has the largest alone. "
        "Say target: all."
    )
