"""What `auto` makes of networks that mix places behind their last map, as Keras files and as SavedModels."""

import pytest

from models import SIDE, backbone, keras, layers, seeded
from wsol.errors import ConfigError
from wsol.networks import backbones

ops = keras.ops


def built(head) -> "keras.Model":
    """A patch embedding [n 4 4 8] called `patch`, `head(map, tokens)`, and a softmax of three."""

    def make():
        start = layers.Input((SIDE, SIDE, 3))
        x = layers.Conv2D(8, 4, strides=4, activation="relu", name="patch")(start)
        x = head(x, layers.Reshape((16, 8))(x))
        return keras.Model(start, layers.Dense(3, "softmax")(x))

    return seeded(make)


def named(tokens):
    return layers.LayerNormalization(name="last")(tokens)


def transformer(tokens):
    """A block as in Dosovitskiy 2021."""
    y = layers.LayerNormalization()(tokens)
    tokens = tokens + layers.MultiHeadAttention(2, 4)(y, y)
    y = layers.LayerNormalization()(tokens)
    return tokens + layers.Dense(8)(layers.Dense(16, "gelu")(y))


def by_hand(_, tokens):
    """Attention of two heads in functions: its arrays [n heads t d] have four axes, as maps have."""
    query, key, value = (
        ops.transpose(ops.reshape(layers.Dense(8)(tokens), (-1, 16, 2, 4)), (0, 2, 1, 3)) for _ in range(3)
    )
    weights = ops.softmax(ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))) / 2.0)
    mixed = ops.reshape(ops.transpose(ops.matmul(weights, value), (0, 2, 1, 3)), (-1, 16, 8))
    return ops.mean(named(mixed + tokens), axis=1)


def attended(x, tokens):
    """A CNN whose pooling is attention."""
    query = layers.Reshape((1, 8))(layers.GlobalAveragePooling2D()(x))
    return layers.Flatten()(layers.Attention()([query, tokens]))


def mixer(_, tokens):
    """Dense layers along the places (Tolstikhin 2021)."""
    mixed = layers.Permute((2, 1))(layers.Dense(16)(layers.Permute((2, 1))(tokens)))
    return layers.GlobalAveragePooling1D()(named(tokens + mixed))


def beside(x, tokens):
    """The last map is pooled; beside it an earlier one is attended."""
    later = layers.Conv2D(8, 3, padding="same", name="later")(x)
    attention = layers.GlobalAveragePooling1D()(transformer(tokens))
    return layers.Concatenate()([attention, layers.GlobalAveragePooling2D()(later)])


MIXED = {
    "attention pooling": attended,
    "recurrent": lambda x, t: layers.LSTM(4)(t),
    "along a sequence": lambda x, t: layers.GlobalMaxPooling1D()(layers.Conv1D(4, 3)(t)),
    "beside": beside,
}


def squeezed(x, _):
    """Efficient channel attention (Wang 2020): a convolution along channels, of what is pooled already."""
    gate = layers.Reshape((8, 1))(layers.GlobalAveragePooling2D()(x))
    gate = layers.Activation("sigmoid")(layers.Conv1D(1, 3, padding="same")(gate))
    gated = layers.Multiply(name="gated")([x, layers.Reshape((1, 1, 8))(gate)])
    return layers.GlobalAveragePooling2D()(gated)


def non_local(x, tokens):
    """A non-local block (Wang 2018): behind its attention there is a map again."""
    attended = layers.Reshape((4, 4, 8))(layers.MultiHeadAttention(2, 4)(tokens, tokens))
    return layers.GlobalAveragePooling2D()(layers.Add(name="sum")([x, attended]))


def shuffled(x, _):
    """A channel shuffle (Zhang 2018) goes through five axes."""
    x = layers.Permute((1, 2, 4, 3))(layers.Reshape((4, 4, 2, 4))(x))
    return layers.GlobalAveragePooling2D()(layers.Conv2D(4, 1, name="after")(layers.Reshape((4, 4, 8))(x)))


# The head, and the last map, or sequence of patches, that it leaves to be explained.
TAKEN = {
    "dense on every token": (
        lambda x, t: layers.GlobalAveragePooling1D()(layers.Dense(8, "relu", name="each")(t)),
        ("each", "patch"),  # a SavedModel has the dense layer as one of all rows, which are no sequence
    ),
    "pooled tokens": (lambda x, t: layers.GlobalAveragePooling1D()(named(transformer(transformer(t)))), "last"),
    "flat tokens": (lambda x, t: layers.Flatten()(named(transformer(t))), "last"),
    "by hand": (by_hand, "last"),
    "mixer": (mixer, "last"),
    "dense on all places": (lambda x, t: layers.Dense(5, "relu")(layers.Flatten()(x)), "patch"),
    "dense on channels first": (lambda x, t: layers.Dense(5)(layers.Flatten()(layers.Permute((3, 1, 2))(x))), "patch"),
    "convolution on all places": (lambda x, t: layers.Flatten()(layers.Conv2D(5, 4)(x)), "patch"),
    "channels attended": (squeezed, "gated"),
    "a map again": (non_local, "sum"),
    "shuffled": (shuffled, "after"),
    "tokens laid out": (
        lambda x, t: layers.GlobalAveragePooling2D()(layers.Reshape((4, 4, 8))(transformer(t))),
        "reshape",
    ),
}


def opened(model, form, folder, **settings):
    if form == "keras":
        return backbone(model, **settings)
    model.export(folder / "saved", verbose=False)
    given = {"model": str(folder / "saved"), "preprocessing": {}, "safe": False, "input": SIDE}
    return backbones.build(given | settings)


FORMS = ["keras", "saved"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", MIXED)
def test_auto_is_refused_where_places_are_mixed_behind_the_last_map(name, form, tmp_path):
    model = built(MIXED[name])
    with pytest.raises(ConfigError, match=r"^layer: auto finds '\S+' \(\w+\) behind the last map, '\S*") as error:
        opened(model, form, tmp_path)
    assert "\n" not in str(error.value) and "name the layer to explain, of: " in str(error.value)
    layer = "patch" if form == "keras" else "patch_1"
    assert opened(model, form, tmp_path, layer=layer).layers[0].shape == (None, 4, 4, 8)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", TAKEN)
def test_auto_is_the_last_map_where_it_is_pooled_or_weighed_place_by_place(name, form, tmp_path):
    head, layer = TAKEN[name]
    found = opened(built(head), form, tmp_path).layer[0].rsplit("/", 1)[-1]
    assert found.startswith(layer)
