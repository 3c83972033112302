"""Channels first, inside a Keras model or at its input: the graph's steps moved so that every map is [n h w k].

A layer of Keras that says `data_format: channels_first`, or which axis it means, becomes its twin with channels last;
what treats every number alike stays as it is. Any other step sees the layout that it was made for, and the map that it
makes is moved behind it. So the numbers are the model's, and no processor has to know convolutions of channels first:
TensorFlow's own for processors, without oneDNN, does not.
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any

from wsol.networks.graphs import FINAL, RESHAPING, TRANSPARENT, Graph, Step
from wsol.networks.mixing import TURNING
from wsol.networks.models.twins import twin

FIRST = "channels_first"
TO_LAST, TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)
AXES = {0: 0, 1: 3, 2: 1, 3: 2}  # of channels first -> of channels last
COLOURS = (1, 3)
# Every number of the output is of the one at its place, or of those at its place.
ALIKE = (
    *TRANSPARENT,
    *("Activation", "ReLU", "LeakyReLU", "ELU", "AlphaDropout"),
    *("Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Gelu", "Silu", "Sigmoid", "Tanh", "Softplus"),
    *("HardSigmoid", "HardSilu", "HardTanh"),
)
JOINING = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate")
OF_AXES = (
    *("BatchNormalization", "GroupNormalization", "LayerNormalization", "UnitNormalization", "Softmax", "Concatenate"),
    *("Mean", "Max", "Min", "Sum"),
)


def is_first(shape: tuple) -> bool:
    """Whether an input of this shape is an image with its channels first: [n 3 h w], and not [n h w 3]."""
    return len(shape) == 4 and shape[1] in COLOURS and shape[3] not in COLOURS


def settle(graph: Graph) -> None:
    """Move the steps of a graph of one image whose input, or any of whose layers, has channels first; else nothing."""
    first = is_first(graph.input_shapes[0])
    if first or any(getattr(step.operation, "data_format", None) == FIRST for step in graph.steps):
        _Moving(graph, first)


class _Moving:
    """One pass over a graph's steps, which it replaces."""

    def __init__(self, graph: Graph, first: bool):
        self.graph = graph
        self.moved: dict[int, int] = {}  # a key of channels first -> that of the same with channels last
        self.shapes = {step.outputs[0]: step.shape for step in graph.steps}  # as the model has them
        self.shapes[graph.inputs[0]] = graph.input_shapes[0]
        steps, graph.steps = graph.steps, []
        if first:
            image = graph.inputs[0]
            graph.inputs, graph.input_shapes = [self._key(image)], [_moved(graph.input_shapes[0])]
        for step in steps:
            self._step(step)
        graph.outputs = {name: self.moved.get(key, key) for name, key in graph.outputs.items()}

    def _step(self, step: Step) -> None:
        """The step, or what does the same where its maps have channels last."""
        turned = _turned(step)
        if turned == TO_FIRST and step.inputs[0] not in self.moved:
            self.moved[step.outputs[0]] = step.inputs[0]
            self.shapes[step.outputs[0]] = step.shape
        elif turned == TO_LAST and step.inputs[0] in self.moved:
            self._same(step, self.moved[step.inputs[0]])
        elif operation := self._last(step):
            self._append(step, operation)
        elif self._keeps_places(step):
            self._append(step, step.operation, native=True)
        else:
            for key in step.inputs:
                self._back(key)
            self.graph.steps.append(step)

    def _last(self, step: Step) -> Any:
        """An operation that makes of maps with channels last what the step makes of channels first; None for none."""
        layer = step.operation
        if not type(layer).__module__.startswith("keras.") or _means_an_axis(step):
            return None
        if getattr(layer, "data_format", None) == FIRST and len(self.shapes.get(step.inputs[0], ())) == 4:
            self._forward(step.inputs[0])
            return twin(layer, _moved, data_format="channels_last")
        if not step.inputs or not all(key in self.moved for key in step.inputs):
            return None
        if len(step.inputs) > 1 and step.kind not in JOINING:
            return None
        if step.kind in OF_AXES:
            return _with_axes(step)
        # With one input a joining function has an array of its own, laid out as the model is.
        return layer if step.kind in ALIKE or len(step.inputs) > 1 else None

    def _keeps_places(self, step: Step) -> bool:
        """Whether a step that nothing is known of makes a map of channels first again."""
        before = [self.shapes[key] for key in step.inputs if key in self.moved]
        if not before or len(step.shape) != 4 or len(step.outputs) > 1 or step.kind in (*RESHAPING, *TURNING):
            return False
        said = getattr(step.operation, "data_format", None) == FIRST
        return said or any(shape[2:] == step.shape[2:] for shape in before)

    def _append(self, step: Step, operation: Any, native: bool = False) -> None:
        """The step with this operation, on maps with channels last; a `native` one is handed its own layout."""
        assert step.bind is not None, "a Keras graph's steps can be called"
        inputs = {key: self.moved.get(key, key) for key in step.inputs}
        turned = [key for key in step.inputs if native and key in self.moved]
        is_map = len(step.shape) == 4
        made = step._replace(
            operation=operation,
            inputs=tuple(inputs.values()),
            bind=_bound(step.bind, inputs, turned),
            moved=native,
        )
        if is_map:
            made = made._replace(outputs=(self._key(step.outputs[0]),), shape=_moved(step.shape))
        self.graph.steps.append(made)

    def _key(self, key: int) -> int:
        """The key of a tensor with its channels last."""
        if key not in self.moved:
            self.moved[key] = self.graph.key()
        return self.moved[key]

    def _same(self, step: Step, key: int) -> None:
        """A step that does nothing any more."""
        import keras

        same = keras.layers.Identity(name=step.operation.name)
        self.graph.steps.append(step._replace(operation=same, inputs=(key,), bind=lambda values: ((values[key],), {})))

    def _forward(self, key: int) -> None:
        """See to it that a tensor is there with its channels last: what made it may not have known them as such."""
        if key not in self.moved:
            self._permute(key, self._key(key), TO_LAST, _moved(self.shapes.get(key, (None,) * 4)))

    def _back(self, key: int) -> None:
        """See to it that a moved tensor is there as the model has it, once."""
        if key in self.moved and not any(key in step.outputs for step in self.graph.steps):
            self._permute(self.moved[key], key, TO_FIRST, self.shapes[key])

    def _permute(self, source: int, key: int, axes: tuple, shape: tuple) -> None:
        import keras

        layer = keras.layers.Permute(axes[1:])
        made = self.graph.producer(source)
        name = f"{made.name if made else 'input'}/{layer.name}"
        self.graph.steps.append(Step(name, layer, (source,), (key,), shape, lambda values: ((values[source],), {})))


