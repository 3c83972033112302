"""Images and masks told apart where they share a folder, and images that lie elsewhere than the annotations say."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import sources
from damages import encoded
from sources import painted, save, write
from wsol.errors import DataError
from wsol.index.indexing import index, opener

LIST = "ILSVRC2012_val_{:08d}.JPEG"


def pictures(root: Path, *names: str) -> str:
    """JPEGs of noise, each of its own, whatever they are called."""
    for seed, name in enumerate(names):
        noise = np.random.default_rng(seed).integers(0, 256, (30, 40, 3), np.uint8)
        save(root / "temporary.jpg", noise)
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "temporary.jpg").rename(root / name)
    return str(root)


def masked(root: Path, *names: str) -> str:
    for name in names:
        save(root / name, painted("a.png").astype(np.uint8) * 255)
    return str(root)


def problems(found) -> list[tuple]:
    return [tuple(row) for row in found.problems.itertuples(index=False)]


# folders of both


def test_a_folder_of_masks_below_the_images_holds_no_image(tmp_path):
    root = pictures(tmp_path / "pets", "1.jpg", "2.jpg")
    masks = masked(tmp_path / "pets/label", "1.png", "2.png", "absent.png")
    found = index({"adapter": "masks", "images": root, "masks": masks})
    assert found.targets["image"].tolist() == ["1.jpg", "2.jpg"]
    assert found.targets["class_name"].unique().tolist() == ["object"]
    assert found.problems.empty


@pytest.mark.parametrize("suffix", [".png", "_mask.png", "-seg.png"])
def test_masks_beside_their_images_are_no_images(suffix, tmp_path):
    root = pictures(tmp_path / "both", "1.jpg", "sub/2.jpg")
    masked(tmp_path / "both", f"1{suffix}", f"sub/2{suffix}")
    found = index({"adapter": "masks", "images": root, "masks": root, "suffix": suffix})
    assert found.targets["image"].tolist() == ["1.jpg", "sub/2.jpg"]
    assert found.targets["status"].tolist() == ["ok", "ok"]
    assert found.problems.empty


def test_images_may_not_be_their_own_masks(tmp_path):
    root = masked(tmp_path / "both", "1.png", "2.png")
    with pytest.raises(DataError) as caught:
        index({"adapter": "masks", "images": root, "masks": root})
    assert str(caught.value) == (
        "masks: '1.png' would be its own mask, for images and masks are *.png in one folder. Say how masks are called "
        "(suffix: _mask.png), or the folder they lie in."
    )


def test_one_image_that_would_be_its_own_mask_has_no_truth(tmp_path):
    root = pictures(tmp_path / "both", "1.jpg")
    masked(tmp_path / "both", "1.png", "orphan.png")
    found = index({"adapter": "masks", "images": root, "masks": root})
    assert found.targets["status"].tolist() == ["ok", "no_ground_truth"]
    words = "is called *.png as masks are; taken for an image without one"
    assert problems(found) == [("own_mask", "orphan.png", words)]


def test_two_images_do_not_share_a_mask(tmp_path):
    root = pictures(tmp_path / "images", "1.jpeg", "1.jpg")
    masks = masked(tmp_path / "masks", "1.png")
    found = index({"adapter": "masks", "images": root, "masks": masks})
    assert found.targets["status"].tolist() == ["ok", "no_ground_truth"]
    assert problems(found) == [("same_mask", "1.jpg", "1.png is the mask of 1.jpeg; left without truth")]


@pytest.mark.parametrize("form", ["openimages", "voc_masks", "cub", "table"])
def test_masks_are_not_images_that_nobody_names(form, tmp_path):
    settings = sources.SOURCES[form](tmp_path)
    below = shutil.copytree(settings["masks"], tmp_path / "images/masks")
    assert index(settings | {"masks": str(below)}).problems.empty
    (tmp_path / "images/masks/stray.png").touch()
    assert index(settings | {"masks": str(below)}).problems.empty


def test_masks_in_the_images_own_folder_are_not_images_that_nobody_names(tmp_path):
    settings = sources.openimages(tmp_path)
    for name in ("a", "b"):
        shutil.copy(tmp_path / f"masks/{name}.png", tmp_path / f"images/{name}_1.png")
    write(tmp_path / "meta/localization.txt", "a.png,a_1.png,\nb.png,b_1.png,\n")
    assert index(settings | {"masks": settings["images"]}).problems.empty
    save(tmp_path / "images/stray.png", np.zeros((5, 5), np.uint8))
    assert index(settings | {"masks": settings["images"]}).problems["image"].tolist() == ["stray.png"]


def test_a_folder_a_class_leaves_out_what_is_called_like_a_mask(tmp_path):
    root = pictures(tmp_path / "busi", "benign/b (1).jpg", "benign/b (2).jpg", "malign/m_mask.jpg", "malign/1.jpg")
    masked(tmp_path / "busi", "benign/b (1)_mask.png", "benign/b (1)_mask_1.png")
    found = index({"adapter": "imagefolder", "images": root})
    assert found.targets["image"].tolist() == [
        "benign/b (1).jpg",
        "benign/b (2).jpg",
        "malign/1.jpg",
        "malign/m_mask.jpg",
    ]
    assert problems(found) == [
        ("mask_file", "benign/b (1)_mask.png", "is called like the mask of benign/b (1); left out"),
        ("mask_file", "benign/b (1)_mask_1.png", "is called like the mask of benign/b (1); left out"),
    ]


def test_a_folder_of_masks_is_no_class(tmp_path):
    root = pictures(tmp_path / "pets", "cat/1.jpg", "dog/2.jpg")
    masked(tmp_path / "pets/label", "1.png", "2.png")
    found = index({"adapter": "imagefolder", "images": root})
    assert found.targets["class_name"].tolist() == ["cat", "dog"]
    assert problems(found)[0] == (
        "mask_file",
        "label/1.png",
        "is a grey file called like an image outside of label/; left out",
    )


def test_a_class_called_mask_is_one_where_its_files_are_pictures(tmp_path):
    root = pictures(tmp_path / "faces", "mask/1.jpg", "without/1.jpg")
    found = index({"adapter": "imagefolder", "images": root})
    assert found.targets["class_name"].tolist() == ["mask", "without"]
    assert found.problems.empty


def test_synset_folders_hold_images_only(tmp_path):
    root = pictures(tmp_path / "in", "n01440764/1.jpg", "n02084071/2.jpg")
    masked(tmp_path / "in", "n01440764/1_mask.png")
    found = index({"adapter": "imagenet", "images": root})
    assert found.targets["image"].tolist() == ["n01440764/1.jpg", "n02084071/2.jpg"]
    assert found.problems["kind"].tolist() == ["mask_file"]


# images elsewhere


def test_all_images_under_another_extension_are_an_error_with_a_hint(tmp_path):
    settings = sources.wsol(tmp_path)
    for name in ("a", "b"):
        (tmp_path / f"images/{name}.png").rename(tmp_path / f"images/{name}.jpeg")
    with pytest.raises(DataError) as caught:
        index(settings, "datasets.birds")
    assert str(caught.value) == (
        f"datasets.birds: none of its 2 images is below {tmp_path}/images; 2 have the same name with another extension "
        "there: 'a.jpeg' for 'a.png'."
    )


def test_some_images_under_another_extension_are_problems_with_a_hint(tmp_path):
    settings = sources.wsol(tmp_path)
    (tmp_path / "images/a.png").rename(tmp_path / "images/a.jpeg")
    found = index(settings)
    assert found.targets["status"].tolist() == ["missing", "ok"]
    assert problems(found)[0] == ("missing", "a.png", "no such file; there is 'a.jpeg'")


def test_a_missing_image_is_not_one_that_does_not_decode(tmp_path):
    from wsol.datasets import images

    settings = sources.wsol(tmp_path)
    (tmp_path / "images/a.png").unlink()
    write(tmp_path / "images/b.png", "no picture")
    found = [
        images.load(opener(settings), n, (30, 40), (8, 8), "stretch", "linear").problem for n in ("a.png", "b.png")
    ]
    assert found == [f"{tmp_path}/images/a.png: no such file.", f"{tmp_path}/images/b.png is no readable image."]


# ImageNet's lists


def test_images_that_a_list_names_and_nobody_has_are_missing_targets(tmp_path):
    root = pictures(tmp_path / "val", LIST.format(1), LIST.format(3))
    truth = write(tmp_path / "t.txt", "".join(f"{LIST.format(i)} {i}\n" for i in range(1, 6)))
    found = index({"adapter": "imagenet", "images": root, "truth": str(truth)})
    assert found.targets["label"].tolist() == [1, 2, 3, 4, 5]
    assert found.targets["status"].tolist() == ["no_ground_truth", "missing", "no_ground_truth", "missing", "missing"]
    assert found.problems["kind"].value_counts().to_dict() == {"missing": 3}


@pytest.mark.parametrize("folder", ["", "val/"])
def test_the_devkits_list_goes_by_the_numbers_in_names(folder, tmp_path):
    root = pictures(tmp_path / "in", *(folder + LIST.format(i) for i in (2, 4)))
    truth = write(tmp_path / "t.txt", "10\n20\n30\n40\n")
    found = index({"adapter": "imagenet", "images": root, "truth": str(truth)})
    assert found.targets["image"].tolist() == [folder + LIST.format(i) for i in (1, 2, 3, 4)]
    assert found.targets["label"].tolist() == [9, 19, 29, 39]
    assert found.targets["status"].tolist() == ["missing", "no_ground_truth", "missing", "no_ground_truth"]


def test_a_list_that_names_an_image_twice(tmp_path):
    root = pictures(tmp_path / "val", "1.JPEG")
    truth = write(tmp_path / "t.txt", "1.JPEG 4\n1.JPEG 5\n")
    found = index({"adapter": "imagenet", "images": root, "truth": str(truth)})
    assert found.targets["label"].tolist() == [4]
    assert problems(found) == [("duplicate_id", "1.JPEG", f"{truth}:2 says 5; the first, 4, is kept")]


def test_grey_pictures_are_pictures(tmp_path):
    for name in ("scans/1.png", "scans/2.png", "other/3.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(encoded("PNG", (int(name[-5]) + 4, 4), mode="L"))
    found = index({"adapter": "imagefolder", "images": str(tmp_path)})
    assert len(found.targets) == 3
    assert found.problems.empty
