"""The real data sets beside the project index to the counts that their notes state."""

import contextlib
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pycocotools import mask as coco
from pycocotools.coco import COCO

from conftest import DATA, REAL
from wsol.datasets import maskfiles
from wsol.files import rle
from wsol.index.indexing import index, opener

pytestmark = REAL


def at(name: str) -> str:
    return str(DATA / name)


GLAS = {"adapter": "wsol", "annotations": "glas/{}/metadata", "images": "glas/{}/images", "masks": "glas/{}/masks"}
CUB = {"adapter": "wsol", "annotations": "cub20/{}/metadata", "images": "cub20/{}/images"}
CUB |= {"classes": "cub20/classes.txt"}
RACCOON = {"adapter": "voc", "annotations": "raccoon40/annotations", "images": "raccoon40/images"}
COCO100 = {"adapter": "coco", "annotations": "coco100/instances.json", "images": "coco100/images"}
STORED = {"adapter": "wsol", "images": "ilsvrc1300/images", "annotations": "ilsvrc1300/metadata_227"}
ORIGINAL = STORED | {"annotations": "ilsvrc1300/metadata_original", "rescale": True}
PATHS = ("annotations", "images", "masks", "classes")


def published(part: str) -> dict:
    return {"adapter": "wsol", "annotations": f"wsol_metadata/{part}"}


def dataset(settings: dict, part: str = "") -> dict:
    """Settings with their paths made whole."""
    return {k: at(v.format(part)) if k in PATHS else v for k, v in settings.items()}


# settings, split -> images, classes, boxes, masks
COUNTS = {
    "ilsvrc original": (ORIGINAL, "", 1300, 725, 1943, 0),
    "ilsvrc 227": (STORED, "", 1300, 725, 1943, 0),
    "cub train": (CUB, "train", 600, 20, 600, 0),
    "cub test": (CUB, "test", 585, 20, 585, 0),
    "glas train": (GLAS, "train", 85, 2, 0, 85),
    "glas test": (GLAS, "test", 80, 2, 0, 80),
    "raccoon": (RACCOON, "", 40, 1, 45, 0),
    "coco": (COCO100, "", 100, 35, 190, 100),
    "wsol ilsvrc test": (published("ILSVRC/test"), "", 50_000, 1000, 80_477, 0),
    "wsol ilsvrc val": (published("ILSVRC/val"), "", 10_000, 1000, 18_532, 0),
    "wsol cub test": (published("CUB/test"), "", 5794, 200, 5794, 0),
    "wsol cub val": (published("CUB/val"), "", 1000, 200, 1000, 0),
}
# What is known to be odd about them: one image of raccoon40 is stored twice, COCO images have several classes.
ODD = {"raccoon": {"duplicate"}, "coco": {"set_aside"}}


@pytest.mark.parametrize("name", COUNTS)
def test_counts(name):
    settings, part, images, classes, boxes, masks = COUNTS[name]
    found = index(dataset(settings, part))
    targets = found.targets
    assert len(targets) == targets["image"].nunique() == images
    assert targets["label"].nunique() == classes
    assert targets["boxes"].map(len).sum() == boxes * 4
    assert (targets["mask"] != "").sum() == masks
    assert set(found.problems["kind"]) == ODD.get(name, set())
    assert set(targets["status"]) == {"ok"}


def test_the_original_sizes_are_a_problem_unless_meant():
    settings = dataset(ORIGINAL | {"rescale": False})
    found = index(settings)
    stored = pd.read_csv(at("ilsvrc1300/metadata_original/image_sizes.txt"), header=None)
    assert (found.problems["kind"] == "size").sum() == ((stored[1] != 227) | (stored[2] != 227)).sum()


