"""Every adapter gives the same two images' truth, and each one's own conventions are worked by hand."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sources
from sources import BOXES, CLASSES, SIZES, SOURCES, painted, save, write
from wsol.adapters import ADAPTERS
from wsol.datasets import maskfiles
from wsol.errors import DataError
from wsol.files import rle
from wsol.index.indexing import index

BOXED = ("wsol", "voc", "imagenet", "coco", "table", "parquet")
MASKED = ("openimages", "voc_masks", "coco", "cub", "mask_folder", "table", "parquet")


def by_name(targets: pd.DataFrame) -> dict:
    """Each target by its image's last name."""
    return {row.image.split("/")[-1]: row for row in targets.itertuples(index=False)}


def unmasked(row, field: str = "mask") -> np.ndarray:
    return rle.decode(getattr(row, field), row.height, row.width)


def kinds(found) -> list[str]:
    return sorted(found.problems["kind"])


@pytest.mark.parametrize("form", SOURCES)
def test_every_form_gives_the_same_images(form, tmp_path):
    found = index(SOURCES[form](tmp_path))
    rows = by_name(found.targets)
    assert sorted(rows) == list(SIZES)
    for name, row in rows.items():
        assert (row.width, row.height) == SIZES[name]
        assert (Path(tmp_path) / "images" / row.image).exists()
        assert row.status == ("no_ground_truth" if form == "imagefolder" else "ok")
    assert kinds(found) == []
    assert "problems    none" in found.summary


@pytest.mark.parametrize("form", BOXED)
def test_every_form_gives_the_same_boxes(form, tmp_path):
    for name, row in by_name(index(SOURCES[form](tmp_path)).targets).items():
        np.testing.assert_array_equal(np.reshape(row.boxes, (-1, 4)), BOXES[name])


@pytest.mark.parametrize("form", MASKED)
def test_every_form_gives_the_same_masks(form, tmp_path):
    for name, row in by_name(index(SOURCES[form](tmp_path)).targets).items():
        np.testing.assert_array_equal(unmasked(row), painted(name))


@pytest.mark.parametrize("form", SOURCES)
def test_every_form_names_the_classes(form, tmp_path):
    names = {name: row.class_name for name, row in by_name(index(SOURCES[form](tmp_path)).targets).items()}
    if form in ("wsol", "openimages"):
        assert names == {"a.png": "0", "b.png": "1"}
    elif form == "imagenet":
        assert names == {"a.png": "n02121808 domestic cat", "b.png": "n02084071 dog, Canis familiaris"}
    else:
        assert names == CLASSES


@pytest.mark.parametrize("form", SOURCES)
def test_the_order_of_files_on_disk_moves_nothing(form, tmp_path):
    first = index(SOURCES[form](tmp_path / "one")).targets
    copy = shutil.copytree(tmp_path / "one", tmp_path / "two")
    second = index(json.loads(json.dumps(SOURCES[form](copy)))).targets
    pd.testing.assert_frame_equal(first, second)


def test_every_adapter_is_tested():
    tested = {SOURCES[form].__name__ for form in SOURCES} | {"masks", "shapes"}
    assert set(ADAPTERS) <= tested


# masks


def test_masks_have_foreground_ignored_and_unknown_values(tmp_path):
    settings = sources.mask_folder(tmp_path)
    values = np.zeros((30, 40), np.uint8)
    values[0], values[1], values[2] = 2, 9, 5
    save(tmp_path / "masks/a.png", values)
    found = index(settings)
    row = by_name(found.targets)["a.png"]
    np.testing.assert_array_equal(unmasked(row), values == 2)
    np.testing.assert_array_equal(unmasked(row, "ignore"), values == 9)
    assert found.problems.to_numpy().tolist() == [["mask_values", "a.png", "5: taken for background"]]


