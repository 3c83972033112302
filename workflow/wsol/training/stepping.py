"""One step of a training, and what a training goes on from: weights, what the optimizers remember, what is drawn."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from wsol.training import groups, normalisation, objective, precision
from wsol.training.methods import METHODS
from wsol.training.methods.method import Method, Shown
from wsol.training.optimizing import OPTIMIZERS, GroupedOptimizer
from wsol.training.recipe import made

# What is drawn apart, each from the training's seed, the epoch and its own number; the images' order has none.
IMAGES, STEPS, LAYERS, WEIGHTS = 1, 2, 3, 4


class Fit:
    """A network that is being trained: its weights, those of its optimizers, and one step of them.

    `model` gives the logits, as the first of its outputs where there are several, and is what is kept; `wanted` [n c],
    dense or sparse, are the labels that it learns.
    """

    def __init__(self, backbone: Any, model: Any, recipe: dict[str, Any], wanted: Any):
        import tensorflow as tf

        self.backbone, self.model, self.recipe = backbone, model, recipe
        self.outputs = wanted.shape[1]
        weights = objective.balanced(backbone.activation, wanted) if recipe["balance"] == "weights" else None
        self.plain = objective.PlainLoss(backbone.activation, recipe["label_smoothing"], weights)
        self.unchanged = objective.PlainLoss(backbone.activation)
        self.method, self.network, self.parts = prepared(backbone, model, recipe)
        optimizers = [made(OPTIMIZERS, recipe["optimizer"]) for _ in self.parts.groups]
        self.grouped = GroupedOptimizer(self.parts.groups, optimizers, recipe["weight_decay"])
        self.optimizer = precision.scaled(self.grouped, recipe["precision"])
        self.best = [tf.Variable(each.value) for each in backbone.model.weights] if recipe["keep"] == "best" else []
        self.free: bool | None = None  # whether the layers that are frozen at first are trained, once that is settled

    def _trace(self) -> None:
        """Make the functions anew, for whatever the layers now are."""
        import tensorflow as tf

        images = tf.TensorSpec((None, *self.backbone.size, 3), tf.uint8)
        wanted = tf.TensorSpec((None, self.outputs), tf.float32)
        drawn = (tf.TensorSpec((2,), tf.int32), tf.TensorSpec((), tf.float32))
        self.step = tf.function(self._step, autograph=False, input_signature=(images, wanted, *drawn))
        self.answer = tf.function(self._answer, autograph=False, input_signature=(images, wanted))

    def _step(self, pixels: Any, wanted: Any, seed: Any, rate: Any) -> tuple[Any, Any]:
        """The losses [n] and logits [n c] of a batch, by which the weights are then moved."""
        import tensorflow as tf

        shown = self.method.shown(Shown(tf.cast(pixels, tf.float32), wanted), seed)
        with tf.GradientTape() as tape:
            with precision.computed_in(self.network, self.recipe["precision"]):
                outputs = self.network(self.backbone.fed(shown.images), training=True)
            outputs = [tf.cast(each, tf.float32) for each in _listed(outputs)]
            losses = self.method.loss(outputs, shown.wanted, self.plain)
            # The layers' own penalties are made small too, as Keras' fit does.
            own = [tf.cast(each, tf.float32) for each in self.network.losses]
            scaled = self.optimizer.scale_loss(tf.add_n([tf.reduce_mean(losses), *own]))
        weights = self.network.trainable_variables
        self.grouped.set_rate(rate)
        self.optimizer.apply(tape.gradient(scaled, weights), weights)
        return losses, outputs[0]

    def _answer(self, pixels: Any, wanted: Any) -> tuple[Any, Any]:
        """The losses [n] and logits [n c] of a batch as `predict` would have them: in inference and in float32."""
        import tensorflow as tf

        with precision.computed_in(self.model, "float32"):
            logits = _listed(self.model(self.backbone.fed(tf.cast(pixels, tf.float32)), training=False))[0]
        return self.unchanged(wanted, logits), logits

    def begin(self, epoch: int) -> None:
        """Make layers what they are in this epoch, frozen or not, and draw anew what theirs are drawn by."""
        if (free := self.parts.free(epoch)) != self.free:
            self.free = free
            self.parts.settle(free)
            self._trace()
        draw = drawing(self.recipe["seed"], epoch, LAYERS)
        for generator in self._generators():
            generator.assign(draw.integers(0, 2**31, 2))

    def _generators(self) -> list[Any]:
        """The states of Dropout and of all that draws, [2] each."""
        return [each for each in self.network.variables if each.name == "seed_generator_state"]

    def state(self) -> dict[str, Any]:
        """Every variable that a training goes on from, by a name of its own; each has `numpy()` and `assign(array)`."""
        found = {"network": self.network.variables, "optimizer": self.optimizer.variables, "best": self.best}
        return {f"{part}/{place}": each for part, all_of in found.items() for place, each in enumerate(all_of)}

    def remember(self) -> None:
        """Keep the weights as they are now, moving statistics included, as the best so far."""
        for kept, weight in zip(self.best, self.backbone.model.weights, strict=True):
            kept.assign(weight.value)

    def restore(self) -> None:
        """Make the weights those of the best epoch, where they were kept."""
        for kept, weight in zip(self.best, self.backbone.model.weights, strict=bool(self.best)):
            weight.assign(kept)


def prepared(backbone: Any, model: Any, recipe: Mapping[str, Any]) -> tuple[Method, Any, groups.Parts]:
    """The method, the network that it trains in place of `model`, and its weights by how they are trained.

    A ConfigError for a layer or a size that the recipe names and the network has not.
    """
    import keras

    method = made(METHODS, recipe["method"])
    # What a method adds is drawn as the training's seed wants it, whatever was drawn before.
    keras.utils.set_random_seed(int(drawing(recipe["seed"], 0, WEIGHTS).integers(2**31)))
    network = method.network(model, tuple(layer.name for layer in model._flatten_layers()))
    normalisation.settle(network, recipe, _resting(backbone, model, recipe))
    return method, network, groups.parts(network, model, recipe, _has_head(backbone.settings))


def doubt(backbone: Any, model: Any, recipe: Mapping[str, Any]) -> str | None:
    """What is odd about training `model` by this recipe; None where nothing is."""
    return normalisation.doubt(model, recipe, _resting(backbone, model, recipe))


def tried(backbone: Any, model: Any, recipe: Mapping[str, Any]) -> None:
    """A ConfigError for what in a recipe would end a training of this network before its first step."""
    import tensorflow as tf

    method, *_ = prepared(backbone, model, recipe)
    batch = Shown(tf.zeros((2, *backbone.size, 3)), tf.zeros((2, 1 if backbone.binary else backbone.classes)))
    method.shown(batch, tf.zeros(2, tf.int32))


def drawing(seed: int, epoch: int, kind: int) -> np.random.Generator:
    """A generator of its own for one kind of draws in one epoch of a training."""
    return np.random.default_rng([seed, epoch, kind])


def _listed(outputs: Any) -> list[Any]:
    """What a model gives, where it may be one output or several."""
    return list(outputs) if isinstance(outputs, list | tuple) else [outputs]


def _resting(backbone: Any, model: Any, recipe: Mapping[str, Any]) -> list[Any]:
    return groups.resting(model, recipe, _has_head(backbone.settings))


def _has_head(settings: Mapping[str, Any]) -> bool:
    """Whether a backbone's setting `head` puts another head than its own on it."""
    head = settings.get("head") or "own"
    return (head["method"] if isinstance(head, Mapping) else head) != "own"
