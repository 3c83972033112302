"""What can be known of a network before any image is shown to it: that it builds, and what its outputs mean."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from wsol.errors import ConfigError, InputError, few
from wsol.files import augmentations, logits
from wsol.index import classmap
from wsol.index.outputs import right
from wsol.index.splits import Split
from wsol.networks import backbones, heads, scaling
from wsol.networks.attention import looking
from wsol.networks.built import check_probability
from wsol.networks.complementary import complementary
from wsol.networks.models.architectures import IMAGENET
from wsol.places import named
from wsol.training import labels as labelling
from wsol.training.augment import Augmenter
from wsol.training.methods import METHODS
from wsol.training.network import logits_model
from wsol.training.reading import stored
from wsol.training.stepping import tried

# Settings that do not matter to what is found out here.
UNSEEN = ("evidence", "score", "explain", "batch", "threads", "instructions", "gpus", "deterministic")
# Evidence that only some networks can give -> what says in one line that one cannot.
NEEDING: dict[str, Callable] = {"attention": looking, "acol": complementary}
# Settings of a training that only its network can say to be right.
OF_ITS_GRAPH = ("method", "frozen", "fast_from", "head_rate_factor", "batch_norm", "bn_momentum")
_known: dict[str, dict[str, Any]] = {}


def look(
    network: Mapping[str, Any],
    splits: Mapping[str, Split],
    say: Callable[..., None],
    labels: Mapping[str, pd.DataFrame] = {},
) -> dict[str, Any]:
    """What a network explains and how many outputs it has; a ConfigError where images need not be shown to it.

    `network`: its id, its settings, the datasets that it sees, its training in this run, if any, and the cams of method
    `cam`, which is not of every head. `labels`: by id, those of the data sets that trainings read.
    """
    name = network["id"].split("@")[0]
    training = network["training"]
    told = _told(training, labels) if training else {}
    names = labelling.names([told[dataset] for dataset in training["images"]]) if training else []
    seen = [splits[dataset] for dataset in network["datasets"]]
    for split in seen:
        _check_meant(split, names)
    found = _built(name, network["settings"], len(names), training)
    _check_probability(name, network["settings"], found["activation"])
    if training:
        _check_training(name, training, told, names, found)
    if found["between"] and network["cams"]:
        where, why = f"cams.{network['cams'][0]}", heads.refusal(name, found["between"])
        raise ConfigError(f"{where}: {why} Leave the pair out: {where}.backbones names those that it explains.")
    for split in seen:
        _check_range(name, split, names, found["outputs"])
    say(f"{name}: explains {', '.join(found['layer'])}, {found['outputs']} outputs")
    return found


def _told(training: Mapping[str, Any], labels: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """By id, what a training is told of each of its data sets."""
    ids = [*training["images"], *training["judged_on"]]
    return {id: labelling.rows(labels[id], id.split("@")[0]) for id in ids}


def _check_training(
    name: str, training: Mapping[str, Any], told: Mapping[str, pd.DataFrame], names: list[str], found: Mapping[str, Any]
) -> None:
    """What would end a training before its first step: labels that its network cannot have, images cut too small."""
    labelling.fitting(told.values(), names, found["activation"], binary=found["binary"])
    size = (found["input"][0], found["input"][1])
    try:
        stored(training["crop_from"], size)
        if training["augment"]:
            Augmenter(training["augment"], size)
    except ConfigError as error:
        raise ConfigError(f"backbones.{name}.weights.train.{error}") from error


def look_at_logits(path: str, split: Split, name: str, say: Callable[..., None]) -> None:
    """A ConfigError where a file of logits cannot be of this data set; `name` is what the backbone is called.

    The whole of the file is read, once; a DataError says what is wrong in it.
    """
    where = f"backbones.{name}.logits"
    held = logits.look(path)
    images = split.targets["image"].unique()
    if not held.images.isin(images).any():
        theirs = few(held.images) or "none"
        raise ConfigError(f"{where}: none of {split.name}'s images ({few(images)}) is in {named(path)} ({theirs}).")
    if not any(right(split.targets, held.names)):
        classes = list(dict.fromkeys(split.targets["class_name"].tolist()))
        if not held.names:
            raise ConfigError(classmap.unsaid(split.name, classes))
        ours, theirs = few(classes), few(held.names)
        raise ConfigError(f"{where}: none of {split.name}'s classes ({ours}) is an output of {named(path)} ({theirs}).")
    _check_range(name, split, held.names, held.outputs)
    say(f"{name}: {len(held.images)} images with logits of {held.outputs} outputs")


def _check_probability(name: str, settings: Mapping[str, Any], activation: str) -> None:
    """What needs probabilities needs a model that has them."""
    try:
        check_probability(settings, activation)
    except ConfigError as error:
        raise ConfigError(f"backbones.{name}: {error}") from error


def _check_meant(split: Split, names: list[str]) -> None:
    """Some target must have an output that is right for it, or nothing can be explained."""
    if any(right(split.targets, names)):
        return
    classes = list(dict.fromkeys(split.targets["class_name"].tolist()))
    if not names:
        raise ConfigError(classmap.unsaid(split.name, classes))
    ours = few(classes)
    raise ConfigError(f"datasets.{split.name}: none of its classes ({ours}) is one that was trained ({few(names)}).")


def _check_range(name: str, split: Split, names: list[str], outputs: int) -> None:
    """No class may be an output that the network lacks; nor may what nobody mapped be of other classes than its own."""
    highest = max((max(found) for found in right(split.targets, names) if found), default=0)
    if highest >= outputs:
        raise ConfigError(f"datasets.{split.name}: a class is output {highest}, and {name} has 0 to {outputs - 1}.")
    if names or split.settings.get("class_map") or split.settings.get("output_names"):
        return
    # Published numbers are outputs of a network of those classes. Of ImageNet there may be a part, with gaps; but 200
    # birds are not the first 200 of 1000 outputs.
    if _by_number(split) and 2 * (highest + 1) < outputs:
        raise ConfigError(
            f"datasets.{split.name}: its classes are numbers up to {highest}, and {name} has {outputs} outputs. "
            "Say class_map: labels where output i is class i, or which outputs they are."
        )
    if not _by_number(split) and outputs != IMAGENET:
        raise ConfigError(
            f"datasets.{split.name}: its classes are known as ImageNet's {IMAGENET}, and {name} has {outputs} outputs. "
            "Say class_map or output_names."
        )


def _by_number(split: Split) -> bool:
    """Whether every class that has an output has that of its own number."""
    pairs = zip(split.targets["label"], right(split.targets), strict=True)
    return all(list(outputs) in ([], [label]) for label, outputs in pairs)


def _built(
    name: str, settings: Mapping[str, Any], classes: int, training: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What is found by building the network; where it is still to be trained, for `classes`, with random weights.

    A file's that a training starts from are read: they may be another network's. Published ones are not fetched here.
    """
    wanted = {key: value for key, value in settings.items() if key not in (*UNSEEN, *augmentations.SETTINGS)}
    if training:
        wanted = backbones.untrained(wanted, initial=_file(training["initial"]))
    method = settings["evidence"]["method"]
    needing = method if method in NEEDING else ""
    scales = sorted({*settings.get("scales", ()), 1.0})
    recipe = {asked: training[asked] for asked in OF_ITS_GRAPH} if training else {}
    key = repr((sorted(wanted.items()), classes, needing, scales, recipe))
    if key not in _known:
        try:
            backbone = backbones.build(wanted, classes=classes or None)
            if training:
                _try(backbone, training)
            for each in scaling.sized(wanted, backbone, [settings], classes=classes or None).values():
                if needing:
                    NEEDING[needing](each)
        except InputError as error:
            raise ConfigError(f"backbones.{name}: {error}") from error
        found = {"layer": backbone.layer, "outputs": backbone.classes, "input": list(backbone.size)}
        found |= {"activation": backbone.activation, "binary": backbone.binary}
        _known[key] = found | {"between": backbone.between()}
    return _known[key]


def _try(backbone: Any, training: Mapping[str, Any]) -> None:
    """What a training says of its network's layers; a ConfigError names the setting. A plugin's method is not tried."""
    model = logits_model(backbone)
    if training["method"]["method"] not in METHODS:
        return
    try:
        tried(backbone, model, training)
    except ConfigError as error:
        raise ConfigError(f"weights.train.{str(error).removeprefix('weights.train.')}") from error


def _file(initial: str | None) -> str | None:
    """The file that a training starts from, if it starts from one."""
    return None if initial in ("imagenet", "random") else initial
