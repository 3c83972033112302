"""One tool at work for `peers.py`: asked for a method on so many images at a batch size, it says how fast it was."""

import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from workers import LIBRARY, rate, serve, settings_of_worker

IMAGES = np.random.default_rng(0).integers(0, 256, (32, 224, 224, 3), np.uint8)
LAYER = "out_relu"
PATCH, STRIDE = 48, 16  # pixels
Run = Callable[[], Any]


def ours(weights: str) -> Callable[[str, int, int], Run]:
    sys.path.insert(0, str(LIBRARY))
    import pandas as pd

    from wsol.files.predict import view
    from wsol.maps import heatmaps
    from wsol.maps.cams import CAMS
    from wsol.networks import backbones, determinism, evidence

    determinism.deterministic(1)
    backbone = backbones.build({"architecture": "MobileNetV2", "weights": weights, "layer": LAYER, "classes": 1000})
    explainer = backbone.explainer(32, os.cpu_count())
    own = {
        "scorecam, 64 channels": {"channels": 64},
        "rise, 256 masks": {"masks": 256},
        "occlusion, 144 places": {"grid": 10, "patch": 3},  # which reaches over the edges: 12 x 12 places
        "occlusion, 196 places": {"grid": 14, "patch": 1},
    }

    def made(method: str, count: int, size: int) -> Run:
        cam = CAMS[method.split(",")[0]]
        asked = {"method": cam.evidence, **own.get(method, {})}
        settings = backbones.backbone(architecture="MobileNetV2", weights=weights, layer=LAYER, evidence=asked)
        table = pd.DataFrame({"image": range(count), "outputs": [[0]] * count, "width": 0, "height": 0})

        def run() -> None:
            sink = evidence.Collected()
            options = {"explanations": {"": settings}, "threads": os.cpu_count(), "explainer": explainer}
            evidence.predict(backbone, IMAGES.__getitem__, table, sink, **options)
            assert len(list(heatmaps.maps_from(cam, view(sink, ""), {}))) == count

        return run

    return made


def keras_model(weights: str) -> tuple[Any, np.ndarray]:
    """The network in logits, and the images as it takes them."""
    import keras

    model = keras.applications.MobileNetV2(weights=None, classifier_activation=None)
    model.load_weights(weights)
    return model, IMAGES.astype(np.float32) / 127.5 - 1


def save(weights: str) -> None:
    import keras

    sys.path.insert(0, str(LIBRARY))
    from wsol.networks import determinism

    determinism.deterministic(1)  # before TensorFlow does anything
    keras.utils.set_random_seed(0)
    keras.applications.MobileNetV2(weights=None).save_weights(weights)


def xplique(weights: str) -> Callable[[str, int, int], Run]:
    from xplique.attributions import GradCAM, GradCAMPP, Occlusion, Rise

    model, x = keras_model(weights)
    kinds = {
        "gradcam": lambda size: GradCAM(model, batch_size=size, conv_layer=LAYER),
        "gradcam++": lambda size: GradCAMPP(model, batch_size=size, conv_layer=LAYER),
        "occlusion, 144 places": lambda size: Occlusion(model, batch_size=size, patch_size=PATCH, patch_stride=STRIDE),
        "rise, 256 masks": lambda size: Rise(model, batch_size=size, nb_samples=256),
    }

    def made(method: str, count: int, size: int) -> Run:
        explainer, targets = kinds[method](size), np.eye(1000, dtype=np.float32)[np.zeros(count, int)]
        return lambda: np.asarray(explainer(x[:count], targets))

    return made


def tf_keras_vis(weights: str) -> Callable[[str, int, int], Run]:
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
    from tf_keras_vis.layercam import Layercam
    from tf_keras_vis.scorecam import Scorecam
    from tf_keras_vis.utils.scores import CategoricalScore

    model, x = keras_model(weights)
    kinds = {"gradcam": Gradcam, "gradcam++": GradcamPlusPlus, "layercam": Layercam, "scorecam, 64 channels": Scorecam}

    def made(method: str, count: int, size: int) -> Run:
        explainer = kinds[method](model, clone=False)
        if "scorecam" in method:
            options = {"penultimate_layer": LAYER, "max_N": 64, "batch_size": size}
            return lambda: explainer(CategoricalScore([0] * count), x[:count], **options)
        parts = [x[i : i + size] for i in range(0, count, size)]
        return lambda: [explainer(CategoricalScore([0] * len(p)), p, penultimate_layer=LAYER) for p in parts]

    return made


