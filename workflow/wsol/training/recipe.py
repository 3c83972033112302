"""The settings of a training, `weights: {train: {dataset: NAME, …}}`; the defaults are the published benchmark's.

Choe 2020 (arXiv:2001.07437) and its code: SGD with Nesterov momentum, a tenth of the rate every 15 epochs, ten times
the rate for the classifier, images squashed to 256 of which a random 224 are cut, mirrored at random.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from wsol.errors import ConfigError
from wsol.settings import Doc, Place, Range, Seed, checked, known
from wsol.training import augment as augmenting
from wsol.training import groups
from wsol.training.methods import METHODS
from wsol.training.normalisation import MOMENTUM
from wsol.training.optimizing import OPTIMIZERS, SCHEDULES
from wsol.training.precision import Precision


def settings(
    *,
    dataset: Annotated[
        str | list[str], Doc("The data set that is trained on, by its name, or several; never one that is scored.")
    ],
    validation: Annotated[
        str | None,
        Doc("A data set whose labels say after each epoch how well the network does; its boxes are out of reach."),
    ] = None,
    initial: Annotated[
        Literal["imagenet", "random"] | Place | None,
        Doc(
            "The weights that a training starts from: `imagenet`, `random` or a file of an architecture's, its "
            "classifier apart. An architecture starts from `imagenet` unless said, a model from its own."
        ),
    ] = None,
    method: Annotated[str | dict, Doc("What is done otherwise than a plain fit, see below.")] = "plain",
    epochs: Annotated[int, Range(1, 10_000), Doc("How often every image is shown.")] = 50,
    batch: Annotated[int, Range(1, 4096), Doc("Images that a step of training is computed from.")] = 32,
    learning_rate: Annotated[float, Range(0, 10), Doc("The size of the first steps.")] = 0.01,
    head_rate_factor: Annotated[
        float, Range(0, 1000), Doc("How many times as large the steps are of what follows the last map.")
    ] = 10.0,
    fast_from: Annotated[
        str | None,
        Doc(
            "The layer from which on steps are that large, where it is not the head alone, `conv5_block1_1_conv`: all "
            "but what lies before it."
        ),
    ] = None,
    optimizer: Annotated[str | dict, Doc("How a step is made of gradients, see below.")] = "sgd",
    schedule: Annotated[str | dict, Doc("How the rate falls, see below.")] = "step",
    weight_decay: Annotated[
        float,
        Range(0, 1),
        Doc(
            "Of `sgd` and `adam`: so many times each weight is added to its gradient; of `adamw`: taken off beside it."
        ),
    ] = 1e-4,
    label_smoothing: Annotated[
        float,
        Range(0, 0.99),
        Doc("The share of a label that is spread over all classes, or over both answers of a sigmoid."),
    ] = 0.0,
    balance: Annotated[
        Literal["none", "weights", "sampling"],
        Doc(
            "What is done where classes have unequal numbers of images: nothing, weights of the loss by their inverse, "
            "or as many draws of each."
        ),
    ] = "none",
    frozen: Annotated[
        dict | None,
        Doc(
            "`{until: LAYER}`: that layer and all before it keep their weights; `{epochs: n}`: all but the head do, "
            "for so many epochs; both: these layers, for so many."
        ),
    ] = None,
    crop_from: Annotated[
        Annotated[int, Range(1, 8192)] | None,
        Doc(
            "Images are resized to this side and a random part of the input's size is cut out; 8/7 of the input, 256 "
            "for 224, unless said. The input's own side cuts nothing."
        ),
    ] = None,
    flip: Annotated[bool, Doc("Whether images are mirrored at random.")] = True,
    augment: Annotated[
        list[str | dict] | None,
        Doc("Keras' own layers that images go through, by name: `[RandAugment, {RandomErasing: {factor: 0.5}}]`."),
    ] = None,
    batch_norm: Annotated[
        Literal["trained", "frozen"],
        Doc(
            "How batch normalisation is trained: by the statistics of each batch, or not at all: it stays as in "
            "inference, where batches are small, or a file has it folded into its convolutions."
        ),
    ] = "trained",
    bn_momentum: Annotated[
        float,
        Range(0, 1),
        Doc("Momentum of batch normalisation's running statistics; Keras' own is made for long trainings."),
    ] = MOMENTUM,
    precision: Annotated[
        Precision, Doc("In which numbers a step is computed, by Keras' policy of that name; weights are float32.")
    ] = "float32",
    keep: Annotated[
        Literal["last", "best"],
        Doc("Which epoch's weights are kept: the last, or the best on the validation data set."),
    ] = "last",
    judged_by: Annotated[
        Literal["accuracy", "loss"], Doc("What of the validation data set says which epoch is best.")
    ] = "accuracy",
    patience: Annotated[
        Annotated[int, Range(1, 10_000)] | None,
        Doc("A training ends early after so many epochs that were not better than the best."),
    ] = None,
    seed: Annotated[
        Seed,
        Doc("Seed of a training: of the weights that are drawn, the order of the images and what is done to them."),
    ] = 0,
    seeds: Annotated[
        list[Seed] | Annotated[int, Range(1, 1000)] | None,
        Doc(
            "In place of `seed`: a seed for each of several trainings, or how many, from 0 on. The score is their "
            "mean, and its interval covers images and trainings."
        ),
    ] = None,
) -> dict[str, Any]:
    """What `weights: {train: …}` may say, every choice's own settings filled in; a ConfigError says what is wrong."""
    found = dict(locals())
    for key, registry in (("method", METHODS), ("optimizer", OPTIMIZERS), ("schedule", SCHEDULES)):
        found[key] = _chosen(key, found[key], registry)
    found["augment"] = augmenting.named(augment)
    if frozen is not None:
        found["frozen"] = groups.frozen(**checked("frozen", groups.frozen, frozen))
    _check(found)
    return found


