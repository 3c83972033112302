"""The adapters of published data sets and their annotation formats: each one's own conventions, worked by hand."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from test_datasets import by_name, kinds, unmasked

import sources
from sources import painted, save, write
from wsol.files import rle
from wsol.index.indexing import index

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
    assert targets["status"].tolist() == ["no_ground_truth"] * 2


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
    assert targets["status"].tolist() == ["no_ground_truth", "no_ground_truth"]


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