def tf_explain(weights: str) -> Callable[[str, int, int], Run]:
    from tf_explain.core.grad_cam import GradCAM
    from tf_explain.core.occlusion_sensitivity import OcclusionSensitivity

    model, x = keras_model(weights)

    def made(method: str, count: int, size: int) -> Run:
        if "occlusion" in method:
            explainer = OcclusionSensitivity(batch_size=size)
            return lambda: explainer.explain((x[:count], None), model, 0, STRIDE)  # its patches do not overlap
        parts = [x[i : i + size] for i in range(0, count, size)]
        return lambda: [GradCAM().explain((part, None), model, 0, layer_name=LAYER) for part in parts]

    return made


def pytorch_grad_cam(weights: str) -> Callable[[str, int, int], Run]:
    stand_in_for_torchvision()
    import pytorch_grad_cam as tool
    import torch
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    torch.manual_seed(0)
    model = torch_model().eval()
    x = torch.from_numpy(IMAGES.transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1)
    kinds = {
        "gradcam": tool.GradCAM,
        "gradcam++": tool.GradCAMPlusPlus,
        "layercam": tool.LayerCAM,
        "eigencam": tool.EigenCAM,
        "ablationcam": tool.AblationCAM,
        "scorecam": tool.ScoreCAM,
    }

    def made(method: str, count: int, size: int) -> Run:
        explainer = kinds[method](model=model, target_layers=[model[0]])
        explainer.batch_size = size
        explainer.tqdm_disable = True
        step = count if method in ("ablationcam", "scorecam") else size
        parts = [x[i : i + step] for i in range(0, count, step)]
        return lambda: [explainer(part, [ClassifierOutputTarget(0)] * len(part)) for part in parts]

    return made


def stand_in_for_torchvision() -> None:
    """pytorch-grad-cam imports names of it for helpers that nothing here calls; it may not fit this torch."""
    import importlib.util

    if importlib.util.find_spec("torchvision") is None:
        names = {"torchvision": (), ".transforms": ("Compose", "Normalize", "ToTensor"), ".functional": ("resize",)}
        path = ""
        for name, empty in names.items():
            path += name
            sys.modules[path] = ModuleType(path)
            vars(sys.modules[path]).update(dict.fromkeys(empty))


def torch_model() -> Any:
    """MobileNetV2's layers, as Keras has them."""
    from torch import nn

    def convolved(before: int, after: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> list[Any]:
        own = nn.Conv2d(before, after, kernel, stride, kernel // 2, groups=groups, bias=False)
        return [own, nn.BatchNorm2d(after)]

    class Residual(nn.Sequential):
        def forward(self, x: Any) -> Any:
            return x + super().forward(x)

    layers = [*convolved(3, 32, 3, 2), nn.ReLU6()]
    width = 32
    for factor, after, times, first in (
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    ):  # fmt: skip
        for stride in [first] + [1] * (times - 1):
            inner = width * factor
            wider = [*convolved(width, inner), nn.ReLU6()] if factor > 1 else []
            steps = [*wider, *convolved(inner, inner, 3, stride, inner), nn.ReLU6(), *convolved(inner, after)]
            layers.append((Residual if stride == 1 and width == after else nn.Sequential)(*steps))
            width = after
    features = nn.Sequential(*layers, *convolved(width, 1280), nn.ReLU6())
    return nn.Sequential(features, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1280, 1000))


TOOLS = {each.__name__: each for each in (ours, xplique, tf_keras_vis, tf_explain, pytorch_grad_cam)}


def main(given: dict[str, Any]) -> None:
    makers: dict[str, Any] = {}
    made: dict[str, Run] = {}

    def answer(question: Any) -> Any:
        """What `save` and `there` mean, or images a second; a tool's own complaint in a line."""
        if question == "save":
            return save(given["weights"])
        try:
            if "tool" not in makers:
                makers["tool"] = TOOLS[given["tool"]](given["weights"])
            if question == "there":
                return ""
            if str(question) not in made:
                made[str(question)] = makers["tool"](*question)
            return rate(lambda: (made[str(question)](), question[1])[1])
        except Exception as error:
            return f"{type(error).__name__}: {(str(error).strip() or 'no reason given').splitlines()[0]}"

    # What tools print is not an answer.
    sys.stdout, out = sys.stderr, sys.stdout
    serve(answer, out)


if __name__ == "__main__":
    given = settings_of_worker()
    if given:
        main(given)
