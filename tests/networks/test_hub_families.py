"""The transformers of keras-hub: what `auto` explains of each, and that a patch planted there is found."""

import numpy as np
import pytest

from hub import FAMILIES, SIDE
from models import backbone, keras
from planted import check_batch_is_singles, check_gradient_is_slope, check_planted, pixels
from wsol.networks.kerasexplainer import KerasExplainer
from wsol.networks.models.kerasmodel import KerasGraph

pytestmark = pytest.mark.filterwarnings("ignore:Layer 'attn'")  # of keras-hub's Swin, as it is built


def made(name: str):
    keras.utils.set_random_seed(5)
    return FAMILIES[name][0]()


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_is_explained_at_its_patches(name):
    _, layer, why, skip = FAMILIES[name]
    found = backbone(made(name), (SIDE, SIDE))
    assert found.layer[0].endswith(f"{layer}") and found.layers[0].shape[:3] == (None, 4, 4)
    assert {grid.skip for grid in found.grids.values()} <= {0, 1, skip} and len(found.notes) == bool(why)
    assert all(why in said for said in found.notes)
    sx, sy, tx, ty = found.cell_to_input[0].values
    assert (sx, sy, tx, ty) == (8, 8, 0, 0)  # the side of a patch; of Swin twice merged 4
    explainer = KerasExplainer(found, 4)
    check_batch_is_singles(explainer, pixels(SIDE))
    check_gradient_is_slope(explainer, pixels(SIDE))
    check_planted(found, (slice(8, 16), slice(16, 24)))


@pytest.mark.parametrize("name", FAMILIES)
def test_opened_layers_give_what_the_closed_model_gives(name):
    """To the last bit but for the order of sums."""
    import tensorflow as tf

    model = made(name)
    graph = KerasGraph(model)
    images = np.random.default_rng(3).normal(size=(3, SIDE, SIDE, 3)).astype(np.float32)
    given = {model.inputs[0].name: images} if isinstance(model.input, dict) else images
    output = next(iter(graph.outputs.values()))
    found = graph.run({graph.inputs[0]: tf.constant(images)}, [output])[output]
    np.testing.assert_allclose(found, model(given, training=False), rtol=0, atol=1e-6)


def test_the_layers_have_the_names_that_keras_hub_gives_them():
    names = [step.name.split("/", 1)[1] for step in KerasGraph(made("ViT")).steps if "/" in step.name]
    blocks = [f"vit_encoder/transformer_block_{number}" for number in (1, 2, 3)]
    inner = ("ln_1", "mha", "ln_2", "mlp/dense_1", "mlp/dense_2")
    assert {*blocks, *(f"{block}/{layer}" for block in blocks for layer in inner)} < set(names)
    assert {"vit_patching_and_embedding", "vit_encoder/ln", "vit_encoder"} < set(names)
