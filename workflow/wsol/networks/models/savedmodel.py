"""A SavedModel folder as a graph: what Keras' `export` writes, and what Keras 2 saved.

There are no layers in it, only TensorFlow's operations; each that depends on the input is a step. Operations stand in
a layer's name scope, and the last of a scope gets its name: `functional_1/block5_conv3` rather than
`functional_1/block5_conv3/Relu`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from wsol.errors import ConfigError, DataError
from wsol.networks.graphs import Graph, Step
from wsol.networks.models.architectures import brief

# The operations that are told apart by kind, under the names of the Keras layers that do the same.
KINDS = {
    "AddV2": "Add",
    "AvgPool": "AveragePooling2D",
    "ConcatV2": "Concatenate",
    "DepthwiseConv2dNative": "DepthwiseConv2D",
    "MaxPool": "MaxPooling2D",
    "Pad": "ZeroPadding2D",
    "Relu": "ReLU",
    "Relu6": "ReLU",
    "ReverseV2": "Flip",
}
TO_LAST, TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)
CALLS = ("StatefulPartitionedCall", "PartitionedCall", "Func")


class SavedGraph(Graph):
    """The steps of the model's default signature, its variables frozen into constants.

    `turned` has the key of a map that the model has with channels first, by that of the same with channels last.
    """

    turned: Mapping[int, int] = {}

    def __init__(self, path: str):
        frozen, outputs = _frozen(path)
        operations = frozen.graph.get_operations()
        self._definition = frozen.graph.as_graph_def()
        self.steps = []
        self._nodes = {node.name: node for node in self._definition.node}
        images = [tensor for tensor in frozen.inputs if tensor.dtype.is_numpy_compatible]  # the others are tables
        keys = {tensor.name: key for key, tensor in enumerate(images)}
        self.inputs = list(keys.values())
        self.input_shapes = [tuple(tensor.shape) for tensor in images]
        self.feeds = list(self.inputs)
        self.input_names = [tensor.name.split(":")[0] for tensor in images]
        self.input_kinds = [tensor.dtype.name for tensor in images]
        self._names = [tensor.name for tensor in images]
        names = _layer_names([operation.name for operation in operations])
        for operation in operations:
            self._step(operation, names[operation.name], keys)
        found = zip(outputs, frozen.outputs, strict=True)  # one that no image changes is none of ours
        self.outputs = {name: keys[tensor.name] for name, tensor in found if tensor.name in keys}

    def _step(self, operation: Any, name: str, keys: dict[str, int]) -> None:
        """A step of what depends on the input; `keys` are the tensors' by name. Shapes come with the input's size."""
        inputs = tuple(keys[tensor.name] for tensor in operation.inputs if tensor.name in keys)
        if operation.type == "Identity" and inputs:
            keys[operation.outputs[0].name] = inputs[0]
        elif inputs and operation.outputs:
            made = {tensor.name: len(self._names) + place for place, tensor in enumerate(operation.outputs)}
            keys |= made
            self._names += made
            self.steps.append(Step(name, as_layer(operation), inputs, tuple(made.values()), ()))

    def key(self) -> int:
        """A key that no tensor has yet."""
        self._names.append("")
        return len(self._names) - 1

    def run(self, values: Mapping[int, Any], wanted: Iterable[int]) -> dict[int, Any]:
        """`values` and the `wanted`, by key, by importing what lies between them into the function being traced."""
        import tensorflow as tf

        wanted = list(wanted)
        values = self.filled(values)
        own = {self.turned[key]: tf.transpose(value, TO_FIRST) for key, value in values.items() if key in self.turned}
        found = self._imported(values | own, [self.turned.get(key, key) for key in wanted if key not in values])
        moved = {key: tf.transpose(found[self.turned[key]], TO_LAST) for key in wanted if key in self.turned}
        return found | moved | values

    def _imported(self, values: Mapping[int, Any], wanted: list[int]) -> dict[int, Any]:
        """The same of tensors as the model has them."""
        import tensorflow as tf

        given = {self._names[key]: value for key, value in values.items()}
        missing = [key for key in wanted if key not in values]
        nodes, cut = self._between(given, [self._names[key] for key in missing])
        definition = tf.compat.v1.GraphDef(
            node=nodes, library=self._definition.library, versions=self._definition.versions
        )
        found = tf.graph_util.import_graph_def(
            definition, {name: given[name] for name in cut}, [self._names[key] for key in missing]
        )
        return dict(values) | dict(zip(missing, found, strict=True))

    def _between(self, given: Mapping[str, Any], wanted: list[str]) -> tuple[list, set[str]]:
        """The nodes that the wanted tensors need, and which of the given tensors those start from."""
        nodes: dict[str, Any] = {}
        cut: set[str] = set()
        waiting = list(wanted)
        while waiting:
            tensor = waiting.pop()
            name = tensor.removesuffix(":0").split(":")[0]
            if tensor in given:
                cut.add(tensor)
            elif name not in nodes:
                node = nodes[name] = _plain(self._nodes[name])
                waiting += [source if ":" in source else f"{source}:0" for source in node.input]
        if table := next((node.name for node in nodes.values() if node.op == "Placeholder"), None):
            raise ConfigError(f"output: needs '{table}', which is no image and no weight.")
        return list(nodes.values()), cut


def _plain(node: Any) -> Any:
    """A node without its control inputs, which order side effects, and with its operation's own gradient.

    Another gradient than that is named by a function that captured tensors of the graph it was made in. For a swish it
    is the same; one that was false on purpose (straight through) becomes true.
    """
    plain = type(node).FromString(node.SerializeToString())
    plain.input[:] = [source for source in node.input if not source.startswith("^")]
    plain.attr.pop("_gradient_op_type", None)
    return plain


def _frozen(path: str) -> tuple[Any, list[str]]:
    """The default signature as a function without variables, and the names of its outputs in order."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    try:
        loaded = tf.saved_model.load(path)  # holds the variables
        name = "serving_default" if "serving_default" in loaded.signatures else next(iter(loaded.signatures))
        signature = loaded.signatures[name]
        # Branches stay functions: lowered, they would hang on control inputs.
        frozen = convert_variables_to_constants_v2(signature, lower_control_flow=False)
        return frozen, sorted(signature.structured_outputs)
    except StopIteration:
        raise DataError(f"model '{path}' has no signature to call it by.") from None
    except Exception as error:  # a foreign folder may fail anywhere in TensorFlow's loading
        raise DataError(f"model '{path}' cannot be loaded: {brief(error)}") from error


