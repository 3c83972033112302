"""torchvision's families by name: what `auto` takes of each, with random weights."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is an extra: make test-torch")
pytest.importorskip("torchvision", reason="torchvision is not installed", exc_type=ImportError)

from wsol.networks import backbones  # noqa: E402

FAMILIES = {  # name: input, layer, map, whether CAM is defined
    "resnet18": (64, "layer4", (2, 2, 512), True),
    "densenet121": (64, "relu", (2, 2, 1024), True),
    "vgg11": (64, "features.19", (4, 4, 512), False),
    "alexnet": (96, "features.11", (5, 5, 256), False),
    "mobilenet_v2": (64, "features", (2, 2, 1280), True),
    "mobilenet_v3_small": (64, "features", (2, 2, 576), False),
    "efficientnet_b0": (64, "features", (2, 2, 1280), True),
    "mnasnet0_5": (64, "layers", (2, 2, 1280), True),
    "regnet_y_400mf": (64, "trunk_output", (2, 2, 440), True),
    "squeezenet1_0": (64, "classifier.2", (3, 3, 1000), True),
    "shufflenet_v2_x0_5": (64, "conv5", (2, 2, 1024), True),
    "convnext_tiny": (64, "features", (2, 2, 768), False),
    "swin_t": (64, "norm", (2, 2, 768), True),
    "maxvit_t": (224, "blocks.3", (7, 7, 512), False),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_what_auto_takes_of_each_family(name):
    side, layer, shape, cam = FAMILIES[name]
    given = {"torch": name, "safe": False, "input": side, "preprocessing": {"scale": 1 / 255}, "batch": 2}
    found = backbones.build(given)
    assert (found.layer, found.layers[0].shape[1:], found.between() == []) == ([layer], shape, cam)
    explainer = found.explainer(2)
    seen = explainer.forward(np.random.default_rng(0).integers(0, 256, (2, side, side, 3), np.uint8))
    ((gradients,),) = explainer.gradients(seen.kept, np.array([1]), [np.eye(1000, dtype=np.float32)[3:4]], [[0]])
    assert gradients.any() and seen.activations[0].shape == (2, *shape)
    # Nothing taken away is the answer of the forward pass.
    np.testing.assert_allclose(explainer.ablated(seen.kept, 1, 0, np.array([-1]))[0], seen.logits[1], atol=1e-4)


def test_a_vision_transformer_is_explained_at_what_its_last_attention_is_given():
    given = {"factory": "torchvision.models:vit_b_32", "arguments": {"image_size": 64, "num_classes": 5}}
    network = {"torch": given, "safe": False, "input": 64, "preprocessing": {}, "batch": 2}
    # Its head is zero until it is trained: nothing is read from anywhere.
    state = backbones.build(network | {"layer": "encoder.layers.encoder_layer_11.ln_1"}).model
    torch.nn.init.normal_(state.heads.head.weight)
    torch.save(state.state_dict(), "vit.pt")
    found = backbones.build(network | {"weights": "vit.pt"})
    assert found.layer == ["encoder.layers.encoder_layer_11.ln_1"] and found.layers[0].shape == (None, 2, 2, 768)
    assert "read from a token of its own" in found.why[0]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
