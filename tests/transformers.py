"""Small transformers of Keras' own layers, as people write them."""

from models import SIDE, keras, layers

WIDTH, GRID = 8, 4


def class_token(count: int = 1) -> "keras.Model":
    """One block as in Dosovitskiy 2021, its class read from the first token."""
    start = layers.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(WIDTH, 4, strides=4, name="patch")(start)
    x = layers.Reshape((GRID * GRID, WIDTH))(x)
    x = layers.Concatenate(axis=1, name="tokens")([token(x, count), x]) if count else x
    x = block(x)
    x = layers.LayerNormalization(name="last")(x)
    x = x[:, 0] if count else layers.GlobalAveragePooling1D()(x)
    return keras.Model(start, layers.Dense(3, "softmax", name="head")(x), name="transformer")


def token(patches, count: int):
    """[n count k] that no image changes."""
    return layers.Dense(WIDTH, use_bias=True, bias_initializer="random_normal", name="class_token")(
        keras.ops.zeros_like(patches[:, :count])
    )


def block(x, name: str = ""):
    y = layers.LayerNormalization(name=f"{name}first")(x)
    x = layers.Add(name=f"{name}attended")([x, layers.MultiHeadAttention(2, 4, name=f"{name}attention")(y, y)])
    y = layers.LayerNormalization(name=f"{name}second")(x)
    y = layers.Dense(WIDTH, name=f"{name}down")(layers.Dense(2 * WIDTH, "gelu", name=f"{name}up")(y))
    return layers.Add(name=f"{name}sum")([x, y])
