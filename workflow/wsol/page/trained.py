"""How the networks of a run were trained: of each what on, by which recipe in words, and what its epochs were like."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from wsol.files.index import LABELS
from wsol.files.train import HISTORY
from wsol.page.figures import training
from wsol.page.figures.drawn import Figure
from wsol.page.figures.training import TrainedSeed, kept_epoch
from wsol.page.sheets import Column, Entry, Sheet, number

# Settings that the sentences say, or others of the facts.
SAID = (
    *(
        "dataset",
        "validation",
        "initial",
        "method",
        "epochs",
        "batch",
        "learning_rate",
        "head_rate_factor",
        "fast_from",
    ),
    *("optimizer", "schedule", "weight_decay", "crop_from", "flip", "keep", "judged_by", "seed", "seeds"),
)
FIT = Column("network", False), Column("seed"), Column("images"), Column("classes"), Column("epochs"), Column("kept")
MEASURED = ("loss", "accuracy", "validation_loss", "validation_accuracy")


class TrainedNetwork(NamedTuple):
    """A network of the page: what is said of its training, and the figure of it."""

    name: str
    about: str  # the definition that has all its settings
    facts: list[tuple[str, str]]
    figure: Figure


def read(about: Sequence[Mapping[str, Any]], histories: Sequence[str], learned: Sequence[str]) -> list[TrainedSeed]:
    """The trainings of a run: what `experiment.described.trainings` says of them, with the history of each.

    `learned` are the labels of all data sets that are trained on, in folders of their ids.
    """
    labels = {Path(path).parts[-3]: _labels(path) for path in learned}
    found = []
    for each, history in zip(about, histories, strict=True):
        own = [labels[dataset] for dataset in each["on"]]
        counts = sum(images for images, _ in own), len(frozenset().union(*(classes for _, classes in own)))
        name, settings, unusual = each["name"], each["settings"], each["unusual"]
        found.append(TrainedSeed(each["id"], name, each["seed"], settings, unusual, *counts, HISTORY.read(history)))
    return found


def _labels(path: str) -> tuple[int, frozenset[str]]:
    """How many images of a data set a training has, and the names of their classes."""
    rows = LABELS.read(path)
    rows = rows[rows["status"] == "ok"]
    return rows["image"].nunique(), frozenset(rows["class_name"])


def networks(trainings: Sequence[TrainedSeed]) -> list[TrainedNetwork]:
    """Each network that was trained, in the order of the trainings, those of its seeds together."""
    found: dict[str, list[TrainedSeed]] = {}
    for each in trainings:
        found.setdefault(each.name, []).append(each)
    return [
        TrainedNetwork(name, f"decision:{own[0].id}", facts(own), training.epochs(own)) for name, own in found.items()
    ]


def facts(trainings: Sequence[TrainedSeed]) -> list[tuple[str, str]]:
    """What is said of the trainings of one network, which differ in their seeds."""
    first, given = trainings[0], trainings[0].settings["train"]
    on = f"{listed(given['dataset'])}: {first.images:,} images, {first.classes:,} classes; by their labels alone"
    said = [("trained on", on)]
    if given["validation"]:
        said.append(("validation", f"{given['validation']}, by its labels alone"))
    seeds = ", ".join(str(each.seed) for each in trainings)
    said += [
        ("network", built(first.settings)),
        ("starts from", start(first.settings)),
        ("method", chosen(given["method"])),
        ("recipe", words(given, first.unusual)),
        ("kept", kept(given)),
        ("seeds" if len(trainings) > 1 else "seed", seeds),
    ]
    return said


def built(settings: Mapping[str, Any]) -> str:
    """The network that is trained: its architecture, and where they are said its width, its map's stride and its head.

    >>> built({"architecture": "VGG16", "stride": 16, "head": {"method": "conv", "filters": [1024]}})
    'VGG16, stride 16, head conv (filters 1024)'
    >>> built({"architecture": "MobileNet", "alpha": 0.75})
    'MobileNet, alpha 0.75'
    """
    name = settings.get("architecture")
    if not name:
        return "a network of keras-hub’s" if settings.get("keras_hub") else "a model of one’s own"
    said = [f"{key} {told(settings[key])}" for key in ("alpha", "stride") if settings.get(key)]
    head = settings.get("head") or {"method": "own"}
    return ", ".join([name, *said, *([] if head["method"] == "own" else [f"head {chosen(head)}"])])


def start(settings: Mapping[str, Any]) -> str:
    """The weights that a training starts from.

    >>> start({"architecture": "VGG16", "train": {"initial": None}})
    'ImageNet’s weights, its classifier drawn anew'
    """
    usual = "imagenet" if settings.get("architecture") else "its own weights"
    initial = settings["train"]["initial"] or usual
    named = {"imagenet": "ImageNet’s weights, its classifier drawn anew", "random": "random weights"}
    return named.get(initial, str(initial))


def words(given: Mapping[str, Any], unusual: Sequence[str]) -> str:
    """A training's recipe; what is not in these sentences is said where it is `unusual`."""
    apart = f" from {given['fast_from']} on" if given["fast_from"] else " for the head"
    fast = "" if given["head_rate_factor"] == 1 else f", {given['head_rate_factor']:g} times that{apart}"
    side = f"side {given['crop_from']}" if given["crop_from"] else "8/7 of the input"
    parts = [
        f"{given['epochs']} epochs of batches of {given['batch']}",
        f"{chosen(given['optimizer'])} at rate {given['learning_rate']:g}{fast}",
        f"schedule {chosen(given['schedule'])}",
        f"weight decay {given['weight_decay']:g}",
        f"images resized to {side}, a random part of the input’s size{', mirrored at random' if given['flip'] else ''}",
    ]
    parts += [f"{name.replace('_', ' ')} {told(given[name])}" for name in unusual if name not in SAID]
    return "; ".join(parts)