def test_coco_targets_are_the_chosen_classes():
    found = index(dataset(COUNTS["coco"][0]) | {"class_map": at("coco100/coco_to_imagenet.json")})
    chosen = pd.read_csv(at("coco100/targets.csv")).set_index("image")
    outputs = json.loads(Path(at("coco100/coco_to_imagenet.json")).read_text())
    for row in found.targets.itertuples(index=False):
        assert row.class_name == chosen.category[row.image]
        assert len(row.boxes) == 4 * chosen.n_boxes[row.image]
        assert row.outputs == outputs[row.class_name]["imagenet_indices"]
        area = coco.area({"size": [row.height, row.width], "counts": row.mask.encode()})
        assert area / row.width / row.height == pytest.approx(chosen.target_area_fraction[row.image], rel=0.1)


def test_coco_masks_are_pycocotools_unions():
    with contextlib.redirect_stdout(io.StringIO()):
        peer = COCO(at("coco100/instances.json"))
    numbers = {entry["file_name"]: identity for identity, entry in peer.imgs.items()}
    categories = {entry["name"]: identity for identity, entry in peer.cats.items()}
    for row in index(dataset(COUNTS["coco"][0])).targets.itertuples(index=False):
        found = peer.getAnnIds(imgIds=[numbers[row.image]], catIds=[categories[row.class_name]], iscrowd=False)
        union = np.any([peer.annToMask(entry) for entry in peer.loadAnns(found)], axis=0)
        ours = rle.decode(row.mask, row.height, row.width)
        np.testing.assert_array_equal(ours, union)
        # The stored unions were drawn by another rasteriser, which adds the outlines' pixels.
        stored = maskfiles.load(DATA / "coco100/masks" / f"{Path(row.image).stem}.png") > 0
        assert (ours & stored).sum() / (ours | stored).sum() > 0.9


@pytest.mark.parametrize("part", ["train", "test"])
def test_glas_masks_are_the_files(part):
    settings = dataset(GLAS, part)
    for row in index(settings).targets.itertuples(index=False):
        stored = maskfiles.load(Path(settings["masks"]) / f"{Path(row.image).stem}.png")
        np.testing.assert_array_equal(rle.decode(row.mask, row.height, row.width), stored > 0)


@pytest.mark.parametrize("part", ["train", "test"])
def test_glas_as_a_mask_folder_is_the_same(part):
    settings = dataset(GLAS, part)
    theirs = index(settings).targets.set_index("image")
    ours = index({"adapter": "masks", "images": settings["images"], "masks": settings["masks"]}).targets
    assert ours.set_index("image")["mask"].to_dict() == theirs["mask"].to_dict()


def test_cub_as_folders_has_the_same_images():
    settings = dataset(CUB, "test")
    theirs = index(settings).targets
    ours = index({"adapter": "imagefolder", "images": settings["images"]}).targets
    assert set(ours["image"]) == set(theirs["image"])
    assert set(ours["class_name"]) == set(theirs["class_name"])


def test_boxes_of_both_ilsvrc_forms_agree():
    one = index(dataset(*COUNTS["ilsvrc original"][:2])).targets
    two = index(dataset(*COUNTS["ilsvrc 227"][:2])).targets
    for a, b in zip(one.itertuples(index=False), two.itertuples(index=False), strict=True):
        factors = np.array([227 / a.width, 227 / a.height])
        ours, theirs = np.reshape(a.boxes, (-1, 2, 2)) * factors, np.reshape(b.boxes, (-1, 2, 2))
        np.testing.assert_allclose(ours[:, 0], theirs[:, 0], atol=0.001)
        # Scaling inclusive corners shrinks the last pixel with the rest: far corners differ by the factor less one,
        # or by less where the image's edge cuts.
        assert (np.abs(ours[:, 1] - theirs[:, 1]) <= np.abs(factors - 1) + 0.001).all()


@pytest.mark.parametrize("name", ["cub test", "glas test", "raccoon", "coco", "ilsvrc 227"])
def test_every_image_opens_at_its_size(name):
    settings = dataset(*COUNTS[name][:2])
    read = opener(settings)
    for row in index(settings).targets[:60].itertuples(index=False):
        assert read(row.image).shape == (row.height, row.width, 3)
