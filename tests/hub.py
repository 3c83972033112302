"""Small classifiers of keras-hub, with random weights: each family of transformers with a head."""

import pytest

from models import keras

SIDE = 32


def keras_hub():
    """The package; a test that needs it is skipped without."""
    return pytest.importorskip("keras_hub", reason="needs keras-hub: make test-hub").models


def vit(pooling: str = "token"):
    hub = keras_hub()
    sizes = {"num_layers": 3, "num_heads": 2, "hidden_dim": 16, "mlp_dim": 32}
    return hub.ViTImageClassifier(
        hub.ViTBackbone(image_shape=(SIDE, SIDE, 3), patch_size=8, **sizes), num_classes=4, pooling=pooling
    )


def deit():
    hub = keras_hub()
    sizes = {"num_layers": 3, "num_heads": 2, "hidden_dim": 16, "intermediate_dim": 32}
    return hub.DeiTImageClassifier(hub.DeiTBackbone(image_shape=(SIDE, SIDE, 3), patch_size=8, **sizes), num_classes=4)


def swin():
    hub = keras_hub()
    sizes = {"embed_dim": 8, "depths": [1, 2], "num_heads": [1, 2], "window_size": 2, "patch_size": 4}
    return hub.SwinTransformerImageClassifier(
        hub.SwinTransformerBackbone(image_shape=(SIDE, SIDE, 3), **sizes), num_classes=4
    )


def dinov2(registers: int = 4):
    hub = keras_hub()
    sizes = {"num_layers": 3, "num_heads": 2, "hidden_dim": 16, "intermediate_dim": 32, "patch_size": 8}
    shapes = {"image_shape": (SIDE, SIDE, 3), "position_embedding_shape": (64, 64, 3)}
    backbone = hub.DINOV2Backbone(num_register_tokens=registers, **sizes, **shapes)
    return keras.Model(backbone.input, keras.layers.Dense(4, name="predictions")(backbone.output[:, 0]))


CLASS_TOKEN = "is given: the class is read from a token of its own"
# The model, the layer that `auto` explains, what it says of that, and the tokens before the patches.
FAMILIES = {
    "ViT": (vit, "vit_encoder/transformer_block_3/ln_1", CLASS_TOKEN, 1),
    "ViT, pooled": (lambda: vit("gap"), "vit_encoder/ln", "", 1),
    "DeiT": (deit, "deit_encoder/transformer_block_3/ln_1", CLASS_TOKEN, 2),
    "Swin": (swin, "norm", "", 0),
    "DINOv2": (dinov2, "encoder/layers_2/norm1", CLASS_TOKEN, 5),
    "DINOv2 without registers": (lambda: dinov2(0), "encoder/layers_2/norm1", CLASS_TOKEN, 1),
}
