"""What is asked of every family: a patch that is planted is found, batches are singles, gradients are slopes."""

from itertools import pairwise

import numpy as np

from models import keras
from wsol.networks.heads import boundary
from wsol.networks.kerasexplainer import KerasExplainer

BATCH = 4
STEP = 3e-3  # of finite differences, as a share of the activations' length


def pixels(side: int, count: int = BATCH) -> np.ndarray:
    """Noise, uint8 [count side side 3]."""
    return np.random.default_rng(1).integers(0, 256, (count, side, side, 3), np.uint8)


def with_patch(side: int, patch: tuple[slice, slice]) -> np.ndarray:
    """A grey image and the same with noise in one place, uint8 [2 side side 3]."""
    images = np.full((2, side, side, 3), 128, np.uint8)
    images[1][patch] = pixels(side, 1)[0][patch]
    return images


def gradient(explainer: KerasExplainer, seen, row: int, weights) -> np.ndarray:
    """Of sum_c weights_c * logit_c with respect to the first layer, [h w k] or [1 1 k]."""
    asked = np.asarray([weights], np.float32)
    return explainer.gradients(seen.kept, np.array([row]), [asked], [[0]])[0][0][0]


def check_batch_is_singles(explainer: KerasExplainer, images: np.ndarray) -> None:
    """Logits, activations and gradients of each image are what they are alone, up to the order of sums."""
    classes = explainer.backbone.classes
    together = explainer.forward(images)
    for row, image in enumerate(images):
        alone = explainer.forward(image[None])
        near(alone.logits[0], together.logits[row])
        near(alone.activations[0][0], together.activations[0][row])
        for weights in np.eye(classes)[:2]:
            near(gradient(explainer, alone, 0, weights), gradient(explainer, together, row, weights))


def near(found: np.ndarray, wanted: np.ndarray) -> None:
    np.testing.assert_allclose(found, wanted, rtol=0, atol=2e-5 * max(np.abs(wanted).max(), 1e-6))


def check_gradient_is_slope(explainer: KerasExplainer, images: np.ndarray) -> None:
    """Along the gradient and along noise a logit changes as the gradient says."""
    import tensorflow as tf

    backbone = explainer.backbone
    graph, key = backbone.graph, backbone.layers[0].outputs[0]
    cut = sorted({key, *boundary(graph, backbone.output, [key])})
    kept = graph_run(backbone, {graph.inputs[0]: backbone.preprocess(images[:1])}, cut)
    seen = explainer.forward(images[:1])
    found = np.broadcast_to(gradient(explainer, seen, 0, np.eye(backbone.classes)[0]), kept[key].shape[1:])
    assert np.abs(found).max() > 0
    active = np.asarray(kept[key])[0] != 0  # of equal numbers a max pooling takes one: there is no slope there
    noise = np.random.default_rng(2).normal(size=found.shape)
    size = STEP * float(np.linalg.norm(kept[key]))
    for direction in (found * active, found * active * np.sign(noise)):
        unit = (direction / np.linalg.norm(direction)).astype(np.float32)
        high, low = (
            np.asarray(graph_run(backbone, {**kept, key: kept[key] + tf.constant(step * unit)}, None))[0, 0]
            for step in (size, -size)
        )
        wanted = float((found * unit).sum())
        assert abs((high - low) / (2 * size) - wanted) <= 0.03 * np.linalg.norm(found)


def graph_run(backbone, values, wanted):
    """Tensors by key, or the logits, traced as they are anywhere else."""
    import tensorflow as tf

    def run():
        given = {key: tf.identity(value) for key, value in values.items()}
        found = backbone.graph.run(given, wanted or [backbone.output])
        return {key: found[key] for key in wanted} if wanted else backbone.logits(found)

    return tf.function(run, autograph=False)()


def check_planted(backbone, patch: tuple[slice, slice]) -> None:
    """A head is made whose first class is what one patch looks like to the layer; the class's map peaks there."""
    head = next(step.operation for step in reversed(backbone.graph.steps) if getattr(step.operation, "weights", None))
    scale_x, scale_y, shift_x, shift_y = backbone.cell_to_input[0].values
    rows, columns = patch
    row = int(((rows.start + rows.stop) / 2 - shift_y) / scale_y)
    column = int(((columns.start + columns.stop) / 2 - shift_x) / scale_x)
    images = with_patch(backbone.size[0], patch)
    blank, patched = KerasExplainer(backbone, 2).forward(images).activations[0]
    plant(backbone, head, patched[row, column] - blank[row, column])
    explainer = KerasExplainer(backbone, 2)  # weights of convolutions are constants of what is traced
    found = explainer.forward(images)
    own = gradient(explainer, found, 1, np.eye(backbone.classes)[0])
    # Grad-CAM before its ReLU, which cuts off all of it where the grey places say more against the class.
    heatmap = (found.activations[0][1] * own.mean((0, 1))).sum(axis=-1)
    peak = np.unravel_index(heatmap.argmax(), heatmap.shape)
    y, x = (peak[0] + 0.5) * scale_y + shift_y, (peak[1] + 0.5) * scale_x + shift_x
    assert rows.start <= y <= rows.stop and columns.start <= x <= columns.stop, heatmap.round(3)


def plant(backbone, head: "keras.layers.Layer", looks: np.ndarray) -> None:
    """A kernel whose first class has about the gradient `looks` [k] at every place of the layer.

    Behind a pooling alone that is `looks` itself. Elsewhere it is a linear problem: the gradient of each of the head's
    inputs is asked for, as many at once as there are classes.
    """
    *_, width, classes = head.kernel.shape
    weights = looks
    steps = backbone.graph.steps
    if any(one.kind == "Flatten" and other.kind == "Dense" for one, other in pairwise(steps)):
        return _through(backbone, looks)
    if backbone.between():
        slopes = [slope for start in range(0, width, classes) for slope in _slopes(backbone, head, start)]
        weights = np.linalg.lstsq(np.array(slopes)[:width].T, looks, rcond=1e-3)[0]
    _assign(head, np.pad(weights[:, None], ((0, 0), (0, classes - 1))))


def _through(backbone, looks: np.ndarray) -> None:
    """Of dense layers on all places: the first unit of the first is `looks` at each of them, and goes on as it is."""
    dense = [step.operation for step in backbone.graph.steps if step.kind == "Dense"]
    for layer in dense:
        layer.kernel.assign(np.eye(*layer.kernel.shape) * (np.arange(layer.kernel.shape[1]) == 0))
        layer.bias.assign(np.zeros(layer.bias.shape))
    first = np.zeros(dense[0].kernel.shape, np.float32)
    first[:, 0] = np.tile(looks, len(first) // len(looks))
    _assign(dense[0], first)
    dense[0].bias.assign(np.eye(1, dense[0].bias.shape[0])[0] * 1e4)  # so that no ReLU cuts it off


def _slopes(backbone, head, start: int) -> list[np.ndarray]:
    """The gradients [k], averaged over places, of the head's inputs start, start + 1, … of a grey image."""
    *_, width, classes = head.kernel.shape
    _assign(head, np.eye(width, classes, -start))
    explainer = KerasExplainer(backbone, min(classes, 32))
    grey = with_patch(backbone.size[0], (slice(0), slice(0)))[:1]
    seen = explainer.forward(grey)
    rows, asked = np.zeros(classes, np.int64), np.eye(classes, dtype=np.float32)
    return list(explainer.gradients(seen.kept, rows, [asked], [[0]])[0][0].mean((1, 2)))


def _assign(head, kernel: np.ndarray) -> None:
    head.kernel.assign(kernel.reshape(head.kernel.shape))
