"""What is heard while a layer made of layers is called on symbolic tensors: which of its layers, where, with what."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

OWN = "keras."  # the modules of Keras' own layers, which stay closed


def has_inside(operation: Any) -> bool:
    """Whether it is a layer made of layers that is none of Keras' own."""
    import keras

    if not isinstance(operation, keras.layers.Layer) or type(operation).__module__.startswith(OWN):
        return False
    return any(True for _ in operation._flatten_layers(include_self=False, recursive=False))


class Call(NamedTuple):
    """An inner layer was called: the operations first … last - 1 of the trace are its."""

    layer: Any
    path: str
    first: int
    last: int
    outputs: list[Any]
    arguments: tuple  # args, kwargs; of a layer that is opened itself, nothing


class Heard:
    """The calls inside a layer while it is traced."""

    def __init__(self, layer: Any, path: str):
        self.layer = layer
        self.calls: list[Call] = []  # of the layers that are steps
        self.opened: list[Call] = []  # of those that are opened, the layer itself among them, the outermost last
        self._path = [path]
        self._listens = True

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Within it the inner layers' calls are heard; they are as they were afterwards."""
        listened = list({id(inner): inner for inner in self.layer._flatten_layers()}.values())
        own = [(inner, inner.__dict__.get("call")) for inner in listened]
        for inner in listened:
            # Past the layer's own __setattr__, which would take note of what is no part of it.
            object.__setattr__(inner, "call", self._heard(inner, inner.call))
        try:
            yield
        finally:
            for inner, call in own:
                object.__delattr__(inner, "call")
                if call is not None:
                    object.__setattr__(inner, "call", call)

    def _heard(self, layer: Any, call: Callable) -> Callable:
        whole = layer is not self.layer and not has_inside(layer)

        def hear(*args: Any, **kwargs: Any) -> Any:
            if not self._listens:
                return call(*args, **kwargs)
            if layer is not self.layer:
                self._path.append(f"{self._path[-1]}/{layer.name}")
            self._listens = not whole
            first = _count()
            outputs = call(*args, **kwargs)
            self._listens = True
            arguments = (args, kwargs) if whole else ()
            self._note(Call(layer, self._path[-1], first, _count(), tensors(outputs), arguments))
            if layer is not self.layer:
                self._path.pop()
            return outputs

        hear.__signature__ = inspect.signature(call)  # type: ignore[attr-defined]  # Keras asks which arguments it has
        return hear

    def _note(self, call: Call) -> None:
        (self.calls if call.arguments else self.opened).append(call)

    def where(self, place: int) -> str:
        """The path of the innermost opened layer that an operation is in."""
        return next((call.path for call in self.opened if call.first <= place < call.last), self._path[0])


def tensors(outputs: Any) -> list[Any]:
    """The tensors of what a layer gives back, which may also be None."""
    import keras

    return [output for output in keras.tree.flatten(outputs) if is_symbolic(output)]


def _count() -> int:
    """How many operations the trace has by now."""
    import tensorflow as tf

    return len(tf.compat.v1.get_default_graph().get_operations())


def is_symbolic(value: Any) -> bool:
    import tensorflow as tf

    return tf.is_tensor(value) and not hasattr(value, "numpy") and hasattr(value, "op")
