"""METHODS: what a training does otherwise than a plain fit of its labels; one file and one line here for each."""

from collections.abc import Mapping
from typing import Any

from wsol.errors import ConfigError
from wsol.training.methods.acol import Acol
from wsol.training.methods.adl import Adl
from wsol.training.methods.cutmix import CutMix
from wsol.training.methods.has import Has
from wsol.training.methods.method import Method
from wsol.training.methods.mixup import MixUp
from wsol.training.methods.randaugment import RandAugment
from wsol.training.methods.randomerasing import RandomErasing
from wsol.training.methods.spg import Spg

METHODS: dict[str, type[Method]] = {
    "plain": Method,
    "has": Has,
    "cutmix": CutMix,
    "adl": Adl,
    "acol": Acol,
    "spg": Spg,
    "mixup": MixUp,
    "random_erasing": RandomErasing,
    "randaugment": RandAugment,
}


def check(where: str, given: Mapping[str, Any], head: str | Mapping[str, Any]) -> None:
    """A ConfigError where a method's settings do not fit each other, or the method and the `head` of its backbone.

    >>> check("backbones.net", {"method": "plain"}, {"method": "conv", "filters": [512]})
    """
    name, own = given["method"], head if isinstance(head, str) else head["method"]
    place = f"{where}.weights.train.method"
    try:
        needed = METHODS[name](**{key: value for key, value in given.items() if key != "method"}).head
    except ConfigError as error:
        raise ConfigError(f"{place} {error}") from error
    if needed and own != needed:
        raise ConfigError(f"{place}: '{name}' needs `head: {needed}` of an architecture, got '{own}'.")
    if own != needed and own in {method.head for method in METHODS.values()}:
        raise ConfigError(f"{where}.head: '{own}' is trained by the method of that name, got '{name}'.")
