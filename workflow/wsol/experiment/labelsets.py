"""Which data sets a training has its labels from, and which data sets may share no image."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import Any

from wsol.adapters import ADAPTERS
from wsol.errors import ConfigError
from wsol.experiment.decisions import Decision, Run
from wsol.settings import known


def has_images(dataset: Decision) -> bool:
    """Whether images of the data set can be opened: they are files, or its adapter draws them."""
    return dataset.settings["images"] is not None or ADAPTERS.opener(dataset.settings["adapter"]) is not None


def labelled(where: str, fit: Mapping[str, Any], datasets: Mapping[str, Decision], report: Decision) -> dict[str, Any]:
    """The data sets of a training, by name and by id: those that it learns from, and the one that judges it, if any.

    A ConfigError where one is unknown, has no images, is `report`, what is scored, or is named twice.
    """
    names = [fit["dataset"]] if isinstance(fit["dataset"], str) else fit["dataset"]
    if not names:
        raise ConfigError(f"{where}.dataset: is empty; name a data set, or several.")
    if twice := [name for place, name in enumerate(names) if name in names[:place]]:
        raise ConfigError(f"{where}.dataset: '{twice[0]}' is given twice.")
    learned = [_usable(f"{where}.dataset", name, datasets, report, "train") for name in names]
    judging = [fit["validation"]] if fit["validation"] is not None else []
    judged_on = [_usable(f"{where}.validation", name, datasets, report, "validate") for name in judging]
    for each in judged_on:
        if each.settings in [one.settings for one in learned]:
            raise ConfigError(f"{where}.validation: '{each.name}' is trained on; validate on another.")
    return {"dataset": names, "images": [each.id for each in learned], "judged_on": [each.id for each in judged_on]}


def _usable(where: str, name: str, datasets: Mapping[str, Decision], report: Decision, what: str) -> Decision:
    dataset = known(where, name, datasets)
    if not has_images(dataset):
        raise ConfigError(f"datasets.{name}: 'images' is needed where backbones are trained.")
    if dataset.settings == report.settings:
        raise ConfigError(f"{where}: '{name}' is what is scored ({report.name}); {what} on another.")
    return dataset


def labels_of(training: Mapping[str, Any]) -> list[str]:
    """The ids of all data sets that a training, given by its settings, has labels of: those learned from first."""
    return [*training["train"]["images"], *training["train"]["judged_on"]]


def disjoint(runs: Iterable[Run]) -> list[list[str]]:
    """Every two data sets that may share no image: one selects, trains or validates for what the other reports.

    A training shares none with what validates it either, nor do several data sets that it learns from, for an image
    would be learned twice. What selects levels may also validate: neither is what is reported.
    """
    found: set[tuple[str, str]] = set()
    for run in runs:
        found |= {(min(pair), max(pair)) for pair in _apart(run)}
    return [list(pair) for pair in sorted(found)]


def _apart(run: Run) -> Iterator[tuple[str, str]]:
    own = run.training.settings["train"] if run.training else {"images": [], "judged_on": []}
    select = [run.select.id] if run.select else []
    for others in (select, own["judged_on"]):
        together = dict.fromkeys([run.report.id, *own["images"], *others])
        yield from combinations(together, 2)
