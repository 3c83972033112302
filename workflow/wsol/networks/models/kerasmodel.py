"""A Keras model as a graph: a step is a call of a layer or of a function.

Nested models are inlined, so a layer three models deep is a step like any other. Layers are called in inference mode.
"""

import inspect
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from wsol.errors import DataError
from wsol.networks.graphs import Graph, Step
from wsol.networks.models.hearing import has_inside
from wsol.networks.models.inside import inside
from wsol.networks.models.twins import twin


class KerasGraph(Graph):
    """The steps of a Sequential or functional `model`."""

    def __init__(self, model: Any):
        self.model = model
        self.steps = []
        self._fresh = itertools.count()  # keys for tensors
        if not getattr(model, "inputs", None):
            raise DataError(
                f"model '{model.name}' is a subclassed one and has no graph of layers; write it with "
                "`model.export(FOLDER)` where it was made, and give that folder as `model`, with `safe: false`."
            )
        self.inputs = [next(self._fresh) for _ in model.inputs]
        self.input_shapes = [tuple(tensor.shape) for tensor in model.inputs]
        self._symbols = dict(zip(self.inputs, model.inputs, strict=True))  # what Keras knows of tensors, by key
        self.feeds = list(self.inputs)
        self.input_names = [tensor.name for tensor in model.inputs]
        self.input_kinds = [str(tensor.dtype) for tensor in model.inputs]
        outputs = self._inline(model, self.inputs, "")
        names = getattr(model, "output_names", None) or []
        names = names if len(names) == len(outputs) else [str(place) for place in range(len(outputs))]
        self.outputs = dict(zip(names, outputs, strict=True))

    def key(self) -> int:
        """A key that no tensor has yet."""
        return next(self._fresh)

    def _inline(self, model: Any, feeds: list[int], prefix: str) -> list[int]:
        """The keys of a model's outputs; its steps are added, named below `prefix`."""
        import keras

        if isinstance(model, keras.Sequential):
            for layer in model.layers:
                feeds = self._call(layer, _only(feeds[0]), feeds, [layer.output], prefix)
            return feeds
        keys = {id(tensor): key for tensor, key in zip(model.inputs, feeds, strict=True)}
        for node in calls(model):
            if node.operation is None or node.is_input:
                continue
            inputs = {id(tensor): keys[id(tensor)] for tensor in node.input_tensors}

            def bind(values: Any, node: Any = node, inputs: Any = inputs) -> Any:
                return node.arguments.fill_in({name: values[key] for name, key in inputs.items()})

            order = [keys[id(tensor)] for tensor in node.input_tensors]
            made = self._call(node.operation, bind, order, node.outputs, prefix)
            keys |= {id(tensor): key for tensor, key in zip(node.outputs, made, strict=True)}
        return [keys[id(tensor)] for tensor in model.outputs]

    def _call(self, operation: Any, bind: Callable, inputs: list[int], outputs: list, prefix: str) -> list[int]:
        import keras

        if isinstance(operation, keras.Sequential) or hasattr(operation, "_nodes_by_depth"):
            return self._inline(operation, inputs, f"{prefix}{operation.name}/")
        name = prefix + operation.name
        made = self._inside(operation, bind, inputs, name) if has_inside(operation) else []
        if not made:
            made = [next(self._fresh) for _ in outputs]
            self.steps.append(Step(name, operation, tuple(inputs), tuple(made), tuple(outputs[0].shape), bind))
        self._symbols |= dict(zip(made, outputs, strict=True))
        return made

    def _inside(self, layer: Any, bind: Callable, inputs: list[int], name: str) -> list[int]:
        """The keys of the outputs of a layer made of layers, whose steps are added; [] where it stays closed."""
        import tensorflow as tf

        feeds = {key: tf.TensorSpec(self._symbols[key].shape, self._symbols[key].dtype) for key in inputs}
        try:
            found = inside(layer, bind, feeds, name, self._fresh)
        except (ValueError, TypeError, AttributeError, NotImplementedError, tf.errors.OpError):
            return []  # what it does cannot be seen: it stays one step
        self.steps += found.steps
        self.opened = True
        return found.outputs

    def run(self, values: Mapping[int, Any], wanted: Iterable[int]) -> dict[int, Any]:
        """`values` and the `wanted`, by key, and what was needed on the way."""
        import tensorflow as tf

        wanted = list(wanted)
        if self.opened and tf.executing_eagerly():  # operations of a trace run in traces only
            return tf.function(lambda: self.run(values, wanted), autograph=False)()
        values = self.filled(values)
        for step in self.upstream(wanted, values):
            results = zip(step.outputs, _apply(step, values), strict=True)
            values |= {key: value for key, value in results if key not in values}
        return values

    def linear(self, step: Step) -> Step:
        """A layer's step without the activation in it; the model keeps its own layer."""
        return step._replace(operation=twin(step.operation, activation="linear"), bind=_only(step.inputs[0]))


def calls(model: Any) -> Iterator[Any]:
    """The calls of layers and functions in the order they run; Keras has no public way to walk a graph so."""
    for depth in sorted(model._nodes_by_depth, reverse=True):
        yield from model._nodes_by_depth[depth]


def _only(key: int) -> Callable[[dict], tuple]:
    """A step's arguments where it takes one tensor."""
    return lambda values: ((values[key],), {})


def _apply(step: Step, values: dict) -> list:
    import keras

    assert step.bind is not None, "a Keras graph's steps can be called"
    args, kwargs = step.bind(values)
    if isinstance(step.operation, keras.layers.Layer):
        # Dropout and normalisation as in inference, whatever a nested model was called with.
        if "training" in inspect.signature(step.operation.call).parameters:
            kwargs = {**kwargs, "training": False}
        # Not every layer's `call` takes the mask that Keras records for it.
        kwargs = {name: value for name, value in kwargs.items() if name != "mask" or value is not None}
    made = keras.tree.flatten(step.operation(*args, **kwargs))
    return [keras.ops.transpose(each, (0, 2, 3, 1)) for each in made] if step.moved else made
