"""What is known of a PyTorch network before it sees an image: its layers, its head, and what is wrong with it."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is an extra: make test-torch")

from torch import nn  # noqa: E402

from torchnets import NETWORKS, SIDE, Residual, Vision, backbone, pictures, seeded  # noqa: E402
from wsol.affine import Affine  # noqa: E402
from wsol.errors import ConfigError  # noqa: E402
from wsol.maps.cams import CAMS  # noqa: E402
from wsol.networks.receptive import CellToInput  # noqa: E402

AUTO = {  # network: the layer, its map, what makes probabilities
    "residual": ("layer2", (8, 8, 6), ""),
    "functional": ("relu", (8, 8, 6), ""),
    "flattened": ("0.1", (16, 16, 6), ""),
    "softmaxed": ("0.layer2", (8, 8, 6), "softmax"),
    "single": ("0.layer2", (8, 8, 6), "sigmoid"),
    "bent": ("add", (8, 8, 6), ""),
    "vision": ("layers.1.ln_1", (4, 4, 8), ""),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_auto_is_the_last_map_before_the_pooling_after_its_nonlinearity(name):
    found = backbone(seeded(NETWORKS[name]))
    layer, shape, activation = AUTO[name]
    assert (found.layer, found.layers[0].shape, found.activation) == ([layer], (None, *shape), activation)
    assert found.binary == (name == "single") and found.classes == (2 if name == "single" else 3)
    # A function's output is no module's: what a hook could not reach is taken all the same.
    assert np.isfinite(found.explainer(2).forward(pictures(2)).activations[0]).all()


def test_a_layer_is_called_as_its_module_is_and_a_module_called_twice_is_its_last_call():
    network = seeded(Residual)
    for name in ("layer2", "layer2.1", "layer2.1.relu"):
        found = backbone(network, layer=name)
        assert found.layer == [name] and found.explainer(2).constant == [True]
    names = [step.name for step in backbone(network).graph.steps]
    assert len(names) == len(set(names)) and {"layer1", "layer2", "layer2.0", "fc", "layer2.1/relu"} & set(names)


def test_auto_is_what_the_last_attention_is_given_where_the_class_has_a_token_of_its_own():
    found = backbone(seeded(Vision))
    assert found.layer == ["layers.1.ln_1"] and found.layers[0].shape == (None, 4, 4, 8)
    (why,) = found.notes
    assert "read from a token of its own, not from 'ln'" in why
    assert found.cell_to_input == [CellToInput(Affine(4.0, 4.0, 0.0, 0.0), "")]
    # What is read of the last block is the class token alone.
    explainer = backbone(seeded(Vision), layer=["ln", "layers.1.ln_1"]).explainer(1)
    seen = explainer.forward(pictures(1))
    ((late, early),) = explainer.gradients(seen.kept, np.array([0]), [np.eye(3, dtype=np.float32)[:1]], [[0, 1]])
    assert not late.any() and early.any(axis=-1).all()


def test_tokens_are_laid_out_as_they_are_said_to_be():
    network, images = seeded(Vision), pictures(2)
    said = backbone(network, layer="layers.0", tokens={"grid": [4, 4], "skip": 1}).explainer(2)
    found = backbone(network, layer="layers.0").explainer(2)
    np.testing.assert_array_equal(said.forward(images).activations[0], found.forward(images).activations[0])
    wide = backbone(network, layer="layers.0", tokens={"grid": [2, 8], "skip": 1}).explainer(2).forward(images)
    np.testing.assert_array_equal(wide.activations[0].reshape(2, 4, 4, 8), found.forward(images).activations[0])
    with pytest.raises(ConfigError, match=r"tokens: grid 4x4 and 0 to skip are 16 tokens, .* has 17\."):
        backbone(network, layer="layers.0", tokens={"grid": [4, 4]})


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        ("layer3", "layer: unknown 'layer3'. Did you mean 'layer2'?"),
        ("fc", "layer: 'fc' (Linear) gives n, 3: no map [n k h w], and no sequence of patches."),
        (
            "avgpool",
            "layer: 'avgpool' (AdaptiveAvgPool2d) gives n, 6, 1, 1: no map [n k h w], and no sequence of patches.",
        ),
        ("spare", "layer: 'spare' (ReLU) gives no tensor made of the image."),
    ],
)
def test_a_layer_that_cannot_be_explained(layer, said):
    network = seeded(Residual)
    network.spare = nn.ReLU()
    with pytest.raises(ConfigError) as error:
        backbone(network, layer=layer)
    assert str(error.value).startswith(said)


class Several(nn.Module):
    """Two outputs by name, the second a pair's sum."""

    def __init__(self):
        super().__init__()
        self.body = Residual()

    def forward(self, x):
        out = self.body(x)
        return {"classes": out, "sum": out.sum(1, keepdim=True)}


