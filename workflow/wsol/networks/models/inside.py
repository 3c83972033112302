"""The inside of a layer that is made of layers, as steps: an encoder's blocks, a block's attention.

Keras keeps no graph of what such a layer does in its `call`. So it is called once on symbolic tensors while its inner
layers are listened to: a call of theirs is a step, and so is each TensorFlow operation between them.
"""

import inspect
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from wsol.networks.graphs import Step
from wsol.networks.models.hearing import Call, Heard, is_symbolic, tensors
from wsol.networks.models.savedmodel import as_layer

PASSING = ("_gradient_op_type", "_class", "_XlaMustCompile")  # attributes that hold for one trace only


class Inside(NamedTuple):
    """What one call does: its steps, and the keys of its outputs in order."""

    steps: list[Step]
    outputs: list[int]


def inside(layer: Any, bind: Callable, feeds: dict[int, Any], path: str, fresh: Iterator[int], **extra: Any) -> Inside:
    """The steps of a layer's call with the arguments that `bind` makes of the tensors of `feeds`, key -> spec.

    Steps are named below `path`; `fresh` gives keys. `extra` are arguments that the call gets beside its own. A
    ValueError or TypeError says that it cannot be called on symbolic tensors; it then remains one step.
    """
    import keras
    import tensorflow as tf

    heard = Heard(layer, path)
    if "training" in inspect.signature(layer.call).parameters:
        extra["training"] = False

    def call(*tensors: Any) -> list:
        args, kwargs = bind(dict(zip(feeds, tensors, strict=True)))
        with heard.listening(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the model said it when it was made
            return keras.tree.flatten(layer(*args, **{**kwargs, **extra}))

    trace = tf.function(call, autograph=False).get_concrete_function(*feeds.values())
    return _Steps(heard, trace, list(feeds), fresh).found(tensors(trace.structured_outputs))


class _Steps:
    """Makes steps of a trace."""

    def __init__(self, heard: Heard, trace: Any, feeds: Sequence[int], fresh: Iterator[int]):
        self.heard = heard
        self.fresh = fresh
        graph = trace.graph
        self.operations = graph.get_operations()
        self.captured = {inner.name: outer for outer, inner in graph.captures}
        self.keys = {tensor.name: key for tensor, key in zip(graph.inputs, feeds, strict=False)}
        self.steps: list[Step] = []

    def found(self, outputs: Sequence[Any]) -> Inside:
        """The steps that the outputs, tensors of the trace, need."""
        calls = {call.first: call for call in self.heard.calls if self._makes(call)}
        place = 0
        while place < len(self.operations):
            if call := calls.get(place):
                self._called(call)
            place = max(call.last, place + 1) if call else self._operated(place)
        keys = [self._output(tensor) for tensor in outputs]
        self._named_as_whole(keys)
        return Inside(_needed(self.steps, keys), keys)

    def _makes(self, call: Call) -> bool:
        """Whether a call makes something: a dropout gives back what it got."""
        return call.last > call.first

    def _called(self, call: Call) -> None:
        """A step of an inner layer's call."""
        import keras

        given = [key for value in keras.tree.flatten(call.arguments) if (key := self._key(value)) is not None]

        def bind(values: dict, call: Call = call) -> tuple:
            return keras.tree.map_structure(lambda value: self._value(value, values), call.arguments)

        self._step(call.path, call.layer, given, call.outputs, bind)

    def _operated(self, place: int) -> int:
        """A step of an operation that depends on what the layer is given; the place of what comes next."""
        operation = self.operations[place]
        given = [key for tensor in operation.inputs if (key := self._key(tensor)) is not None]
        if operation.type == "Identity" and given:
            self.keys[operation.outputs[0].name] = given[0]
        elif given and operation.outputs:
            # A new one, else other steps would share what they are called with.
            def bind(values: dict, operation: Any = operation) -> tuple:
                return [self._value(tensor, values) for tensor in operation.inputs], {}

            self._step(self._name(place), as_layer(operation, _Operation, operation), given, operation.outputs, bind)
        return place + 1

    def _name(self, place: int) -> str:
        """An operation's path: that of the layer it ends, the largest one inside, or its own below its layer's."""
        made = {tensor.name for tensor in self.operations[place].outputs}
        *inner, whole = self.heard.opened
        ends = [call.path for call in [whole, *inner] if call.outputs and call.outputs[0].name in made]
        own = self.operations[place].name.rsplit("/", 1)[-1]
        return ends[-1] if ends else f"{self.heard.where(place)}/{own}"

    def _step(self, name: str, operation: Any, given: list[int], outputs: Sequence[Any], bind: Callable) -> None:
        made = {tensor.name: next(self.fresh) for tensor in outputs}
        self.keys |= made
        shape = outputs[0].shape
        sizes = (None, None) if shape.rank is None else tuple(shape)
        self.steps.append(Step(name, operation, tuple(given), tuple(made.values()), sizes, bind))

    def _named_as_whole(self, keys: list[int]) -> None:
        """Where an inner layer makes the first output, the opened layer's name stands beside that one's."""
        whole = self.heard.opened[-1].path
        maker = next((step for step in self.steps if keys[0] in step.outputs), None)
        if maker is None or any(step.name == whole for step in self.steps):
            return
        made, keys[0] = keys[0], next(self.fresh)
        self.steps.append(
            Step(whole, Identity(), (made,), (keys[0],), maker.shape, lambda values: ((values[made],), {}))
        )

    def _output(self, tensor: Any) -> int:
        """An output's key; one that nothing given changes is a step of its own."""
        if self._key(tensor) is None:

            def bind(values: dict) -> tuple:
                return (self._value(tensor, values),), {}

            self._step(self.heard.opened[-1].path, Constant(), [], [tensor], bind)
        return self.keys[tensor.name]

    def _key(self, value: Any) -> int | None:
        return self.keys.get(getattr(value, "name", "")) if is_symbolic(value) else None

    def _value(self, value: Any, values: dict) -> Any:
        """A tensor of the trace as it is now: computed by a step, or of weights and constants alone."""
        if not is_symbolic(value):
            return value
        if value.name in self.keys:
            return values[self.keys[value.name]]
        if value.name in self.captured:
            return self.captured[value.name]
        made = _Operation(value.op)(*[self._value(tensor, values) for tensor in value.op.inputs])
        return made[value.value_index]


class Identity:
    """Gives back what it is given."""

    def __call__(self, tensor: Any) -> Any:
        return tensor


class Constant(Identity):
    """What nothing given changes."""


class _Operation:
    """A TensorFlow operation of a trace, to be called on other tensors."""

    def __init__(self, operation: Any):
        self.operation = operation

    def __call__(self, *tensors: Any) -> Any:
        import tensorflow as tf

        # Another gradient than the operation's own is named by a function of the trace it was made in.
        attributes = {name: value for name, value in self.operation.node_def.attr.items() if name not in PASSING}
        types = [tensor.dtype for tensor in self.operation.outputs]
        graph = tf.compat.v1.get_default_graph()
        given = [tf.convert_to_tensor(tensor) for tensor in tensors]
        return graph.create_op(self.operation.type, given, types, attrs=attributes).outputs


def _needed(steps: list[Step], keys: list[int]) -> list[Step]:
    """Those that the outputs need, in order."""
    wanted, found = set(keys), []
    for step in reversed(steps):
        if wanted.intersection(step.outputs):
            found.append(step)
            wanted.update(step.inputs)
    return found[::-1]