def _check(found: dict[str, Any]) -> None:
    """A ConfigError for a setting that the others leave without effect."""
    if found["validation"] is None:
        for key, usual in (("keep", "last"), ("judged_by", "accuracy"), ("patience", None)):
            if found[key] != usual:
                raise ConfigError(f"{key}: needs a `validation` data set.")
    elif found["patience"] is not None and found["patience"] >= found["epochs"]:
        raise ConfigError(f"patience: must be less than epochs, {found['epochs']}, got {found['patience']}.")
    if found["batch"] < (least := METHODS[found["method"]["method"]].least_batch):
        raise ConfigError(
            f"batch: must be {least} or more, which '{found['method']['method']}' mixes, got {found['batch']}."
        )
    if found["judged_by"] != "accuracy" and found["keep"] == "last" and found["patience"] is None:
        raise ConfigError("judged_by: says which epoch is best, which only `keep: best` and `patience` ask for.")
    if found["fast_from"] is not None and found["head_rate_factor"] == 1:
        raise ConfigError("fast_from: has no effect where head_rate_factor is 1.")
    if found["optimizer"].get("nesterov") and found["optimizer"]["momentum"] == 0:
        raise ConfigError("optimizer sgd.nesterov: needs a momentum above 0; say `nesterov: false`.")
    if found["batch_norm"] == "frozen" and found["bn_momentum"] != MOMENTUM:
        raise ConfigError("bn_momentum: has no effect where batch_norm is frozen.")
    epochs, warmup = found["epochs"], found["schedule"]["warmup"]
    if warmup >= epochs:
        raise ConfigError(f"schedule.warmup: must be less than epochs, {epochs}, got {warmup:g}.")
    if found["frozen"] and (found["frozen"]["epochs"] or 0) > epochs:
        raise ConfigError(f"frozen.epochs: must be at most epochs, {epochs}, got {found['frozen']['epochs']}.")


def _chosen(where: str, given: str | dict, registry: Any) -> dict[str, Any]:
    """`sgd` or `{method: sgd, momentum: 0.8}` -> the method with all its settings."""
    asked = {"method": given} if isinstance(given, str) else dict(given)
    name = asked.pop("method", None)
    return {"method": name, **checked(f"{where} {name}", known(where, name, registry), asked)}


def made(registry: Mapping[str, Callable[..., Any]], chosen: Mapping[str, Any]) -> Any:
    """What a registry makes of a choice: `{method: sgd, momentum: 0.8}` -> `sgd(momentum=0.8)`."""
    settings = {key: value for key, value in chosen.items() if key != "method"}
    return registry[chosen["method"]](**settings)
