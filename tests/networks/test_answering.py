"""Evidence `attention`: the maps of each output, where they lie, and class maps where a head is pooled."""

import numpy as np
import pytest
from test_attention import COUNT, deep

from models import SIDE, backbone, keras, layers, picture, plain, run, seeded, targets
from transformers import GRID, WIDTH, block, token
from wsol.errors import ConfigError
from wsol.files.predict import ARRAYS
from wsol.maps.cams import CAMS
from wsol.maps.heatmaps import maps_from
from wsol.networks.attention import AttentionMaps

SIDES = (GRID, GRID)


def coupled() -> "keras.Model":
    """TS-CAM's head (Gao 2021): the patches of the last block as a map, a convolution to classes, their mean."""
    start = layers.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(WIDTH, 4, strides=4, name="patch")(start)
    x = layers.Reshape((GRID * GRID, WIDTH))(x)
    x = layers.Concatenate(axis=1)([token(x, COUNT), x])
    for name in ("a_", "b_"):
        x = block(x, name)
    x = layers.Reshape((*SIDES, WIDTH))(x[:, COUNT:])
    x = layers.Conv2D(3, 3, padding="same", name="classes")(x)
    return keras.Model(start, layers.GlobalAveragePooling2D()(x))


def test_each_output_has_the_maps_of_its_image():
    model = seeded(deep)
    table = targets(["1", "broken", "2", "2", "2"], [[0], [1], [1], [2], []])
    predicted, found = run(model, table, evidence="attention")
    alone = AttentionMaps(backbone(model), 4)
    assert "class_maps" not in found and "activations" not in found
    for place, (name, output) in {0: ("1", 0), 2: ("2", 1), 3: ("2", 2)}.items():
        images = alone.of_images(picture(name)[None])
        for array in ("last_attention", "rolled_out", "summed_attention"):
            np.testing.assert_allclose(found[array][place], images[array][0], atol=1e-6)
        gradients = alone.of_outputs(picture(name)[None], np.array([0]), np.array([output]))
        np.testing.assert_allclose(found["attention_gradients"][place], gradients[0], atol=1e-6)
    for place in (1, 4):  # an unreadable image, and a target that nothing explains
        assert not any(found[array][place].any() for array in ARRAYS["attention"] if array in found)
    assert found["cell_to_input"].tolist() == [4, 4, 0, 0]
    np.testing.assert_array_equal(predicted["readable"], [True, False, True])


def test_a_shard_without_targets_has_the_arrays():
    _, found = run(seeded(deep), targets([], []), evidence="attention")
    assert {found[array].shape for array in ("rolled_out", "attention_gradients")} == {(0, *SIDES)}


def test_tscam_couples_attention_with_the_class_map_of_its_head():
    """Against the model's own layers: the class's channel of the convolution, times attention."""
    model = seeded(coupled)
    _, found = run(model, targets(["1", "2"], [[0], [2]]), evidence="attention", layer="classes")
    maps = keras.Model(model.input, model.get_layer("classes").output)
    for place, (name, output) in enumerate((("1", 0), ("2", 2))):
        wanted = np.array(maps(picture(name)[None] / np.float32(255)))[0, ..., output]
        np.testing.assert_allclose(found["class_maps"][place], wanted, atol=1e-5)
        heatmap = CAMS["tscam"](found["summed_attention"][place][None], found["class_maps"][place][None])[0]
        np.testing.assert_allclose(heatmap, wanted * found["summed_attention"][place], atol=1e-5)


def test_what_a_network_cannot_show_is_refused_in_one_line():
    with pytest.raises(ConfigError, match=r"^evidence attention: .*no MultiHeadAttention of Keras\.$"):
        run(seeded(plain), targets(["1"], [[0]]), evidence="attention")
    table = targets(["1"], [[0]])
    evidence = {"image_of": np.array([0]), "row_of": np.array([0]), "rolled_out": np.ones((1, *SIDES), np.float32)}
    assert len(table) == len(list(maps_from(CAMS["rollout"], evidence, {})))
    evidence["summed_attention"] = evidence["rolled_out"]
    with pytest.raises(ConfigError, match=r"^cams: the network has no 'class_maps', which a pooled head"):
        list(maps_from(CAMS["tscam"], evidence, {}))


def test_which_of_them_see_the_class():
    assert {name for name in ("attention_last", "rollout", "legrad", "tscam") if CAMS[name].sees_class} == {
        *("legrad", "tscam")
    }
    said = dict(CAMS["rollout"].unused("rollout"))
    assert said == dict.fromkeys(("score", "explain"), "'rollout' looks at the attention alone")
