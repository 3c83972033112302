"""A Keras model as a flat list of steps that can be run from any layer to any other.

Nested models are inlined, so a layer three models deep is a step like any other. Steps run on plain tensors inside a
`tf.function`: nothing is rebuilt, so the model given is never touched and there is no disconnected graph.
Layers are called in inference mode. Tensors are named by integer keys.
"""

import inspect
import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from wsol.errors import ConfigError, DataError

POOLING = ("MaxPooling2D", "AveragePooling2D", "GlobalAveragePooling2D", "GlobalMaxPooling2D")
TRANSPARENT = ("Dropout", "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "Identity", "ActivityRegularization")
RESHAPING = ("Flatten", "Reshape", "Squeeze")
FINAL = ("softmax", "sigmoid")


class Step(NamedTuple):
    """One operation called once: `bind(values)` gives its arguments."""

    name: str
    operation: Any
    bind: Callable[[dict], tuple]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    shape: tuple  # of the first output, None where unknown

    @property
    def kind(self) -> str:
        return type(self.operation).__name__

    @property
    def activation(self) -> str:
        """The function that a layer applies last, "" where it has none."""
        function = getattr(self.operation, "activation", None)
        return getattr(function, "__name__", "") or ""


class Graph:
    """The steps of `model` in the order they run, with the keys of its inputs and, by name, of its outputs."""

    def __init__(self, model: Any):
        self.model = model
        self.steps: list[Step] = []
        self._fresh = itertools.count()
        if not getattr(model, "inputs", None):
            raise DataError(f"model '{model.name}' has no graph of layers: only Sequential and functional models have.")
        self.inputs = [next(self._fresh) for _ in model.inputs]
        self.input_shapes = [tuple(tensor.shape) for tensor in model.inputs]
        outputs = self._inline(model, self.inputs, "")
        names = getattr(model, "output_names", None) or []
        names = names if len(names) == len(outputs) else [str(place) for place in range(len(outputs))]
        self.outputs = dict(zip(names, outputs, strict=True))

    def _inline(self, model: Any, feeds: list[int], prefix: str) -> list[int]:
        import keras

        if isinstance(model, keras.Sequential):
            for layer in model.layers:
                feeds = self._call(layer, only(feeds[0]), feeds, [layer.output], prefix)
            return feeds
        keys = {id(tensor): key for tensor, key in zip(model.inputs, feeds, strict=True)}
        # Keras has no public way to walk a graph call by call.
        nodes = (node for depth in sorted(model._nodes_by_depth, reverse=True) for node in model._nodes_by_depth[depth])
        for node in nodes:
            if node.operation is None or node.is_input:
                continue
            inputs = {id(tensor): keys[id(tensor)] for tensor in node.input_tensors}

            def bind(values, node=node, inputs=inputs):
                return node.arguments.fill_in({name: values[key] for name, key in inputs.items()})

            order = [keys[id(tensor)] for tensor in node.input_tensors]
            made = self._call(node.operation, bind, order, node.outputs, prefix)
            keys |= {id(tensor): key for tensor, key in zip(node.outputs, made, strict=True)}
        return [keys[id(tensor)] for tensor in model.outputs]

    def _call(self, operation: Any, bind: Callable, inputs: list[int], outputs: list, prefix: str) -> list[int]:
        import keras

        if isinstance(operation, keras.Sequential) or hasattr(operation, "_nodes_by_depth"):
            return self._inline(operation, inputs, f"{prefix}{operation.name}/")
        made = tuple(next(self._fresh) for _ in outputs)
        name = prefix + operation.name
        self.steps.append(Step(name, operation, bind, tuple(inputs), made, tuple(outputs[0].shape)))
        return list(made)

    def producer(self, key: int) -> Step | None:
        return next((step for step in self.steps if key in step.outputs), None)

    def consumers(self, key: int, among: Iterable[Step]) -> list[Step]:
        return [step for step in among if key in step.inputs]

    def upstream(self, wanted: Iterable[int], given: Iterable[int] = ()) -> list[Step]:
        """The steps that `wanted` needs when `given` is there already, in order."""
        needed, given, found = set(wanted), set(given), []
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

    def run(self, values: Mapping[int, Any], wanted: Iterable[int]) -> dict[int, Any]:
        """`values`, the `wanted` and whatever else was needed for them."""
        values = dict(values)
        for step in self.upstream(wanted, values):
            results = zip(step.outputs, _apply(step, values), strict=True)
            values |= {key: value for key, value in results if key not in values}
        return values

    def without_activation(self, output: int) -> tuple[int, str]:
        """The logits' key and what the model made of them: softmax, sigmoid or "" where it gives logits already.

        An activation is left out by a step beside the model's own: the model keeps its layers as they are.
        """
        step = self.producer(output)
        while step and step.kind in (*TRANSPARENT, *RESHAPING):
            step = self.producer(step.inputs[0])
        function = (step.activation or step.kind.lower()) if step else ""
        if step is None or function not in FINAL:
            return output, ""
        if step.kind in ("Activation", "Softmax", "Sigmoid"):
            return step.inputs[0], function
        place = self.steps.index(step)
        self.steps[place] = step._replace(operation=_linear_twin(step.operation), bind=only(step.inputs[0]))
        return output, function

    def trace_shapes(self, size: tuple[int, int], channels: int) -> None:
        """The steps' shapes for an input of this size, where the model leaves them open or was built for another."""
        import tensorflow as tf

        declared = self.input_shapes[0][1:]
        if len(declared) != 3 or declared[2] not in (None, channels):
            raise ConfigError(f"model: takes {list(declared)}, an image of {channels} channels is given.")
        if declared[:2] == tuple(size) and all(None not in step.shape[1:] for step in self.steps):
            return
        keys = [step.outputs[0] for step in self.upstream(self.outputs.values())]
        found: dict[int, tuple] = {}

        def trace(feed: Any) -> None:
            values = self.run({self.inputs[0]: feed}, keys)
            found.update({key: tuple(values[key].shape) for key in keys})

        try:
            tf.function(trace, autograph=False).get_concrete_function(tf.TensorSpec((None, *size, channels)))
        except (ValueError, TypeError, tf.errors.OpError) as error:
            raise ConfigError(f"input: the model does not take {size[0]}x{size[1]}: {_first_line(error)}") from error
        for place, step in enumerate(self.steps):
            if step.outputs[0] in found:
                self.steps[place] = step._replace(shape=found[step.outputs[0]])


def _first_line(error: Exception) -> str:
    """What Keras says first that is not its own preamble."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return next((line for line in lines if not line.startswith("Exception encountered")), type(error).__name__)


def only(key: int) -> Callable[[dict], tuple]:
    """A step's arguments where it takes one tensor."""
    return lambda values: ((values[key],), {})


def _apply(step: Step, values: dict) -> list:
    import keras

    args, kwargs = step.bind(values)
    if isinstance(step.operation, keras.layers.Layer):
        if "training" in inspect.signature(step.operation.call).parameters:
            kwargs = {**kwargs, "training": False}
        kwargs = {name: value for name, value in kwargs.items() if name != "mask" or value is not None}
    return keras.tree.flatten(step.operation(*args, **kwargs))


def _linear_twin(layer: Any) -> Any:
    """The same layer with the same weights and no activation."""
    twin = type(layer).from_config({**layer.get_config(), "activation": "linear"})
    twin.build(layer.input.shape if not isinstance(layer.input, list) else layer.input[0].shape)
    twin.set_weights(layer.get_weights())
    return twin
