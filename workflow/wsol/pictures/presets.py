"""SYSTEMS: how five programs that people know make and draw a class activation map, as settings of this one.

`cam` is an entry of `cams` in a config; `normalization` and `upsampling` are an evaluation's, by which boxes are cut;
the style of each is the one of its name in overlays.STYLES. Each map is proved equal to the system's own few lines in
tests/pictures/test_presets.py, each picture in tests/pictures/test_overlays.py. The network's input is everywhere
resized as OpenCV does linearly; Keras' example takes the nearest pixels.
"""

from typing import Any, Literal, NamedTuple


class System(NamedTuple):
    cam: dict[str, Any]
    normalization: Literal["max", "minmax"]
    upsampling: Literal["linear", "cubic"]
    architecture: str = "MobileNetV2"  # where none is named: the one whose layer it explains


SYSTEMS: dict[str, System] = {
    # Tumour / non-tumour histology: divides the gradient by its mean square, which scales the map and no more. Its
    # picture multiplies the map by the class's probability.
    "histology": System({"method": "gradcam", "score": "probability"}, "max", "linear"),
    # AUCMEDI's GradCAM: the class output as the model gives it, negative evidence kept, 0.4 of heat in its picture.
    "aucmedi": System({"method": "gradcam", "score": "probability", "relu": False}, "minmax", "linear"),
    # The MobileNetV2 + OpenCV article: the convolution itself, before its normalisation and ReLU, and the top class.
    # The article reads images with OpenCV and shows them to the network as BGR; ours are RGB, as it was trained on, so
    # its maps, and at times its top class, are others.
    "opencv_article": System(
        {"method": "gradcam", "score": "probability", "layer": "Conv_1", "explain": "predicted"}, "max", "linear"
    ),
    # Grad-CAM as its paper explains it: logits, one map for each class in the image, enlarged before it is normalised.
    "paper": System({"method": "gradcam", "score": "logit"}, "max", "cubic"),
    # Keras' example on Xception. It enlarges the coloured map; what a box is cut from is the map, which has no colours.
    "keras_example": System(
        {"method": "gradcam", "score": "logit", "layer": "block14_sepconv2_act"}, "max", "linear", "Xception"
    ),
}
PLAIN = System({"method": "gradcam"}, "max", "linear")  # where no system is asked for; its style is `plain`