def test_of_several_outputs_one_is_named():
    with pytest.raises(ConfigError, match="output: the model has several, name one of classes, sum"):
        backbone(seeded(Several))
    found = backbone(seeded(Several), output="classes")
    assert found.classes == 3 and found.layer == ["body.layer2"]
    np.testing.assert_array_equal(
        found.explainer(2).forward(pictures(2)).logits,
        backbone(seeded(Residual)).explainer(2).forward(pictures(2)).logits,
    )


class Constant(nn.Module):
    def forward(self, x):
        return torch.ones(1, 3)


def test_a_network_that_does_not_look_at_its_image_or_does_not_take_it():
    with pytest.raises(ConfigError, match=r"torch: 'network' gives Tensor, none of it made of the image\."):
        backbone(Constant())
    fixed = nn.Sequential(nn.Conv2d(3, 6, 1), nn.Flatten(), nn.Linear(6 * SIDE**2, 3))
    with pytest.raises(
        ConfigError, match=r"input: 'network' does not take 10x10 with 3 channels: mat1 and mat2 shapes"
    ):
        backbone(fixed, size=(10, 10))


@pytest.mark.parametrize(
    ("conv", "wanted"),
    [
        (nn.Conv2d(3, 4, 3, 2, 1), Affine(2.0, 2.0, -0.5, -0.5)),
        (nn.Conv2d(3, 4, 5, 1), Affine(1.0, 1.0, 2.0, 2.0)),
        (nn.Conv2d(3, 4, 3, padding="same", dilation=2), Affine(1.0, 1.0, 0.0, 0.0)),
        (nn.Sequential(nn.ZeroPad2d((2, 0, 1, 0)), nn.Conv2d(3, 4, 2)), Affine(1.0, 1.0, -1.5, -0.5)),
        (nn.Sequential(nn.Conv2d(3, 4, 1), nn.AvgPool2d((4, 2))), Affine(2.0, 4.0, 0.0, 0.0)),
        (nn.Sequential(nn.Conv2d(3, 4, 1), nn.AdaptiveAvgPool2d((4, 8))), Affine(2.0, 4.0, 0.0, 0.0)),
    ],
    ids=["strided", "valid", "dilated", "padded", "pooled", "adaptive"],
)
def test_a_cells_middle_is_where_its_receptive_field_has_its_own(conv, wanted):
    """Against the gradient: the middle of the pixels that a cell's value depends on."""
    network = nn.Sequential(conv, nn.Sigmoid(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)).eval()
    found = backbone(network, layer="1")
    assert found.cell_to_input == [CellToInput(wanted, "")]
    image = torch.rand(1, 3, SIDE, SIDE, requires_grad=True)
    out = conv(image)
    y, x = (side // 2 for side in out.shape[2:])
    seen = torch.autograd.grad(out[0, 0, y, x], image)[0][0].abs().sum(0) > 0
    rows, columns = (torch.nonzero(seen.any(axis)).flatten() for axis in (1, 0))
    assert wanted.y(y + 0.5) == (rows.min() + rows.max() + 1) / 2
    assert wanted.x(x + 0.5) == (columns.min() + columns.max() + 1) / 2


def attentive() -> Vision:
    """Built to see one patch: redness is a channel of each patch, and the class token asks for it, alone."""
    network = Vision(blocks=1)
    for parameter in network.parameters():
        parameter.data.zero_()
    block = network.layers[0]
    for norm in (block.ln_1, block.ln_2, network.ln):
        norm.weight.data.fill_(1)
    network.conv_proj.weight.data[0, 0], network.conv_proj.weight.data[0, 1:] = 0.5, -0.25
    network.class_token.data[0, 0, 7] = 1
    projection = block.self_attention.in_proj_weight.data
    projection[0, 7], projection[8, 0] = 4, 1  # the query is the class token's own channel, the key is redness
    projection[16, 0] = 1  # and so is the value
    block.self_attention.out_proj.weight.data[0, 0] = 1
    network.head.weight.data[:2, 0] = torch.tensor([1.0, -1.0])
    return network.eval().requires_grad_(False)


@pytest.mark.parametrize("name", ["gradcam", "hirescam", "layercam", "eigencam"])
@pytest.mark.parametrize("cell", [(0, 3), (2, 1), (3, 3)])
def test_the_map_of_a_transformer_built_to_see_one_patch_peaks_on_that_patch(name, cell):
    image = np.full((1, SIDE, SIDE, 3), 60, np.uint8)
    row, column = cell
    image[0, row * 4 : row * 4 + 4, column * 4 : column * 4 + 4] = (255, 0, 0)
    explainer = backbone(attentive(), layer="layers.0.ln_1").explainer(1)
    heat, logits = mapped(explainer, image, name)
    assert np.unravel_index(heat.argmax(), heat.shape) == cell and logits.argmax() == 0


def mapped(explainer, image: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The map of class 0 and the logits."""
    seen = explainer.forward(image)
    ((gradients,),) = explainer.gradients(seen.kept, np.array([0]), [np.eye(3, dtype=np.float32)[:1]], [[0]])
    takes = seen.activations if name == "eigencam" else (seen.activations[0], gradients)
    return CAMS[name](*takes)[0], seen.logits[0]


class Detector(nn.Module):
    """Built to see one patch: a convolution that answers to red above green, alone; class 0 is its mean."""

    def __init__(self):
        super().__init__()
        self.conv, self.act = nn.Conv2d(3, 2, 4, 2), nn.ReLU(inplace=True)
        self.pool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(2, 3)
        self.conv.weight.data.zero_()
        self.conv.weight.data[0, 0, :2], self.conv.weight.data[0, 1, 2:] = 1, 1
        self.conv.weight.data[0, 2] = -1
        self.conv.bias.data[:] = torch.tensor([-14.0, 0.1])
        self.fc.bias.data.zero_()
        self.fc.weight.data[:] = torch.tensor([[10.0, 0], [0, 1], [-10, 0]])

    def forward(self, x):
        return self.fc(torch.flatten(self.pool(self.act(self.conv(x))), 1))


@pytest.mark.parametrize("name", ["cam", "gradcam", "gradcam++", "hirescam", "layercam", "xgradcam", "eigencam"])
@pytest.mark.parametrize("corner", [(2, 4), (8, 2), (10, 12)])
def test_the_map_of_a_network_built_to_see_one_patch_peaks_on_that_patch(name, corner):
    image = np.full((1, SIDE, SIDE, 3), 60, np.uint8)
    y, x = corner
    image[0, y : y + 2, x : x + 4] = (255, 0, 0)
    image[0, y + 2 : y + 4, x : x + 4] = (0, 255, 0)
    found = backbone(Detector().eval())
    heat, logits = mapped(found.explainer(1), image, name)
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    cells = found.cell_to_input[0].values
    assert (cells.y(row + 0.5), cells.x(column + 0.5)) == (y + 2, x + 2) and logits.argmax() == 0
