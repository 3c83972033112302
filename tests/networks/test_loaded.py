"""Models as people keep them, saved and loaded from disk: nested, Sequential, with Lambda and with shared layers."""

import numpy as np
import pytest

from models import SIDE, base, keras, layers, seeded
from savedmodels import agree, explained
from wsol.errors import DataError


@pytest.fixture(autouse=True)
def nothing_lent(monkeypatch):
    """What one test lends to the functions of Lambda layers is not there for the next."""
    from keras.src.utils import python_utils

    there = dict(vars(python_utils))
    yield
    for name in vars(python_utils).keys() - there.keys():
        delattr(python_utils, name)


def nested_sequential():
    """A Sequential model in a functional one in a Sequential one, as transfer learning makes them."""
    head = keras.Sequential([layers.GlobalMaxPooling2D(), layers.Dropout(0.5), layers.Dense(3)], name="top")
    start = layers.Input((SIDE, SIDE, 3))
    features = keras.Sequential([base("deepest"), layers.Conv2D(5, 3, activation="relu", name="own")], name="features")
    return keras.Sequential([keras.Model(start, features(start), name="middle_model"), head])


def shared():
    """One layer called twice: its second map is the one behind it."""
    twice = layers.Conv2D(4, 3, padding="same", activation="relu", name="twice")
    start = layers.Input((SIDE, SIDE, 3))
    x = twice(layers.Conv2D(4, 1, name="first")(start))
    return keras.Model(start, layers.Dense(3)(layers.GlobalMaxPooling2D()(layers.Add(name="sum")([twice(x), x]))))


def with_lambdas():
    """Before, at and behind the explained layer."""
    start = layers.Input((SIDE, SIDE, 3))
    x = layers.Lambda(lambda x: x * 2 - 1, name="centred")(start)
    x = layers.Conv2D(4, 3, strides=2, name="conv")(x)
    x = layers.Lambda(lambda x: keras.ops.relu(x) + 0.1, name="late", output_shape=(7, 7, 4))(x)
    x = layers.Lambda(lambda x: keras.ops.mean(x, axis=(1, 2)), name="mean", output_shape=(4,))(x)
    return keras.Model(start, layers.Dense(3, name="head")(x))


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize(
    ("make", "layer", "path"),
    [
        (nested_sequential, "own", "middle_model/features/own"),
        (nested_sequential, "sum", "middle_model/features/deepest/sum"),
        (shared, "first", "first"),
        (shared, "sum", "sum"),
        (with_lambdas, "conv", "conv"),
        (with_lambdas, "late", "late"),
    ],
)
def test_what_is_loaded_is_what_was_saved(make, layer, path, ending, tmp_path):
    """The truth is Keras' own loading and tape; of a nested model, into which that cannot reach, its layers by hand."""
    model = seeded(make)
    model.save(tmp_path / f"own.{ending}")
    (tmp_path / "names.py").write_text("import keras\n")
    by_hand = flat(model, layer) if make is nested_sequential else None
    lent = {"code": str(tmp_path / "names.py"), "safe": False} if make is with_lambdas else {}
    network = agree(tmp_path / f"own.{ending}", layer, both=by_hand, **lent)
    assert network.layer == [path]


def flat(model, wanted):
    """The layers of nested_sequential, called one after the other: an image -> the wanted one's map, the outputs."""
    middle, top = model.layers
    deepest, own = middle.get_layer("features").layers

    def run(images, training):
        seen = {}
        x = early = deepest.get_layer("early")(images[0])
        x = seen["sum"] = deepest.get_layer("sum")([deepest.get_layer("middle")(x), early])
        for name in ("conv", "norm", "late"):
            x = deepest.get_layer(name)(x, **({"training": False} if name == "norm" else {}))
        x = seen["own"] = own(x)
        return seen[wanted], top(x, training=False)

    return run


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_a_lambda_is_run_only_where_it_is_trusted(ending, tmp_path):
    seeded(with_lambdas).save(tmp_path / f"own.{ending}")
    with pytest.raises(DataError) as error:
        explained(tmp_path / f"own.{ending}")
    assert str(error.value) == (
        f"model '{tmp_path}/own.{ending}' brings code of its own, a Lambda layer; say `safe: false` if you trust who "
        "made it."
    )
    with pytest.raises(DataError) as error:
        explained(tmp_path / f"own.{ending}", safe=False)
    assert str(error.value) == (
        f"model '{tmp_path}/own.{ending}' needs the name 'keras' in its Lambda layer 'late'; give `code: FILE` that "
        "imports or defines it."
    )
    (tmp_path / "names.py").write_text("import keras\n")
    code = str(tmp_path / "names.py")
    assert explained(tmp_path / f"own.{ending}", safe=False, code=code)[2].layer == ["late"]


def test_a_lambda_without_a_shape_of_its_own_says_what_it_lacks(tmp_path):
    """Keras calls its function to find out the shape, while the file is loaded."""
    start = layers.Input((SIDE, SIDE, 3))
    x = layers.Lambda(lambda x: np.float32(2) * x)(layers.Conv2D(4, 3, activation="relu")(start))
    keras.Model(start, layers.Dense(3)(layers.GlobalMaxPooling2D()(x))).save(tmp_path / "own.keras")
    with pytest.raises(DataError, match=r"own\.keras' needs the name 'np' in a Lambda layer; give `code: FILE` that"):
        explained(tmp_path / "own.keras", safe=False)
