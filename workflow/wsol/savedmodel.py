"""A SavedModel folder as a graph: what Keras' `export` writes, and what Keras 2 saved.

There are no layers in it, only TensorFlow's operations; each that depends on the input is a step. Operations stand in
a layer's name scope, and the last of a scope gets its name: `functional_1/block5_conv3` rather than
`functional_1/block5_conv3/Relu`.
"""

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from wsol.architectures import brief
from wsol.errors import DataError
from wsol.graphs import Graph, Step, only

# The operations that are treated by kind, under the names of the Keras layers that do the same.
KINDS = {
    "AvgPool": "AveragePooling2D",
    "DepthwiseConv2dNative": "DepthwiseConv2D",
    "MaxPool": "MaxPooling2D",
    "Pad": "ZeroPadding2D",
}
CALLS = ("StatefulPartitionedCall", "PartitionedCall", "Func")


class SavedGraph(Graph):
    """The steps of the model's default signature, its variables frozen into constants."""

    def __init__(self, path: str):
        frozen, outputs = _frozen(path)
        operations = frozen.graph.get_operations()
        names, keys = _layer_names([operation.name for operation in operations]), itertools.count()
        self.model, self.steps = None, []
        self._definition = frozen.graph.as_graph_def()
        self._nodes = {node.name: node for node in self._definition.node}
        known = {tensor.name: next(keys) for tensor in frozen.inputs}
        self.inputs = list(known.values())
        self.input_shapes = [_shape(tensor) for tensor in frozen.inputs]
        for operation in operations:
            inputs = tuple(known[tensor.name] for tensor in operation.inputs if tensor.name in known)
            if not inputs or not operation.outputs:
                continue
            known |= {tensor.name: next(keys) for tensor in operation.outputs}
            made = tuple(known[tensor.name] for tensor in operation.outputs)
            shape = _shape(operation.outputs[0])
            self.steps.append(Step(names[operation.name], _layer(operation), only(inputs[0]), inputs, made, shape))
        self._names = {key: name for name, key in known.items()}
        self.outputs = {name: known[tensor.name] for name, tensor in zip(outputs, frozen.outputs, strict=True)}

    def run(self, values: Mapping[int, Any], wanted: Iterable[int]) -> dict[int, Any]:
        """`values` and the `wanted`."""
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
        import tensorflow as tf

        nodes, cut, waiting = {}, set(), list(wanted)
        while waiting:
            tensor = waiting.pop()
            name = tensor.removesuffix(":0").split(":")[0]
            if tensor in given:
                cut.add(tensor)
            elif name not in nodes:
                node = nodes[name] = tf.compat.v1.NodeDef.FromString(self._nodes[name].SerializeToString())
                inputs = [source for source in node.input if not source.startswith("^")]
                node.input[:] = inputs
                waiting += [source if ":" in source else f"{source}:0" for source in inputs]
        return list(nodes.values()), cut


def _frozen(path: str) -> tuple[Any, list[str]]:
    """The default signature as a function without variables, and the names of its outputs in order."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    try:
        loaded = tf.saved_model.load(path)  # holds the variables
        name = "serving_default" if "serving_default" in loaded.signatures else next(iter(loaded.signatures))
        signature = loaded.signatures[name]
        return convert_variables_to_constants_v2(signature), sorted(signature.structured_outputs)
    except StopIteration:
        raise DataError(f"model '{path}' has no signature to call it by.") from None
    except Exception as error:  # a foreign folder may fail anywhere in TensorFlow's loading
        raise DataError(f"model '{path}' cannot be loaded: {brief(error)}") from error


def _layer_names(names: list[str]) -> dict[str, str]:
    """By operation: its path without the calls it was inlined from; of the last in a scope, the scope's."""
    short = {name: "/".join(part for part in name.split("/") if part not in CALLS) for name in names}
    last = {path.rpartition("/")[0]: name for name, path in short.items()}
    return {
        name: scope if (scope := path.rpartition("/")[0]) and last[scope] == name else path
        for name, path in short.items()
    }


def _shape(tensor: Any) -> tuple:
    return tuple(tensor.shape) if tensor.shape.rank is not None else (None, None)


def _layer(operation: Any) -> Any:
    """An object of the class, and with the settings, of the Keras layer that does the same."""
    settings, attributes = {}, operation.node_def.attr
    kind = KINDS.get(operation.type, operation.type)
    if "strides" in attributes and "padding" in attributes:
        settings = {"padding": attributes["padding"].s.decode().lower()}
        settings |= {"strides": tuple(attributes["strides"].list.i)[1:3]}
        settings |= {"data_format": {b"NHWC": "channels_last"}.get(attributes["data_format"].s, "channels_first")}
        kind = kind if settings["padding"] != "explicit" else "Conv"  # its places are not worked out
    if "dilations" in attributes:
        settings |= {"dilation_rate": tuple(attributes["dilations"].list.i)[1:3]}
        settings |= {"kernel_size": tuple(operation.inputs[1].shape)[:2]}
    if "ksize" in attributes:
        settings |= {"pool_size": tuple(attributes["ksize"].list.i)[1:3]}
    return type(kind, (), settings | _constants(operation))()


def _constants(operation: Any) -> dict[str, Any]:
    """What an operation takes as a constant and a layer as a setting."""
    import tensorflow as tf

    if operation.type not in ("Mean", "Pad"):
        return {}
    constant = tf.get_static_value(operation.inputs[1])
    if constant is None:
        return {}
    return {"axis": constant.ravel().tolist()} if operation.type == "Mean" else {"padding": constant.tolist()[1:3]}
