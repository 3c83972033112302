"""A PyTorch network's answers against plain PyTorch, image by image, and against differences of the network itself."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is an extra: make test-torch")

from torchnets import NETWORKS, SIDE, Residual, backbone, pictures, seeded, shown  # noqa: E402
from wsol.errors import DataError  # noqa: E402
from wsol.networks.explainer import Masks  # noqa: E402
from wsol.networks.pytorch.calls import untouched  # noqa: E402

LAYERS = ["relu", "layer1.0.conv1", "layer1", "layer2.0.bn2", "layer2"]


def hooked(network, layer: str, image: np.ndarray, index: int):
    """One image's tensor of a layer, its gradient and the logits, by a hook on the module and one pass back."""
    kept = []
    # A copy goes on: what is kept must not be changed in place later.
    hook = network.get_submodule(layer).register_forward_hook(
        lambda module, given, out: kept.append(out.detach().requires_grad_()) or kept[-1].clone()
    )
    logits = network(shown(image[None]))
    hook.remove()
    # Of a module that is called twice, the last time.
    gradient = torch.autograd.grad(logits[0, index], kept[-1])[0]
    last = [each[0].permute(1, 2, 0).detach().numpy() for each in (kept[-1], gradient)]
    return *last, logits[0].detach().numpy()


@pytest.mark.parametrize("layer", LAYERS)
def test_a_batch_gives_what_hooks_give_one_by_one(layer):
    network, images, classes = seeded(Residual), pictures(4), np.array([0, 1, 2, 1])
    explainer = backbone(network, layer=layer).explainer(4)
    seen = explainer.forward(images)
    ((gradients,),) = explainer.gradients(seen.kept, np.arange(4), [np.eye(3, dtype=np.float32)[classes]], [[0]])
    for i, index in enumerate(classes):
        activations, gradient, logits = hooked(network, layer, images[i], int(index))
        np.testing.assert_allclose(seen.activations[0][i], activations, atol=1e-6)
        np.testing.assert_allclose(np.broadcast_to(gradients[i], gradient.shape), gradient, atol=1e-6)
        np.testing.assert_allclose(seen.logits[i], logits, atol=1e-6)
    assert gradients.shape[1:3] == ((1, 1) if layer == "layer2" else activations.shape[:2])