def test_masks_of_an_object_that_is_named_by_its_background_alone(tmp_path):
    settings = sources.mask_folder(tmp_path) | {"foreground": None, "background": [255]}
    values = np.full((30, 40), 255, np.uint8)
    values[0], values[1], values[2] = 0, 9, 5
    save(tmp_path / "masks/a.png", values)
    found = index(settings)
    row = by_name(found.targets)["a.png"]
    np.testing.assert_array_equal(unmasked(row), (values == 0) | (values == 5))
    np.testing.assert_array_equal(unmasked(row, "ignore"), values == 9)
    assert kinds(found) == []


def test_masks_groups_come_from_the_labels(tmp_path):
    assert index(sources.mask_folder(tmp_path)).targets["group"].tolist() == ["p1", "p2"]


def test_masks_without_labels_have_one_class_or_a_folder_a_class(tmp_path):
    settings = {k: v for k, v in sources.mask_folder(tmp_path).items() if k != "labels"}
    assert set(index(settings).targets["class_name"]) == {"object"}
    for folder in ("images", "masks"):
        (tmp_path / folder / "benign").mkdir()
        shutil.move(tmp_path / folder / "a.png", tmp_path / folder / "benign/a.png")
    assert index(settings).targets["class_name"].tolist() == ["object", "benign"]


def test_a_palette_mask_is_read_by_index_not_by_colour(tmp_path):
    from PIL import Image

    picture = Image.fromarray(np.array([[0, 1], [2, 255]], np.uint8), "P")
    picture.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0] + [7] * 759)
    picture.save(tmp_path / "m.png")
    assert maskfiles.load(tmp_path / "m.png").tolist() == [[0, 1], [2, 255]]


# table


@pytest.mark.parametrize(
    ("form", "row", "expected"),
    [
        ("half-open", "2,3,12,13", [2, 3, 12, 13]),
        ("inclusive", "2,3,11,12", [2, 3, 12, 13]),
        ("one-based", "3,4,12,13", [2, 3, 12, 13]),
        ("xywh", "2,3,10,10", [2, 3, 12, 13]),
        ("relative", "0.05,0.1,0.3,0.5", [2, 3, 12, 15]),
    ],
)
def test_table_box_forms(tmp_path, form, row, expected):
    path = write(tmp_path / "t.csv", f"image,class,x0,y0,x1,y1,width,height\na.png,cat,{row},40,30\n")
    settings = {"adapter": "table", "annotations": str(path), "boxes": form}
    np.testing.assert_allclose(index(settings).targets["boxes"][0], expected)


def test_table_columns_may_have_any_name_and_delimiter(tmp_path):
    path = write(tmp_path / "t.csv", "file;species;l;t;r;b;patient\na.png;7;2;3;12;13;x\nb.png;3;;;;;x\n")
    columns = {"image": "file", "class": "species", "x0": "l", "y0": "t", "x1": "r", "y1": "b", "group": "patient"}
    settings = {"adapter": "table", "annotations": str(path), "columns": columns, "delimiter": ";"}
    targets = index(settings).targets
    assert targets["label"].tolist() == [7, 3]
    assert targets["group"].tolist() == ["x", "x"]
    assert targets["status"].tolist() == ["ok", "no_ground_truth"]


@pytest.mark.parametrize("delimiter", ["\t", "tab", "\\t"])
def test_table_without_a_header_as_tiny_imagenet_has_it(delimiter, tmp_path):
    path = write(tmp_path / "t.txt", "val_0.JPEG\tn03444034\t0\t32\t44\t62\nval_1.JPEG\tn04067472\t52\t55\t57\t59\n")
    columns = {"image": 1, "class": 2, "x0": 3, "y0": 4, "x1": 5, "y1": 6}
    settings = {"adapter": "table", "annotations": str(path), "header": False, "columns": columns}
    targets = index(settings | {"delimiter": delimiter, "boxes": "inclusive"}).targets
    assert targets["image"].tolist() == ["val_0.JPEG", "val_1.JPEG"]
    assert targets["class_name"].tolist() == ["n03444034", "n04067472"]
    assert targets["boxes"].tolist() == [[0, 32, 45, 63], [52, 55, 58, 60]]


