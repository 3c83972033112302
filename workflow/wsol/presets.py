"""SYSTEMS: how five programs that people know draw a class activation map, as settings of this one.

`cam` is an entry of `cams` in a config; normalization and upsampling are an evaluation's; `picture` is one of
overlays.PICTURES. Each is proved equal to its own few lines in tests/test_presets.py.
"""

from typing import Any, Literal, NamedTuple


class System(NamedTuple):
    cam: dict[str, Any]
    normalization: Literal["max", "minmax"]
    upsampling: Literal["linear", "cubic"]
    picture: str


SYSTEMS: dict[str, System] = {
    # Tumour / non-tumour histology: divides the gradient by its mean square, which scales the map and no more.
    "histology": System({"method": "gradcam", "score": "probability"}, "max", "linear", "confidence"),
    # AUCMEDI's GradCAM: the class output as the model gives it, negative evidence kept.
    "aucmedi": System({"method": "gradcam", "score": "probability", "relu": False}, "minmax", "linear", "blend"),
    # The MobileNetV2 + OpenCV article: the convolution itself, before its normalisation and ReLU, and the top class.
    "opencv_article": System(
        {"method": "gradcam", "score": "probability", "layer": "Conv_1", "explain": "predicted"},
        "max",
        "linear",
        "blend",
    ),
    # Grad-CAM as its paper explains it: logits, one map for each class in the image.
    "paper": System({"method": "gradcam", "score": "logit"}, "max", "cubic", "blend"),
    # Keras' example on Xception.
    "keras_example": System(
        {"method": "gradcam", "score": "logit", "layer": "block14_sepconv2_act"}, "max", "linear", "sum"
    ),
}
