"""The same two images with the same truth, written in every form that an adapter reads.

`a.png` is 40 x 30 with one cat, `b.png` 20 x 20 with two dogs. Each writer fills a folder and returns the data set's
entry in a config. Boxes below are half-open; each writer spells out its own convention by hand.
"""

import json
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

SIZES = {"a.png": (40, 30), "b.png": (20, 20)}  # width, height
BOXES = {"a.png": [[2, 3, 12, 13]], "b.png": [[0, 0, 5, 5], [10, 10, 20, 20]]}
CLASSES = {"a.png": "cat", "b.png": "dog"}


def painted(name: str) -> np.ndarray:
    """The objects' pixels: bool [h w]."""
    width, height = SIZES[name]
    mask = np.zeros((height, width), bool)
    for x0, y0, x1, y1 in BOXES[name]:
        mask[y0:y1, x0:x1] = True
    return mask


def save(path: Path, values: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), values)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def images(root: Path, folders: dict[str, str] = {}) -> str:
    """Noise at the right sizes, in a folder a class where `folders` names them."""
    for seed, (name, (width, height)) in enumerate(SIZES.items()):
        noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
        save(root / "images" / folders.get(CLASSES[name], "") / name, noise)
    return str(root / "images")


def masks(root: Path, value: int = 255, ignore: int | None = None) -> str:
    """Mask files; the top left pixel of `a.png`'s is `ignore`."""
    for name in SIZES:
        mask = painted(name).astype(np.uint8) * value
        if ignore is not None and name == "a.png":
            mask[0, 0] = ignore
        save(root / "masks" / name, mask)
    return str(root / "masks")


def wsol(root: Path) -> dict:
    write(root / "meta/image_ids.txt", "a.png\nb.png\n")
    write(root / "meta/class_labels.txt", "a.png,0\nb.png,1\n")
    write(root / "meta/image_sizes.txt", "a.png,40,30\nb.png,20,20\n")
    write(root / "meta/localization.txt", "a.png,2,3,11,12\nb.png,0,0,4,4\nb.png,10,10,19,19\n")
    return {"adapter": "wsol", "annotations": str(root / "meta"), "images": images(root)}


def openimages(root: Path) -> dict:
    settings = wsol(root) | {"adapter": "openimages", "masks": masks(root)}
    ignored = np.zeros((30, 40), np.uint8)
    ignored[0, :5] = 255
    save(root / "masks/ignore.png", ignored)
    write(root / "meta/localization.txt", "a.png,a.png,ignore.png\nb.png,b.png,\n")
    return settings


PAGE = """<annotation><filename>{name}</filename><size><width>{width}</width><height>{height}</height></size>
{objects}</annotation>"""
OBJECT = """<object><name>{name}</name><difficult>0</difficult><bndbox><xmin>{0}</xmin><ymin>{1}</ymin>
<xmax>{2}</xmax><ymax>{3}</ymax></bndbox></object>"""


def pages(root: Path, first: int, names: dict[str, str]) -> str:
    """XML files whose first pixel is called `first`."""
    for name, (width, height) in SIZES.items():
        corners = [[x0 + first, y0 + first, x1 + first - 1, y1 + first - 1] for x0, y0, x1, y1 in BOXES[name]]
        objects = "".join(OBJECT.format(*c, name=names[CLASSES[name]]) for c in corners)
        write(root / "xml" / f"{name[0]}.xml", PAGE.format(name=name, width=width, height=height, objects=objects))
    return str(root / "xml")


def voc(root: Path) -> dict:
    return {"adapter": "voc", "annotations": pages(root, 1, {"cat": "cat", "dog": "dog"}), "images": images(root)}


def voc_masks(root: Path) -> dict:
    for value, name in enumerate(SIZES, 1):
        save(root / "masks" / name, painted(name).astype(np.uint8) * value)
    return voc(root) | {"masks": str(root / "masks"), "classes": ["cat", "dog"]}


def imagenet(root: Path) -> dict:
    synsets = {"cat": "n02121808", "dog": "n02084071"}
    write(root / "synsets.txt", "n02121808 domestic cat\nn02084071 dog, Canis familiaris\n")
    settings = {"adapter": "imagenet", "annotations": pages(root, 0, synsets), "synsets": str(root / "synsets.txt")}
    return settings | {"images": images(root, synsets)}


def coco(root: Path) -> dict:
    entries = [{"id": i, "file_name": n, "width": w, "height": h} for i, (n, (w, h)) in enumerate(SIZES.items(), 7)]
    categories = [{"id": 18, "name": "dog"}, {"id": 17, "name": "cat"}]
    square = [2, 3, 12, 3, 12, 13, 2, 13]
    runs = {"size": [20, 20], "counts": [0, 5, 15, 5, 15, 5, 15, 5, 15, 5, 315]}
    annotations = [
        {"id": 1, "image_id": 7, "category_id": 17, "bbox": [2, 3, 10, 10], "segmentation": [square], "iscrowd": 0},
        {"id": 2, "image_id": 8, "category_id": 18, "bbox": [0, 0, 5, 5], "segmentation": runs, "iscrowd": 0},
        {"id": 3, "image_id": 8, "category_id": 18, "bbox": [10, 10, 10, 10], "iscrowd": 0}
        | {"segmentation": [[10, 10, 20, 10, 20, 20, 10, 20]]},
    ]
    content = {"images": entries, "annotations": annotations, "categories": categories}
    path = write(root / "instances.json", json.dumps(content))
    return {"adapter": "coco", "annotations": str(path), "images": images(root)}


def cub(root: Path) -> dict:
    write(root / "cub/images.txt", "1 a.png\n2 b.png\n")
    write(root / "cub/image_class_labels.txt", "1 1\n2 2\n")
    write(root / "cub/train_test_split.txt", "1 0\n2 1\n")
    write(root / "cub/bounding_boxes.txt", "1 2.0 3.0 10.0 10.0\n2 10.0 10.0 10.0 10.0\n")
    write(root / "cub/classes.txt", "1 cat\n2 dog\n")
    settings = {"adapter": "cub", "annotations": str(root / "cub"), "split": "all", "masks": masks(root)}
    return settings | {"images": images(root)}


def mask_folder(root: Path) -> dict:
    write(root / "labels.csv", "image,class,group\na.png,cat,p1\nb.png,dog,p2\n")
    settings = {"adapter": "masks", "masks": masks(root, 2, 9), "foreground": [2], "ignore": [9]}
    return settings | {"images": images(root), "labels": str(root / "labels.csv")}


TABLE = "image,class,x0,y0,x1,y1,mask,group\na.png,cat,2,3,12,13,a.png,p1\nb.png,dog,0,0,5,5,b.png,p2\n"


def table(root: Path) -> dict:
    path = write(root / "table.csv", TABLE + "b.png,dog,10,10,20,20,b.png,p2\n")
    return {"adapter": "table", "annotations": str(path), "masks": masks(root), "images": images(root)}


def parquet(root: Path) -> dict:
    settings = table(root)
    pd.read_csv(settings["annotations"]).to_parquet(root / "table.parquet")
    return settings | {"annotations": str(root / "table.parquet")}


def imagefolder(root: Path) -> dict:
    return {"adapter": "imagefolder", "images": images(root, {"cat": "cat", "dog": "dog"})}


WRITERS = (wsol, openimages, voc, voc_masks, imagenet, coco, cub, mask_folder, table, parquet, imagefolder)
SOURCES = {write.__name__: write for write in WRITERS}
