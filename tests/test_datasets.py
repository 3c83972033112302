"""Every adapter gives the same two images' truth, and each one's own conventions are worked by hand."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sources
from sources import BOXES, CLASSES, SIZES, SOURCES, painted, save, write
from wsol.datasets import ADAPTERS, maskfiles, rle
from wsol.errors import DataError
from wsol.indexing import index

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
        assert row.status == ("unlabelled" if form == "imagefolder" else "ok")
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


# wsol


def test_wsol_half_open_boxes_are_taken_as_they_are(tmp_path):
    settings = sources.wsol(tmp_path) | {"boxes": "half-open"}
    assert by_name(index(settings).targets)["a.png"].boxes == [2, 3, 11, 12]


def test_wsol_keeps_the_order_of_the_ids(tmp_path):
    settings = sources.wsol(tmp_path)
    write(tmp_path / "meta/image_ids.txt", "b.png\na.png\n")
    assert index(settings).targets["image"].tolist() == ["b.png", "a.png"]


def test_wsol_several_classes_are_several_targets(tmp_path):
    settings = sources.wsol(tmp_path)
    write(tmp_path / "meta/class_labels.txt", "a.png,4\na.png,0\nb.png,1\nb.png,1\n")
    targets = index(settings).targets
    assert targets[["image", "label"]].to_numpy().tolist() == [["a.png", 4], ["a.png", 0], ["b.png", 1]]
    assert targets["boxes"].tolist()[0] == targets["boxes"].tolist()[1] == [2, 3, 12, 13]


def test_wsol_needs_only_class_labels(tmp_path):
    settings = sources.wsol(tmp_path)
    for name in ("image_ids", "image_sizes", "localization"):
        (tmp_path / f"meta/{name}.txt").unlink()
    targets = index(settings).targets
    assert targets["width"].tolist() == [40, 20]
    assert targets["status"].tolist() == ["unlabelled"] * 2


def test_wsol_without_images_looks_at_no_file(tmp_path):
    settings = sources.wsol(tmp_path)
    shutil.rmtree(settings.pop("images"))
    assert index(settings).targets["status"].tolist() == ["ok", "ok"]


def test_wsol_names_may_hold_commas(tmp_path):
    settings = sources.wsol(tmp_path) | {"images": None}
    write(tmp_path / "meta/image_ids.txt", "a,1,2.png\n")
    write(tmp_path / "meta/class_labels.txt", "a,1,2.png,3\n")
    write(tmp_path / "meta/image_sizes.txt", "a,1,2.png,40,30\n")
    write(tmp_path / "meta/localization.txt", "a,1,2.png,0,0,9,9\n")
    row = index(settings).targets.iloc[0]
    assert (row["image"], row["label"], row["boxes"]) == ("a,1,2.png", 3, [0, 0, 10, 10])


@pytest.mark.parametrize("numbers", ["1 cat\n2 dog\n", "0 cat\n1 dog\n", "cat\ndog\n"])
def test_wsol_class_names(tmp_path, numbers):
    settings = sources.wsol(tmp_path) | {"classes": str(write(tmp_path / "classes.txt", numbers))}
    assert index(settings).targets["class_name"].tolist() == ["cat", "dog"]


# openimages


def test_openimages_masks_are_united_and_win_over_ignored_pixels(tmp_path):
    settings = sources.openimages(tmp_path)
    left, right, ignored = (np.zeros((30, 40), np.uint8) for _ in range(3))
    left[:, :4], right[:, 36:], ignored[:, 2:10] = 255, 255, 255
    for name, mask in {"l.png": left, "r.png": right, "i.png": ignored}.items():
        save(tmp_path / "masks" / name, mask)
    write(tmp_path / "meta/localization.txt", "a.png,l.png,i.png\na.png,r.png,i.png\nb.png,b.png,\n")
    row = by_name(index(settings).targets)["a.png"]
    np.testing.assert_array_equal(unmasked(row), (left | right) > 0)
    np.testing.assert_array_equal(unmasked(row, "ignore"), (ignored > 0) & (left == 0))


def test_openimages_masks_of_another_size_are_brought_to_the_image(tmp_path):
    settings = sources.openimages(tmp_path)
    save(tmp_path / "masks/a.png", np.kron(painted("a.png"), np.ones((2, 2))).astype(np.uint8) * 255)
    found = index(settings)
    np.testing.assert_array_equal(unmasked(by_name(found.targets)["a.png"]), painted("a.png"))
    assert kinds(found) == []


# voc


def test_voc_counts_from_one_and_includes_both_corners(tmp_path):
    settings = sources.voc(tmp_path)
    one = sources.OBJECT.format(1, 1, 1, 1, name="cat")
    write(tmp_path / "xml/a.xml", sources.PAGE.format(name="a.png", width=40, height=30, objects=one))
    assert by_name(index(settings).targets)["a.png"].boxes == [0, 0, 1, 1]
    assert by_name(index(settings | {"origin": 0}).targets)["a.png"].boxes == [1, 1, 2, 2]


def test_voc_difficult_objects_are_ignored_pixels(tmp_path):
    settings = sources.voc(tmp_path)
    easy, hard = sources.OBJECT.format(1, 1, 5, 5, name="cat"), sources.OBJECT.format(11, 11, 20, 20, name="cat")
    hard = hard.replace("<difficult>0", "<difficult>1")
    write(tmp_path / "xml/a.xml", sources.PAGE.format(name="a.png", width=40, height=30, objects=easy + hard))
    row = by_name(index(settings).targets)["a.png"]
    expected = np.zeros((30, 40), bool)
    expected[10:20, 10:20] = True
    assert row.boxes == [0, 0, 5, 5]
    np.testing.assert_array_equal(unmasked(row, "ignore"), expected)
    assert len(by_name(index(settings | {"difficult": "keep"}).targets)["a.png"].boxes) == 8


def test_voc_an_image_with_difficult_objects_only_is_set_aside_and_counted(tmp_path):
    settings = sources.voc(tmp_path)
    page = (tmp_path / "xml/a.xml").read_text()
    write(tmp_path / "xml/a.xml", page.replace("<difficult>0", "<difficult>1"))
    found = index(settings)
    assert found.targets["image"].tolist() == ["b.png"]
    assert kinds(found) == ["set_aside"]


@pytest.mark.parametrize(("target", "expected"), [("all", ["cat", "dog"]), ("largest", ["dog"]), ("single", [])])
def test_voc_which_class_is_the_target(tmp_path, target, expected):
    settings = sources.voc(tmp_path) | {"target": target}
    two = sources.OBJECT.format(1, 1, 5, 5, name="cat") + sources.OBJECT.format(11, 11, 20, 20, name="dog")
    write(tmp_path / "xml/a.xml", sources.PAGE.format(name="a.png", width=40, height=30, objects=two))
    targets = index(settings).targets
    assert targets.loc[targets["image"] == "a.png", "class_name"].tolist() == expected


def test_voc_masks_are_palette_indices_with_void_ignored(tmp_path):
    settings = sources.voc(tmp_path) | {"masks": str(tmp_path / "masks"), "classes": ["cat", "dog"]}
    hard = sources.OBJECT.format(1, 1, 40, 30, name="cat").replace("<difficult>0", "<difficult>1")
    easy = sources.OBJECT.format(3, 4, 12, 13, name="cat")
    values = np.zeros((30, 40), np.uint8)
    values[3:13, 2:12], values[20, :] = 1, 255
    save(tmp_path / "masks/a.png", values)
    rows = by_name(index(settings).targets)
    np.testing.assert_array_equal(unmasked(rows["a.png"]), values == 1)
    np.testing.assert_array_equal(unmasked(rows["a.png"], "ignore"), values == 255)
    assert rows["b.png"].mask == ""  # most of VOC has boxes only
    write(tmp_path / "xml/a.xml", sources.PAGE.format(name="a.png", width=40, height=30, objects=easy + hard))
    row = by_name(index(settings).targets)["a.png"]
    np.testing.assert_array_equal(unmasked(row, "ignore"), values != 1)  # what the mask covers is not ignored


def test_voc_reads_only_the_split(tmp_path):
    settings = sources.voc(tmp_path) | {"split": str(write(tmp_path / "val.txt", "b  1\nz -1\n"))}
    found = index(settings)
    assert found.targets["image"].tolist() == ["b.png"]
    assert kinds(found) == ["missing", "unreferenced"]


# imagenet


def test_imagenet_flat_images_take_the_class_from_the_xml(tmp_path):
    settings = sources.imagenet(tmp_path)
    for name, synset in {"a.png": "n02121808", "b.png": "n02084071"}.items():
        shutil.move(tmp_path / "images" / synset / name, tmp_path / "images" / name)
    assert index(settings).targets["label"].tolist() == [0, 1]


@pytest.mark.parametrize("truth", ["2\n1\n", "a.png 1\nb.png 0\n"])
def test_imagenet_flat_images_take_the_class_from_the_truth_list(tmp_path, truth):
    settings = sources.imagenet(tmp_path) | {"truth": str(write(tmp_path / "truth.txt", truth))}
    shutil.rmtree(tmp_path / "images")
    settings |= {"images": sources.images(tmp_path), "annotations": None}
    targets = index(settings).targets
    assert targets["label"].tolist() == [1, 0]
    assert targets["status"].tolist() == ["unlabelled", "unlabelled"]


def test_imagenet_without_a_list_numbers_the_sorted_synsets(tmp_path):
    settings = sources.imagenet(tmp_path) | {"synsets": None}
    labels = by_name(index(settings).targets)
    assert {name: row.label for name, row in labels.items()} == {"a.png": 1, "b.png": 0}


# coco


def edited(settings: dict, change) -> dict:
    path = Path(settings["annotations"])
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    return settings


def test_coco_crowds_are_ignored_pixels_and_no_box(tmp_path):
    def change(content):
        runs = {"size": [30, 40], "counts": [0, 60, 1140]}
        content["annotations"].append(
            {"id": 9, "image_id": 7, "category_id": 17, "bbox": [0, 0, 2, 30], "segmentation": runs, "iscrowd": 1}
        )

    row = by_name(index(edited(sources.coco(tmp_path), change)).targets)["a.png"]
    expected = np.zeros((30, 40), bool)
    expected[:, :2] = True
    assert row.boxes == [2, 3, 12, 13]
    np.testing.assert_array_equal(unmasked(row, "ignore"), expected)


def test_coco_compressed_rle_is_read(tmp_path):
    def change(content):
        content["annotations"][0]["segmentation"] = {"size": [30, 40], "counts": rle.encode(painted("a.png"))}

    row = by_name(index(edited(sources.coco(tmp_path), change)).targets)["a.png"]
    np.testing.assert_array_equal(unmasked(row), painted("a.png"))


@pytest.mark.parametrize(("target", "expected"), [("all", ["cat", "dog"]), ("largest", ["dog"]), ("single", [])])
def test_coco_which_class_is_the_target(tmp_path, target, expected):
    def change(content):
        content["annotations"].append({"id": 9, "image_id": 7, "category_id": 18, "bbox": [15, 0, 20, 20]})

    settings = edited(sources.coco(tmp_path), change) | {"target": target}
    found = index(settings)
    chosen = found.targets.loc[found.targets["image"] == "a.png"]
    assert chosen["class_name"].tolist() == expected
    assert kinds(found) == ([] if target == "all" else ["set_aside"])


def test_coco_a_class_with_a_broken_segmentation_keeps_its_boxes_and_no_mask(tmp_path):
    def change(content):
        content["annotations"][2]["segmentation"] = {"size": [20, 20], "counts": "oops"}

    found = index(edited(sources.coco(tmp_path), change))
    row = by_name(found.targets)["b.png"]
    assert (len(row.boxes), row.mask) == (8, "")
    assert kinds(found) == ["bad_mask"]


def test_coco_a_box_may_come_from_the_mask(tmp_path):
    def change(content):
        del content["annotations"][0]["bbox"]

    assert by_name(index(edited(sources.coco(tmp_path), change)).targets)["a.png"].boxes == [2, 3, 12, 13]


# cub


def test_cub_boxes_are_corner_and_size_and_the_split_is_obeyed(tmp_path):
    settings = sources.cub(tmp_path)
    rows = by_name(index(settings).targets)
    assert (rows["a.png"].boxes, rows["b.png"].boxes) == ([2, 3, 12, 13], [10, 10, 20, 20])
    for split, expected in {"test": ["a.png"], "train": ["b.png"]}.items():
        assert index(settings | {"split": split}).targets["image"].tolist() == expected


def test_cub_segmentations_count_from_the_agreement_on(tmp_path):
    settings = sources.cub(tmp_path)
    grey = np.full((30, 40), 102, np.uint8)
    grey[:10] = 153
    save(tmp_path / "masks/a.png", grey)
    assert unmasked(by_name(index(settings).targets)["a.png"]).sum() == 400
    assert unmasked(by_name(index(settings | {"agreement": 102}).targets)["a.png"]).sum() == 1200


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
    assert targets["status"].tolist() == ["ok", "unlabelled"]


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