def _moved(shape: tuple) -> tuple:
    """[n k h w] -> [n h w k]; what is no map stays."""
    return tuple(shape[axis] for axis in TO_LAST) if len(shape) == 4 else tuple(shape)


def _turned(step: Step) -> tuple | None:
    """The axes of a step that transposes a map, None of any other."""
    if step.kind not in ("Permute", "Transpose") or len(step.shape) != 4:
        return None
    dims = getattr(step.operation, "dims", None)
    axes = (0, *dims) if dims else getattr(step.operation, "axes", None)
    return tuple(axes) if axes else None


def _means_an_axis(step: Step) -> bool:
    """Whether a layer's activation goes along an axis: a softmax does, and a function that is not Keras' own may."""
    function = getattr(step.operation, "activation", None)
    own = function is None or getattr(function, "__module__", "").startswith("keras.")
    return not own or FINAL.get(step.activation) == "softmax"


def _with_axes(step: Step) -> Any:
    """The operation with the axes that it means where channels are last; None where another would come of it."""
    import keras

    given = step.operation.axis
    if given is None:
        return None
    axes = [AXES[axis % 4] for axis in (given if isinstance(given, list | tuple) else [given])]
    if len(step.shape) != 4 and sorted(axes) not in ([1, 2], [3]):
        return None  # what is left would come in another order
    meant = axes if isinstance(given, list | tuple) else axes[0]
    if isinstance(step.operation, keras.layers.Layer):
        return None if len(axes) > 1 else twin(step.operation, _moved, axis=meant)
    moved = copy.copy(step.operation)
    moved.axis = meant
    return moved


def _bound(bind: Callable, inputs: Mapping[int, int], turned: list[int]) -> Callable[[dict], tuple]:
    """A step's arguments, found under the keys that its own are moved to; `turned` are handed to it channels first."""

    def bound(values: Any) -> tuple:
        import keras

        own = {key: values[at] for key, at in inputs.items()}
        return bind(own | {key: keras.ops.transpose(own[key], TO_FIRST) for key in turned})

    return bound
