"""SYSTEMS: how five programs that people know draw a class activation map, as settings of this one.

`cam` is an entry of `cams` in a config; normalization and upsampling are an evaluation's, but for `pillow`, which is
of pictures alone; `picture` is one of overlays.PICTURES. Each is proved equal to its own few lines in
tests/pictures/test_presets.py.
"""

from typing import Any, Literal, NamedTuple


class System(NamedTuple):
    cam: dict[str, Any]
    normalization: Literal["max", "minmax"]
    upsampling: Literal["linear", "cubic", "pillow"]
    picture: str
    architecture: str = "MobileNetV2"  # where none is named: the one whose layer it explains


SYSTEMS: dict[str, System] = {
    # Tumour / non-tumour histology: divides the gradient by its mean square, which scales the map and no more.
    "histology": System({"method": "gradcam", "score": "probability"}, "max", "linear", "confidence"),
    # AUCMEDI's GradCAM: the class output as the model gives it, negative evidence kept, 0.4 of heat in its picture.
    "aucmedi": System({"method": "gradcam", "score": "probability", "relu": False}, "minmax", "linear", "faint"),
    # The MobileNetV2 + OpenCV article: the convolution itself, before its normalisation and ReLU, and the top class.
    # The article reads images with OpenCV and shows them to the network as BGR; ours are RGB, as it was trained on, so
    # its maps, and at times its top class, are others.
    "opencv_article": System(
        {"method": "gradcam", "score": "probability", "layer": "Conv_1", "explain": "predicted"},
        "max",
        "linear",
        "blend",
    ),
    # Grad-CAM as its paper explains it: logits, one map for each class in the image.
    "paper": System({"method": "gradcam", "score": "logit"}, "max", "cubic", "blend"),
    # Keras' example on Xception, which enlarges the coloured map with Pillow.
    "keras_example": System(
        {"method": "gradcam", "score": "logit", "layer": "block14_sepconv2_act"}, "max", "pillow", "sum", "Xception"
    ),
}