def test_several_scores_of_one_image_and_images_in_any_order():
    explainer = backbone(seeded(Residual), layer=["layer1", "layer2"]).explainer(4)
    seen = explainer.forward(pictures(3))
    rows, weights = np.array([2, 0, 2, 2]), np.float32([[1, 0, 0], [0, 1, 0], [0, 1, 0], [0.5, 0, -2]])
    (both, (late,)) = explainer.gradients(seen.kept, rows, [weights, weights], [[0, 1], [1]])
    assert [each.shape[:3] for each in both] == [(4, 8, 8), (4, 1, 1)]
    np.testing.assert_array_equal(both[1], late)
    for i, row in enumerate(rows):
        ((alone, _),) = explainer.gradients(seen.kept, rows[i : i + 1], [weights[i : i + 1]], [[0, 1]])
        np.testing.assert_allclose(both[0][i], alone[0], atol=1e-7, err_msg=f"{row}")
    none = explainer.gradients(seen.kept, rows[:0], [weights[:0]], [[0, 1]])
    assert [each.shape for each in none[0]] == [(0, 8, 8, 6), (0, 1, 1, 6)]


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_are_what_the_logits_change_by(name):
    """A layer's tensor is moved a little by hand, in double precision, and the rest of the network run on it."""
    own = backbone(seeded(NETWORKS[name]).double())
    explainer = own.explainer(4)
    seen = explainer.forward(pictures(1))
    weights = np.random.default_rng(0).normal(size=(1, own.classes)).astype(np.float32)
    ((gradient,),) = explainer.gradients(seen.kept, np.array([0]), [weights], [[0]])
    full = np.broadcast_to(gradient, seen.activations[0].shape)[0]
    (key,), wide = explainer.keys, full.shape[1]
    # Among equal numbers, as zeros are, a max pooling has no one gradient.
    places = np.argwhere(seen.activations[0][0] != 0)
    for y, x, k in np.random.default_rng(1).choice(places, 6):
        at = (0, y, x, k) if name != "vision" else (0, 1 + y * wide + x, k)

        def score(step: float, at: tuple = at) -> float:
            moved = seen.kept.layers[0].detach().clone()
            (moved if moved.ndim == 3 else moved.permute(0, 2, 3, 1))[at] += step
            with torch.no_grad():
                put = {key: lambda value: (None, moved), own.output: untouched}
                out = explainer.graph.tapped(seen.kept.shown, put)[own.output].double()
            return float((torch.cat([-out, out], 1) if own.binary else out) @ torch.from_numpy(weights[0]).double())

        assert (score(1e-6) - score(-1e-6)) / 2e-6 == pytest.approx(full[y, x, k], rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_batch_equals_singles(name):
    explainer = backbone(seeded(NETWORKS[name])).explainer(5)
    images, weights = pictures(5), np.eye(explainer.backbone.classes, dtype=np.float32)[[0, 1, 0, 1, 1]]
    together = explainer.forward(images)
    ((gradients,),) = explainer.gradients(together.kept, np.arange(5), [weights], [[0]])
    for i in range(5):
        alone = explainer.forward(images[i : i + 1])
        ((gradient,),) = explainer.gradients(alone.kept, np.array([0]), [weights[i : i + 1]], [[0]])
        np.testing.assert_allclose(together.logits[i], alone.logits[0], atol=1e-6)
        np.testing.assert_allclose(together.activations[0][i], alone.activations[0][0], atol=1e-6)
        np.testing.assert_allclose(gradients[i], gradient[0], atol=1e-6)


class Counting(torch.nn.Module):
    """Says how many images there are before the layer, and goes by that behind it."""

    def __init__(self):
        super().__init__()
        self.conv, self.head = torch.nn.Conv2d(3, 6, 3, 2, 1), torch.nn.Linear(6 * 64, 3)

    def forward(self, x):
        n = x.shape[0]
        return self.head(torch.relu(self.conv(x)).view(n, -1))


@pytest.mark.parametrize(
    ("make", "layer"), [(Residual, "layer2"), (Residual, "layer1.0.bn1"), (Residual, "relu"), (Counting, "relu")]
)
def test_a_channel_that_is_taken_away_is_multiplied_by_zero(make, layer):
    network, images = seeded(make), pictures(3)
    explainer = backbone(network, layer=layer).explainer(4)
    found = explainer.ablated(explainer.forward(images).kept, 1, 0, np.arange(-1, 6))
    assert found.shape == (7, 3)
    for channel in range(-1, 6):
        wanted = ablated_by_hand(network, layer, images[1], channel)
        np.testing.assert_allclose(found[channel + 1], wanted, atol=1e-6)
    assert np.ptp(found, axis=0).max() > 1e-3


def ablated_by_hand(network, layer: str, image: np.ndarray, channel: int) -> np.ndarray:
    """By a patched function where the layer is one, else by a hook."""

    def without(out):
        kept = torch.ones(out.shape[1])
        kept[channel if channel >= 0 else slice(0)] = 0
        return out * kept[:, None, None]

    if isinstance(network, Counting):
        x = without(torch.relu(network.conv(shown(image[None]))))
        return network.head(x.reshape(1, -1))[0].numpy()
    hook = network.get_submodule(layer).register_forward_hook(lambda module, given, out: without(out))
    found = network(shown(image[None]))[0].numpy()
    hook.remove()
    return found


@pytest.mark.parametrize("scaled", [False, True])
def test_masked_images_are_mixtures_of_the_image_and_the_colour(scaled):
    network, images = seeded(Residual), pictures(3)
    prepare = {"order": "bgr", "scale": 1 / 255, "mean": [0.4, 0.5, 0.6], "std": [0.2, 0.3, 0.1]}
    explainer = backbone(network, preprocessing=prepare).explainer(2)
    random = np.random.default_rng(0)
    masks = Masks(np.eye(SIDE, dtype=np.float32), random.random((5, SIDE, SIDE), np.float32), np.eye(SIDE), scaled)
    of, colour = np.array([2, 0, 0, 1, 2]), np.float32([10, 200, 30])
    found = explainer.masked(images, of, masks, colour)
    for row, (image, mask) in enumerate(zip(of, masks.drawn(), strict=True)):
        mixed = images[image] * mask[..., None] + colour * (1 - mask[..., None])
        ready = (mixed[..., ::-1] / 255 - prepare["mean"]) / prepare["std"]
        wanted = network(torch.from_numpy(np.float32(ready).transpose(2, 0, 1).copy())[None])[0]
        np.testing.assert_allclose(found[row], wanted.numpy(), atol=1e-5)


def test_a_half_precision_network_answers_in_float32():
    explainer = backbone(seeded(Residual).to(torch.bfloat16)).explainer(4)
    whole = backbone(seeded(Residual)).explainer(4)
    (half, full) = (each.forward(pictures(2)) for each in (explainer, whole))
    assert half.logits.dtype == half.activations[0].dtype == np.float32
    np.testing.assert_allclose(half.logits, full.logits, atol=0.02)
    assert explainer.ablated(half.kept, 0, 0, np.array([0])).dtype == np.float32


class Fickle(torch.nn.Module):
    """Takes another way once it has been traced."""

    def __init__(self):
        super().__init__()
        self.conv, self.head, self.seen = torch.nn.Conv2d(3, 6, 3), torch.nn.Linear(6, 3), 0

    def forward(self, x):
        self.seen += 1
        x = torch.relu(self.conv(x)) if self.seen == 1 else torch.tanh(self.conv(x))
        return self.head(x.mean((2, 3)))


def test_a_network_that_does_not_run_the_same_way_twice_is_refused():
    explainer = backbone(seeded(Fickle)).explainer(4)
    with pytest.raises(DataError, match="the network calls tanh where it called relu"):
        explainer.forward(pictures(1))