def _layer_names(names: list[str]) -> dict[str, str]:
    """By operation: its path without the calls it was inlined from; of the last in a layer's scope, the scope's."""
    short = {name: _without_calls(name) for name in names}
    last = {path.rpartition("/")[0]: name for name, path in short.items()}
    # The outermost scope is the model's own.
    layers = {name: scope for scope, name in last.items() if "/" in scope}
    return short | layers


def _without_calls(name: str) -> str:
    return "/".join(part for part in name.split("/") if part not in CALLS)


def as_layer(operation: Any, base: type = object, *given: Any) -> Any:
    """An object of the class, and with the settings, of the Keras layer that does the same; also a `base(*given)`."""
    attributes = operation.node_def.attr
    shape = operation.outputs[0].shape
    settings: dict[str, Any] = {"made": tuple(shape) if shape.rank else ()}
    places = slice(1, 3)
    if "data_format" in attributes:
        last = attributes["data_format"].s == b"NHWC"
        places = slice(1, 3) if last else slice(2, 4)
        settings |= {"data_format": "channels_last" if last else "channels_first"}
    kind = KINDS.get(operation.type, operation.type)
    if "strides" in attributes and "padding" in attributes:
        settings |= {"padding": attributes["padding"].s.decode().lower()}
        settings |= {"strides": tuple(attributes["strides"].list.i)[places]}
        kind = kind if settings["padding"] != "explicit" else "Conv"  # its places are not worked out
    if "dilations" in attributes:
        settings |= {"dilation_rate": tuple(attributes["dilations"].list.i)[places]}
        settings |= {"kernel_size": tuple(operation.inputs[1].shape)[:2]}
    if "ksize" in attributes:
        settings |= {"pool_size": tuple(attributes["ksize"].list.i)[places]}
    made = type(kind, (base,), {})(*given)
    vars(made).update(settings | _constants(operation))
    return made


def _constants(operation: Any) -> dict[str, Any]:
    """What an operation takes as a constant and a layer as a setting."""
    import tensorflow as tf

    if operation.type not in ("Mean", "Pad", "Transpose"):
        return {}
    constant = tf.get_static_value(operation.inputs[1])
    if constant is None:
        return {}
    if operation.type == "Pad":
        return {"padding": constant.tolist()[1:3], "paddings": constant.tolist()}
    return {"axis" if operation.type == "Mean" else "axes": constant.ravel().tolist()}
