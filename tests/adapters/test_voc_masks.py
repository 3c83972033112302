"""Pascal VOC's SegmentationClass: masks with and without XML beside them, their lists, what is wrong with them."""

import numpy as np
import pytest
from PIL import Image
from test_datasets import by_name, kinds, unmasked

import sources
from sources import save, write
from wsol.errors import DataError
from wsol.exports.voc_png import save as save_palette
from wsol.index.indexing import index

SIZE = (30, 40)


def painted(**places):
    """Values [30 40]: of each class index a stripe of columns."""
    values = np.zeros(SIZE, np.uint8)
    for value, (first, stop) in places.items():
        values[:, first:stop] = int(value[1:])
    return values


def devkit(root, **masks):
    """Images with palette masks of these values, and a list of them."""
    for name, values in masks.items():
        save(root / f"JPEGImages/{name}.jpg", np.random.default_rng(ord(name)).integers(0, 256, (*SIZE, 3), np.uint8))
        save_palette(root / f"SegmentationClass/{name}.png", values)
    split = write(root / "ImageSets/Segmentation/train.txt", "".join(f"{name}\n" for name in masks))
    settings = {"adapter": "voc", "images": str(root / "JPEGImages"), "masks": str(root / "SegmentationClass")}
    return settings | {"split": str(split)}


def page(root, name, *classes):
    objects = "".join(sources.OBJECT.format(1, 1, 9, 9, name=each) for each in classes)
    write(
        root / f"Annotations/{name}.xml", sources.PAGE.format(name=f"{name}.jpg", width=40, height=30, objects=objects)
    )


def details(found):
    return [f"{row.image}: {row.detail}" for row in found.problems.itertuples()]


def test_without_xml_the_classes_are_the_mask_s(tmp_path):
    values = {"b": painted(v12=(0, 9), v255=(9, 10), v15=(20, 40)), "a": painted(v1=(3, 4))}
    found = index(devkit(tmp_path, **values))
    rows = [(row.image, row.class_name, row.label, row.status) for row in found.targets.itertuples()]
    assert rows == [
        ("b.jpg", "dog", 11, "ok"),
        ("b.jpg", "person", 14, "ok"),
        ("a.jpg", "aeroplane", 0, "ok"),
    ]
    for row, value in zip(found.targets.itertuples(), (12, 15, 1), strict=True):
        mask = values[row.image[0]]
        assert (row.height, row.width) == SIZE and len(row.boxes) == 0
        np.testing.assert_array_equal(unmasked(row), mask == value)
        if row.image == "b.jpg":
            np.testing.assert_array_equal(unmasked(row, "ignore"), mask == 255)
    assert kinds(found) == []


def test_without_a_list_all_masks_are_read_and_one_class_can_be_the_target(tmp_path):
    settings = devkit(tmp_path, a=painted(v1=(0, 3), v2=(3, 30)), b=painted(v3=(1, 5)))
    del settings["split"]
    found = index(settings | {"target": "largest"})
    assert [(row.image, row.class_name) for row in found.targets.itertuples()] == [
        ("a.jpg", "bicycle"),
        ("b.jpg", "bird"),
    ]
    assert details(found) == ["a.jpg: 2 classes in its mask; target: largest"]


def test_boxes_are_the_xml_s_where_there_is_one(tmp_path):
    settings = devkit(tmp_path, a=painted(v1=(0, 3)), b=painted(v8=(1, 5))) | {
        "annotations": str(tmp_path / "Annotations")
    }
    page(tmp_path, "a", "aeroplane")
    rows = by_name(index(settings).targets)
    assert rows["a.jpg"].boxes == [0, 0, 9, 9] and len(rows["b.jpg"].boxes) == 0
    assert rows["b.jpg"].class_name == "cat" and unmasked(rows["b.jpg"]).sum() == 4 * 30


def test_what_is_no_class_or_not_in_the_xml_is_a_line_each(tmp_path):
    masks = {"a": painted(v21=(0, 3), v254=(3, 5), v1=(9, 12)), "b": painted(v8=(1, 5), v12=(6, 9)), "c": painted()}
    settings = devkit(tmp_path, **masks) | {"annotations": str(tmp_path / "Annotations")}
    page(tmp_path, "b", "cat")
    found = index(settings)
    assert details(found) == [
        "a.jpg: 21, 254: no class of 20; taken for background",
        "b.jpg: dog: not in its XML; taken for background",
        "c.jpg: no class in its mask",
    ]
    assert kinds(found) == ["mask_values", "mask_values", "no_class"]
    assert found.targets["class_name"].tolist() == ["aeroplane", "cat"]


def test_a_file_that_is_missing_broken_or_of_another_size_is_a_line(tmp_path):
    settings = devkit(tmp_path, a=painted(v1=(0, 3)), b=painted(v2=(0, 3)), c=painted(v2=(0, 3)), d=painted(v2=(0, 3)))
    (tmp_path / "SegmentationClass/b.png").unlink()
    (tmp_path / "SegmentationClass/c.png").write_bytes(b"no picture")
    save(tmp_path / "JPEGImages/d.jpg", np.zeros((9, 9, 3), np.uint8))
    found = index(settings)
    assert found.targets["image"].tolist() == ["a.jpg", "d.jpg"]
    lines = dict(line.split(": ", 1) for line in details(found) if not line.startswith("c.jpg: nobody"))
    assert "no b.png in" in lines["b"] and "train.txt:2" in lines["b"]
    assert "c.png" in lines["c.jpg"]
    assert lines["d.jpg"].startswith("declared 40x30, stored 9x9")
    assert {"missing", "bad_mask", "size"} <= set(kinds(found))


def test_masks_in_colours_are_no_indices(tmp_path):
    settings = devkit(tmp_path, a=painted(v1=(0, 3)), b=painted(v1=(0, 3)))
    with Image.open(tmp_path / "SegmentationClass/a.png") as picture:
        picture.convert("RGB").save(tmp_path / "SegmentationClass/a.png")
    found = index(settings)
    assert found.targets["image"].tolist() == ["b.jpg"]
    assert any("is a colour image; a mask has one value a pixel" in line for line in details(found))


def test_neither_xml_nor_masks_is_an_error(tmp_path):
    with pytest.raises(DataError, match="no folder of XML files, and no folder of masks"):
        index({"adapter": "voc", "images": str(tmp_path)})
    settings = devkit(tmp_path, a=painted(v1=(0, 3)))
    with pytest.raises(DataError, match="none of the names in"):
        index(settings | {"split": str(write(tmp_path / "some.txt", "nothing\n"))})
    with pytest.raises(DataError, match="say how XML files are read, and no folder of annotations is given"):
        index(settings | {"difficult": "keep"})
    (tmp_path / "SegmentationClass/a.png").unlink()
    with pytest.raises(DataError, match="masks: no PNG in"):
        index({"adapter": "voc", "masks": str(tmp_path / "SegmentationClass")})
