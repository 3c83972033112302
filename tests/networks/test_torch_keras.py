"""The same network in PyTorch and in Keras, weights carried over: both explainers answer alike."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is an extra: make test-torch")

import models  # noqa: E402
import torchnets  # noqa: E402
from models import keras, layers  # noqa: E402
from torchnets import SIDE, Residual, Vision, pictures, seeded  # noqa: E402
from wsol.networks.explainer import Masks  # noqa: E402

RELATIVE = 1e-4


def residual(network: Residual) -> "keras.Model":
    """The residual network, each step by Keras' own layer; of a ReLU's output PyTorch's padding is as good as zeros."""
    start = layers.Input((SIDE, SIDE, 3))
    x = convolved(start, network.conv1, network.bn1, "stem")
    x = layers.MaxPooling2D(3, 2)(layers.ZeroPadding2D(1)(layers.ReLU(name="relu")(x)))
    for name, block in (("layer1", network.layer1[0]), ("layer2.0", network.layer2[0]), ("layer2", network.layer2[1])):
        y = layers.ReLU()(convolved(x, block.conv1, block.bn1, f"{name}a"))
        x = layers.ReLU(name=name)(layers.Add()([convolved(y, block.conv2, block.bn2, f"{name}b"), x]))
    head = layers.Dense(3, name="head")
    model = keras.Model(start, head(layers.GlobalAveragePooling2D()(x)))
    head.set_weights(linear(network.fc))
    return model


def convolved(x, conv, norm, name: str):
    layer = layers.Conv2D(6, 3, padding="same", use_bias=False, name=f"{name}_conv")
    normal = layers.BatchNormalization(epsilon=norm.eps, name=f"{name}_bn")
    x = normal(layer(x))
    layer.set_weights([conv.weight.permute(2, 3, 1, 0).numpy()])
    normal.set_weights([each.numpy() for each in (norm.weight, norm.bias, norm.running_mean, norm.running_var)])
    return x


def linear(layer) -> list[np.ndarray]:
    return [layer.weight.T.numpy(), layer.bias.numpy()]


class Tokens(layers.Layer):
    """A class token before the patches, and positions on all of them."""

    def build(self, shape):
        self.first = self.add_weight(shape=(1, 1, shape[-1]))
        self.positions = self.add_weight(shape=(1, shape[1] + 1, shape[-1]))

    def call(self, x):
        first = keras.ops.repeat(self.first, keras.ops.shape(x)[0], axis=0)
        return keras.ops.concatenate([first, x], axis=1) + self.positions


def vision(network: Vision) -> "keras.Model":
    """The transformer, its attention by Keras' own layer."""
    width = 8
    start = layers.Input((SIDE, SIDE, 3))
    patches = layers.Conv2D(width, 4, 4, name="conv_proj")
    tokens = Tokens()
    x = tokens(layers.Reshape((16, width))(patches(start)))
    patches.set_weights([network.conv_proj.weight.permute(2, 3, 1, 0).numpy(), network.conv_proj.bias.numpy()])
    tokens.set_weights([network.class_token.numpy(), network.pos_embedding.numpy()])
    for i, block in enumerate(network.layers):
        y = normed(x, block.ln_1, f"block_{i}_ln_1")
        attention = layers.MultiHeadAttention(2, width // 2, name=f"block_{i}_attention")
        x = x + attention(y, y)
        attention.set_weights(attended(block.self_attention, width))
        y = layers.Dense(2 * width, activation=keras.activations.gelu, name=f"block_{i}_wide")
        z = layers.Dense(width, name=f"block_{i}_narrow")
        x = x + z(y(normed(x, block.ln_2, f"block_{i}_ln_2")))
        y.set_weights(linear(block.mlp[0]))
        z.set_weights(linear(block.mlp[2]))
    head = layers.Dense(3, name="head")
    model = keras.Model(start, head(normed(x, network.ln, "ln")[:, 0]))
    head.set_weights(linear(network.head))
    return model


def normed(x, norm, name: str):
    layer = layers.LayerNormalization(epsilon=norm.eps, name=name)
    x = layer(x)
    layer.set_weights([norm.weight.numpy(), norm.bias.numpy()])
    return x


def attended(attention, width: int) -> list[np.ndarray]:
    """Query, key, value and output, each with its bias; PyTorch has the first three in one."""
    found = []
    for part in range(3):
        own = slice(part * width, (part + 1) * width)
        found += [attention.in_proj_weight[own].T.reshape(width, 2, -1), attention.in_proj_bias[own].reshape(2, -1)]
    out = attention.out_proj
    return [each.numpy() for each in (*found, out.weight.T.reshape(2, -1, width), out.bias)]


def both(name: str, layer: str):
    """The two explainers."""
    network = seeded({"residual": Residual, "vision": Vision}[name])
    model = {"residual": residual, "vision": vision}[name](network)
    return (
        torchnets.backbone(network, layer=layer).explainer(4),
        models.backbone(model, layer=layer).explainer(4),
    )


def close(ours: np.ndarray, theirs: np.ndarray) -> None:
    assert np.abs(theirs).max() > 0
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=RELATIVE * np.abs(theirs).max())


CASES = [("residual", "relu"), ("residual", "layer1"), ("residual", "layer2"), ("vision", "conv_proj")]


@pytest.mark.parametrize(("name", "layer"), CASES)
def test_forward_gradients_and_ablation_are_keras_own(name, layer):
    images, weights = pictures(4), np.random.default_rng(1).normal(size=(4, 3)).astype(np.float32)
    found = []
    for explainer in both(name, layer):
        seen = explainer.forward(images)
        ((gradients,),) = explainer.gradients(seen.kept, np.arange(4), [weights], [[0]])
        ablated = explainer.ablated(seen.kept, 2, 0, np.arange(-1, 6))
        # Among equal numbers, as the zeros of a ReLU are, a max pooling has no one gradient.
        met = gradients * (seen.activations[0] != 0)
        found.append((seen.logits, seen.activations[0], met, ablated - ablated[:1]))
    for ours, theirs in zip(*found, strict=True):
        assert ours.shape == theirs.shape
        close(ours, theirs)


@pytest.mark.parametrize("name", ["residual", "vision"])
def test_masked_images_are_answered_as_keras_answers(name):
    random = np.random.default_rng(2)
    rows = random.random((SIDE, 4), np.float32)
    masks = Masks(rows, random.random((6, 4, 5), np.float32), random.random((SIDE, 5), np.float32), scaled=True)
    given = (pictures(3), np.array([0, 2, 1, 1, 0, 2]), masks, np.float32([124, 116, 104]))
    layer = "layer2" if name == "residual" else "conv_proj"
    ours, theirs = (explainer.masked(*given) for explainer in both(name, layer))
    close(ours, theirs)
    assert np.ptp(ours, axis=0).max() > 1e-3


def test_cells_lie_where_keras_has_them_and_cam_is_defined_where_keras_says():
    ours, theirs = (explainer.backbone for explainer in both("residual", "layer2"))
    assert ours.cell_to_input == theirs.cell_to_input and ours.cell_to_input[0].why == ""
    assert ours.between() == theirs.between() == []
    ours, theirs = (explainer.backbone for explainer in both("residual", "layer1"))
    assert ours.between() and theirs.between()