def kept(given: Mapping[str, Any]) -> str:
    """Which epoch's weights are kept.

    >>> kept({"keep": "best", "judged_by": "loss"})
    'the best epoch, by the validation loss'
    """
    return "the last epoch" if given["keep"] == "last" else f"the best epoch, by the validation {given['judged_by']}"


def chosen(choice: Mapping[str, Any]) -> str:
    """A method with its settings, those apart that are nothing.

    >>> chosen({"method": "sgd", "momentum": 0.9, "nesterov": True, "warmup": 0})
    'sgd (momentum 0.9, nesterov true)'
    """
    own = [f"{key.replace('_', ' ')} {told(value)}" for key, value in choice.items() if key != "method" and value]
    return f"{choice['method']} ({', '.join(own)})" if own else str(choice["method"])


def told(value: Any) -> str:
    """A setting's value.

    >>> told({"until": "block4_pool", "epochs": None}), told(1e-4), told([1, 2])
    ('until block4_pool', '0.0001', '1, 2')
    """
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {told(each)}" for key, each in value.items() if each is not None)
    if isinstance(value, list | tuple):
        return ", ".join(map(told, value))
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def listed(names: str | Sequence[str]) -> str:
    """One name, or several."""
    return names if isinstance(names, str) else ", ".join(names)


def sheet(trainings: Sequence[TrainedSeed]) -> Sheet:
    """A row for each training: its last epoch, the one whose weights are kept, and what that was like."""
    known = [name for name in MEASURED if any(each.history[name].notna().any() for each in trainings)]
    columns = [*FIT, *(Column(f"{name.replace('_', ' ')}{', %' * name.endswith('accuracy')}") for name in known)]
    return Sheet("Trainings", columns, [_row(each, known) for each in trainings], note="As the epoch was that is kept.")


def _row(each: TrainedSeed, known: Sequence[str]) -> list[Entry]:
    kept = kept_epoch(each)
    counts = (each.seed, each.images, each.classes, len(each.history), kept + 1)
    row = each.history[each.history["epoch"] == kept].iloc[0]
    return [Entry(each.name), *(Entry(f"{count:,}", count) for count in counts), *(_entry(row, name) for name in known)]


def _entry(row: pd.Series, name: str) -> Entry:
    if name.endswith("accuracy") or pd.isna(row[name]):
        return number(100 * row[name])
    return Entry(f"{row[name]:.3f}", float(row[name]))
