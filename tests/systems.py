"""Five known programs in their own few lines: the map that each makes of a model, and its picture of that map."""

import cv2
import numpy as np
from matplotlib import colormaps

# Each system's layer in tests/models.py: its last 4-D output, its last convolution by itself, its last activation.
LAYER = {"histology": "late", "aucmedi": "late", "opencv_article": "conv", "paper": "late", "keras_example": "late"}
LINEAR = ("paper", "keras_example")  # explain the network without its softmax


def gradient(model, layer: str, x: np.ndarray, index: int | None = None):
    """Activations [h w k], gradient and scores [c] of one eager tape through the whole model."""
    import keras
    import tensorflow as tf

    both = keras.Model(model.input, [model.get_layer(layer).output, model.output])
    with tf.GradientTape() as tape:
        activations, scores = both(x[None])
        chosen = int(np.argmax(scores[0])) if index is None else index
        score = scores[:, chosen]
    return activations[0].numpy(), tape.gradient(score, activations)[0].numpy(), scores[0].numpy()


def heatmap(name: str, a: np.ndarray, g: np.ndarray) -> np.ndarray:
    """The system's map before it is normalised."""
    if name == "histology":
        g = g / (np.mean(g**2) + 1e-5)
        return np.maximum(np.sum(np.mean(g, axis=(0, 1)) * a, axis=-1), 0)
    if name == "aucmedi":
        return a @ g.mean(axis=(0, 1))
    if name == "opencv_article":
        a, weights = a.copy(), g.mean(axis=(0, 1))
        for k in range(a.shape[-1]):
            a[:, :, k] *= weights[k]
        return np.maximum(a.mean(axis=-1), 0)
    if name == "paper":
        return np.maximum((a * g.mean(axis=(0, 1))).sum(axis=-1), 0)
    return np.maximum((a @ g.mean(axis=(0, 1))[..., None])[..., 0], 0)


def normalised(name: str, m: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The map as the system divides it, the paper's on `size` pixels; NaN where it divides by 0."""
    if name == "aucmedi":
        return (m - m.min()) / (m.max() - m.min() + 1e-8)
    if name == "paper":
        m = np.maximum(cv2.resize(m, size[::-1], interpolation=cv2.INTER_CUBIC), 0)
    with np.errstate(invalid="ignore"):
        return m / m.max()


def drawn(name: str, image: np.ndarray, m: np.ndarray, p: float) -> np.ndarray:
    """The system's picture [H W 3] of a map that is not normalised, of a class of probability p."""
    m = np.nan_to_num(normalised(name, m, image.shape[:2]))
    return {
        "histology": histology,
        "aucmedi": aucmedi,
        "opencv_article": opencv_article,
        "paper": paper,
        "keras_example": keras_example,
    }[name](image, m, p)


def resized(m: np.ndarray, image: np.ndarray) -> np.ndarray:
    return cv2.resize(m, (image.shape[1], image.shape[0]))


def coloured(m: np.ndarray) -> np.ndarray:
    """OpenCV's JET of a map in [0, 1], as RGB."""
    return cv2.applyColorMap(np.uint8(255 * m), cv2.COLORMAP_JET)[:, :, ::-1].astype(float)


def histology(image, m, p):
    """JET of 255 * M * p; 0.3 heat + 0.5 image, rescaled so the maximum is 255."""
    mixed = 0.3 * coloured(resized(m, image) * p) + 0.5 * image
    return mixed / mixed.max() * 255


def aucmedi(image, m, p):
    """Its Resize, then its visualize_heatmap with alpha = 0.4."""
    heat = colormaps["jet"](np.arange(256))[:, :3][np.uint8(resized(m, image) * 255)] * 255
    return (heat * 0.4 + (1 - 0.4) * image).astype(np.uint8)


def opencv_article(image, m, p):
    """0.4 image + 0.6 JET heat at the image's size."""
    return cv2.addWeighted(image.astype(float), 0.4, coloured(resized(m, image)), 0.6, 0)


def paper(image, m, p):
    """Of the map that already has the image's size."""
    return 0.4 * image + 0.6 * coloured(m)


def keras_example(image, m, p):
    """Its save_and_display_gradcam, with Keras' own conversions."""
    from keras.utils import array_to_img, img_to_array

    small = array_to_img(colormaps["jet"](np.arange(256))[:, :3][np.uint8(255 * m)])
    enlarged = img_to_array(small.resize((image.shape[1], image.shape[0])))
    return np.asarray(array_to_img(enlarged * 0.4 + image))
