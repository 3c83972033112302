"""A network as a flat list of steps that can be run from any layer to any other.

`models` and `pytorch` make one of what people have. Steps run on plain tensors inside a `tf.function`: nothing
is rebuilt, so the model given is never touched and there is no disconnected graph.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from wsol.errors import ConfigError

POOLING = ("MaxPooling2D", "AveragePooling2D", "GlobalAveragePooling2D", "GlobalMaxPooling2D")
TRANSPARENT = (
    *("Dropout", "SpatialDropout2D", "GaussianNoise", "GaussianDropout"),
    *("Identity", "ActivityRegularization", "Cast"),
)
RESHAPING = ("Flatten", "Reshape", "Squeeze")
# Steps that are nothing but such a function; any other has it as its activation.
ENDS = ("Activation", "Softmax", "Sigmoid", "LogSoftmax")
# By the name of a layer, an operation or a layer's function: what makes probabilities of what goes into it. Of
# log_softmax it is still the softmax.
FINAL = {"softmax": "softmax", "sigmoid": "sigmoid", "log_softmax": "softmax", "logsoftmax": "softmax"}
ROWS = 2  # images of a trace that shows how many rows a step makes of an image


class Step(NamedTuple):
    """One operation called once. Tensors are named by integer keys."""

    name: str
    operation: Any  # a Keras layer or function, or an object with the class name and settings of such a layer
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    shape: tuple  # of the first output, None where unknown
    bind: Callable[[dict], tuple] | None = None  # values -> the operation's arguments, where it can be called
    moved: bool = False  # the operation makes [n k h w], which is moved to [n h w k]

    @property
    def kind(self) -> str:
        """The class name of the layer or operation."""
        return type(self.operation).__name__

    @property
    def activation(self) -> str:
        """The function that a layer applies last, "" where it has none."""
        function = getattr(self.operation, "activation", None)
        if function is None:
            return ""
        return getattr(function, "__name__", type(function).__name__.lower())  # a layer may stand for a function


class Graph:
    """The steps of a network in the order they run, with the keys of its inputs and, by name, of its outputs."""

    model: Any = None  # the Keras model, where there is one
    steps: list[Step]
    inputs: list[int]
    input_shapes: list[tuple]
    input_names: list[str]
    input_kinds: list[str]  # of numbers, `float32`
    feeds: Sequence[int] = ()  # the inputs as the model was made, of which `inputs` may leave out some
    outputs: dict[str, int]
    size: tuple[int, ...] = ()  # of an input image [h w channels], once shapes are traced
    opened: bool = False  # layers made of layers among them, whose shapes are not known before they are traced
    # Once they are settled (`inputs`), what those that are not the image are given, [1 …].
    constants: Mapping[int, np.ndarray] = {}
    notes: Sequence[str] = ()  # for a log: what of the model is not run as its file has it

    def key(self) -> int:
        """A key that no tensor has yet."""
        raise NotImplementedError

    def run(self, values: Mapping[int, Any], wanted: Iterable[int]) -> dict[int, Any]:
        """`values` and the `wanted`, by key; others that were needed for them may come along."""
        raise NotImplementedError

    def filled(self, values: Mapping[int, Any]) -> dict[int, Any]:
        """`values` and, where the image is among them, the constants of the other inputs, a row for each image."""
        import tensorflow as tf

        found = dict(values)
        if self.constants and self.inputs[0] in values:
            image = values[self.inputs[0]]
            rows = image.shape[0] or tf.shape(image)[0]
            found |= {key: tf.repeat(value, rows, axis=0) for key, value in self.constants.items() if key not in found}
        return found

    def as_made(self, values: Mapping[int, Any]) -> list[Any]:
        """What the model itself takes, input by input as it was made, where `values` has the image."""
        import tensorflow as tf

        found = self.filled(values)
        image = values[self.inputs[0]]
        image = tf.transpose(image, (0, 3, 1, 2)) if self.inputs[0] not in self.feeds else image
        return [found.get(key, image) for key in self.feeds]

    def producer(self, key: int) -> Step | None:
        """The step that makes a tensor; None for an input."""
        return next((step for step in self.steps if key in step.outputs), None)

    def consumers(self, key: int, among: Iterable[Step]) -> list[Step]:
        """The steps that use a tensor."""
        return [step for step in among if key in step.inputs]

    def upstream(self, wanted: Iterable[int], given: Iterable[int] = ()) -> list[Step]:
        """The steps that `wanted` needs when `given` is there already, in order."""
        needed = set(wanted)
        given = set(given)
        found = []
        for step in reversed(self.steps):
            if needed.intersection(step.outputs) - given:
                found.append(step)
                needed.update(set(step.inputs) - given)
        return found[::-1]

    def dependent(self, keys: Iterable[int], among: Iterable[Step]) -> set[int]:
        """The keys that change when `keys` do, themselves among them."""
        found = set(keys)
        for step in among:
            if found.intersection(step.inputs):
                found.update(step.outputs)
        return found

    def numbered(self, step: Step, key: int) -> Any:
        """Which of the tokens of `key`, counted from 1, a slice or a concatenation gives, [t]; 0 for others."""
        import tensorflow as tf

        shapes = {made.outputs[0]: made.shape for made in self.steps}

        def number() -> Any:
            values = {other: tf.zeros((1, *shapes[other][1:])) for other in step.inputs}
            values[key] = values[key] + tf.range(1.0, shapes[key][1] + 1)[None, :, None]
            return self.run(values, step.outputs[:1])[step.outputs[0]]

        return tf.function(number, autograph=False)().numpy()[0, :, 0]

    def slopes(self, output: int, keys: list[int], random: Any) -> list[Any]:
        """Of a random mixture of the outputs of an image of noise, the gradient with respect to each layer, [… k]."""
        import tensorflow as tf

        image = random.normal(size=(1, *self.size)).astype("float32")

        def gradients() -> list[Any]:
            values = self.run({self.inputs[0]: tf.constant(image)}, [output, *keys])
            found = values[output]
            mixture = tf.reduce_sum(found * tf.cast(random.normal(size=found.shape), found.dtype))
            zero = tf.UnconnectedGradients.ZERO
            return tf.gradients(mixture, [values[key] for key in keys], unconnected_gradients=zero)

        return [found.numpy()[0] for found in tf.function(gradients, autograph=False)()]

    def without_activation(self, output: int) -> tuple[int, str]:
        """The logits' key and what makes probabilities of them: softmax, sigmoid or "" where the model does not say.

        An activation is left out by a step beside the model's own: the model keeps its layers as they are.
        """
        step = self._last(output)
        function = ending(step)
        if step is None or function not in FINAL:
            return output, ""
        if step.kind in ENDS:
            return step.inputs[0], FINAL[function]
        self.steps[self.steps.index(step)] = self.linear(step)
        return output, FINAL[function]

    def ending(self, output: int) -> str:
        """The function that an output ends in, as the model has it (`log_softmax`, `relu`), "" where in none."""
        return ending(self._last(output))

    def _last(self, output: int) -> Step | None:
        """The step that makes an output's numbers."""
        step = self.producer(output)
        while step and step.kind in (*TRANSPARENT, *RESHAPING):
            step = self.producer(step.inputs[0])
        return step

    def softmaxed(self, output: int) -> tuple[Step, Step] | None:
        """A softmax that all the way to an output leads through, and the last step, where it is not the end itself.

        What then comes out is neither logits nor, as far as anyone can tell, probabilities. Attention has its softmax
        too: what it weighs goes past it.
        """
        steps = self.upstream([output])
        found = [step for step in steps if FINAL.get(ending(step)) == "softmax"]
        after = self.upstream([output], [key for step in found for key in step.outputs])
        past = any(set(self.inputs).intersection(step.inputs) for step in after)
        return (found[-1], steps[-1]) if found and not past else None

    def linear(self, step: Step) -> Step:
        """A layer's step without the activation in it."""
        raise NotImplementedError

    def trace_shapes(self, size: tuple[int, int], channels: int, output: int) -> None:
        """The steps' shapes for an input of this size, where the model leaves them open or was built for another."""
        import tensorflow as tf

        self.size = (*size, channels)
        declared = self.input_shapes[0][1:]
        if len(declared) != 3 or declared[2] not in (None, channels):
            raise ConfigError(f"model: takes {list(declared)}, an image of {channels} channels is given.")
        if declared[:2] == tuple(size) and not self.opened and all(_is_complete(step.shape) for step in self.steps):
            return
        try:
            found = self._traced_shapes((None, *size, channels), output)
            of_two = self._traced_shapes((ROWS, *size, channels), output)
            rows = of_two[output][:1]
            if rows not in ((ROWS,), (None,)):
                raise ValueError(f"of {ROWS} images it makes {rows[0] if rows else 'one'}")
        except (ValueError, TypeError, tf.errors.OpError) as error:
            raise ConfigError(f"input: the model does not take {size[0]}x{size[1]}: {_first_line(error)}") from error
        for place, step in enumerate(self.steps):
            if (key := step.outputs[0]) in found:
                self.steps[place] = step._replace(shape=_merged(found[key], of_two[key]))

    def _traced_shapes(self, shape: tuple, output: int) -> dict[int, tuple]:
        """By key, of `output` and of the first output of each step before it."""
        import tensorflow as tf

        found: dict[int, tuple] = {}

        def trace(feed: Any) -> None:
            keys = [output, *(step.outputs[0] for step in self.upstream([output]))]
            values = self.run({self.inputs[0]: feed}, keys)
            found.update({key: _shape(values[key]) for key in keys})

        tf.function(trace, autograph=False).get_concrete_function(tf.TensorSpec(shape))
        return found


def ending(step: Step | None) -> str:
    """The function whose values a step gives, in lower case: a layer's activation, or what the step itself is."""
    return (step.activation or step.kind.lower()) if step else ""


def _is_complete(shape: tuple) -> bool:
    """Any number of rows, whose sizes are known."""
    return shape[:1] == (None,) and None not in shape[1:]


def _merged(shape: tuple, of_two: tuple) -> tuple:
    """A shape for any number of images, with what only shows for some: sizes, and rows that are none of theirs."""
    if len(shape) != len(of_two) or not shape:
        return shape
    rows = None if of_two[0] in (ROWS, None) else of_two[0]
    return (shape[0] or rows, *(a or b for a, b in zip(shape[1:], of_two[1:], strict=True)))


def _shape(tensor: Any) -> tuple:
    """Of unknown rank, rows of unknown shape."""
    shape = tensor.shape
    return (None, None) if getattr(shape, "rank", 0) is None else tuple(shape)


def _first_line(error: Exception) -> str:
    """What Keras says first that is not its own preamble."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return next((line for line in lines if not line.startswith("Exception encountered")), type(error).__name__)
