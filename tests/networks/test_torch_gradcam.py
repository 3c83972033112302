"""Maps of PyTorch networks against those of pytorch-grad-cam, an independent program, on the same networks."""

import copy
import sys
import types

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is an extra: make test-torch")

from torchnets import NETWORKS, SIDE, backbone, pictures, seeded, shown  # noqa: E402
from wsol.maps.cams import CAMS  # noqa: E402
from wsol.networks.perturb import Probe, ablation  # noqa: E402

THEIRS = {  # ours: theirs
    "gradcam": "GradCAM",
    "hirescam": "HiResCAM",
    "gradcam_elementwise": "GradCAMElementWise",
    "layercam": "LayerCAM",
    "gradcam++": "GradCAMPlusPlus",
    "xgradcam": "XGradCAM",
    "ablationcam": "AblationCAM",
    "eigencam_centred": "EigenCAM",
    "eigengradcam": "EigenGradCAM",
    "fem_share": "FEM",
}


@pytest.fixture(scope="module")
def theirs():
    """The program, with a stand-in for torchvision where there is none: it imports names that no method here calls."""
    added = []
    try:
        import torchvision  # noqa: F401
    except Exception:
        names = {"torchvision": (), "torchvision.transforms": ("Compose", "Normalize", "ToTensor")}
        for name, holds in {**names, "torchvision.transforms.functional": ("resize",)}.items():
            module = types.ModuleType(name)
            vars(module).update(dict.fromkeys(holds))
            sys.modules[name] = module
            added.append(name)
    yield pytest.importorskip("pytorch_grad_cam", reason="make test-torch installs it")
    for name in added:
        del sys.modules[name]


def loud(make):
    """Classes that differ by more than what pytorch-grad-cam adds to its denominators, all of them positive."""
    network = seeded(make)
    *_, head = (module for module in network.modules() if isinstance(module, torch.nn.Linear))
    head.weight.data *= 300
    head.bias.data += 3000
    return network


def maps(name: str, explainer, seen, classes: np.ndarray) -> np.ndarray:
    """Ours, of one class of each image, as they come."""
    if name == "ablationcam":
        drops = [
            ablation(Probe(explainer, image, seen, i, 0, "logit"), classes[i : i + 1])["score_drops"]
            for i, image in enumerate(pictures(len(classes)))
        ]
        return CAMS[name](seen.activations[0], np.concatenate(drops))
    weights = np.eye(explainer.backbone.classes, dtype=np.float32)[classes]
    ((gradients,),) = explainer.gradients(seen.kept, np.arange(len(classes)), [weights], [[0]])
    takes = (seen.activations[0], gradients) if "eigencam" not in name and "fem" not in name else seen.activations
    return CAMS[name](*takes)


def scaled(found: np.ndarray) -> np.ndarray:
    """As pytorch-grad-cam scales a map before it is enlarged: what is negative is cut off, then minimum to maximum."""
    found = np.maximum(found, 0)
    found = found - found.min(axis=(1, 2), keepdims=True)
    return found / (1e-7 + found.max(axis=(1, 2), keepdims=True))


def enlarged(found: np.ndarray) -> np.ndarray:
    import cv2

    return scaled(np.stack([cv2.resize(each, (SIDE, SIDE)) for each in scaled(found)]))


def asked(theirs, name: str, network, layer: str, images: np.ndarray, classes: np.ndarray, **more) -> np.ndarray:
    """Their maps, enlarged and scaled as they come."""
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    own = copy.deepcopy(network).requires_grad_(True)
    wanted = [ClassifierOutputTarget(int(index)) for index in classes]
    with getattr(theirs, THEIRS[name])(model=own, target_layers=[own.get_submodule(layer)], **more) as cam:
        return cam(input_tensor=shown(images), targets=wanted)


@pytest.mark.parametrize("name", sorted(set(THEIRS) - {"ablationcam"}))
def test_maps_of_a_vision_transformer_are_theirs_with_a_transform_written_by_hand(theirs, name):
    network, images, classes = loud(NETWORKS["vision"]), pictures(4), np.array([0, 1, 2, 1])
    explainer = backbone(network).explainer(4)
    assert explainer.backbone.layer == ["layers.1.ln_1"]
    ours = maps(name, explainer, explainer.forward(images), classes)
    laid = {"reshape_transform": lambda tokens: tokens[:, 1:].reshape(-1, 4, 4, 8).permute(0, 3, 1, 2)}
    found = asked(theirs, name, network, "layers.1.ln_1", images, classes, **laid)
    signs = (1, -1) if name.startswith("eigen") else (1,)
    for one, other in zip(ours, found, strict=True):
        assert min(np.abs(enlarged(sign * one[None])[0] - other).max() for sign in signs) < 1e-4
    assert (found.max(axis=(1, 2)) > 0.99).any()


@pytest.mark.parametrize("layer", ["layer1", "layer2"])
@pytest.mark.parametrize("name", THEIRS)
def test_maps_are_those_of_pytorch_grad_cam(theirs, name, layer):
    network, images, classes = loud(NETWORKS["residual"]), pictures(4), np.array([0, 1, 2, 1])
    explainer = backbone(network, layer=layer).explainer(4)
    ours = maps(name, explainer, explainer.forward(images), classes)
    found = asked(theirs, name, network, layer, images, classes)
    # The sign of their principal components is whatever the decomposition gives.
    signs = (1, -1) if name.startswith("eigen") else (1,)
    for one, other in zip(ours, found, strict=True):
        apart = min(np.abs(enlarged(sign * one[None])[0] - other).max() for sign in signs)
        assert apart < 1e-4
    # A class that everything speaks against has an empty map, of theirs as of ours.
    assert (found.max(axis=(1, 2)) > 0.99).sum() >= 2