def test_table_columns_without_a_name_may_be_many(tmp_path):
    path = write(tmp_path / "t.csv", "image,class,,\na.png,cat,,\n")
    assert index({"adapter": "table", "annotations": str(path)}).targets["image"].tolist() == ["a.png"]


# imagefolder


def test_imagefolder_counts_what_it_leaves_out(tmp_path):
    settings = sources.imagefolder(tmp_path) | {"classes": ["dog"]}
    save(tmp_path / "images/stray.png", np.zeros((5, 5), np.uint8))
    found = index(settings)
    assert found.targets["image"].tolist() == ["dog/b.png"]
    assert kinds(found) == ["no_class", "unknown_class"]


# masks' encoding


def test_rle_agrees_with_pycocotools():
    from pycocotools import mask as coco

    random = np.random.default_rng(0)
    for _ in range(200):
        height, width = random.integers(1, 40, 2)
        mask = random.random((height, width)) < random.random()
        text = rle.encode(mask)
        peer = coco.decode({"size": [height, width], "counts": text.encode()})
        np.testing.assert_array_equal(rle.decode(text, height, width), peer)
        np.testing.assert_array_equal(peer, mask)


@pytest.mark.parametrize("text", ["", "1", "ÿ", "\x00", "oooooooooo", "o", "04" * 50, "999999999999"])
def test_rle_that_does_not_fill_the_mask_is_an_error(text):
    with pytest.raises(DataError):
        rle.decode(text, 5, 5)


def test_fit_keeps_pixel_centres():
    mask = np.arange(16).reshape(4, 4)
    assert maskfiles.fit(mask, 2, 2).tolist() == [[5, 7], [13, 15]]
    assert maskfiles.fit(np.array([[1, 2]]), 2, 4).tolist() == [[1, 1, 2, 2]] * 2


@pytest.mark.parametrize("form", ["voc", "table", "wsol"])
def test_masks_of_another_size_are_dropped_and_counted(form, tmp_path):
    settings = SOURCES[form](tmp_path) | {"masks": sources.masks(tmp_path, 2)}
    settings |= {"classes": ["cat", "dog"]} if form == "voc" else {}
    save(tmp_path / "masks/a.png", np.ones((9, 9), np.uint8))
    if form == "wsol":
        write(tmp_path / "meta/localization.txt", "a.png,a.png,\nb.png,b.png,\n")
    if form == "table":
        write(tmp_path / "table.csv", "image,class,mask,width,height\na.png,cat,a.png,40,30\nb.png,dog,b.png,20,20\n")
    found = index(settings)
    assert by_name(found.targets)["a.png"].mask == ""
    assert by_name(found.targets)["b.png"].mask != ""
    assert kinds(found) == ["mask_size"]


@pytest.mark.parametrize("form", ["table", "wsol"])
def test_two_masks_of_different_sizes_do_not_mix(form, tmp_path):
    settings = SOURCES[form](tmp_path) | {"masks": sources.masks(tmp_path)}
    if form == "wsol":
        (tmp_path / "meta/image_sizes.txt").unlink()
        write(tmp_path / "meta/localization.txt", "a.png,a.png,\na.png,b.png,\n")
    else:
        write(tmp_path / "table.csv", "image,class,mask\na.png,cat,a.png\na.png,cat,b.png\n")
    found = index(settings)
    np.testing.assert_array_equal(unmasked(by_name(found.targets)["a.png"]), painted("a.png"))
    assert "mask_size" in kinds(found)


def test_table_class_names_may_look_like_numbers(tmp_path):
    path = write(tmp_path / "t.csv", "image,class\na.png,v1.0\nb.png,2.0\n")
    assert index({"adapter": "table", "annotations": str(path)}).targets["class_name"].tolist() == ["v1.0", "2"]
    path = write(tmp_path / "t.csv", "image,class\na.png,1.0\nb.png,2.0\n")
    assert index({"adapter": "table", "annotations": str(path)}).targets["label"].tolist() == [1, 2]
