"""Stand-ins of the data that the shipped experiments read: the same layout, a few tiny images, random weights."""

import json
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np

from modelfiles import keras_file
from standin_files import HIGH, WIDE, box, chosen, mask, picture, write, wsol, xml

HALVES = ((2, 0), (2, 1))
FIFTHS = ((5, 0), (5, 1))
WEIGHTS = {
    "mobilenet_v2": ("MobileNetV2", {}),
    "mobilenet_0.75_224": ("MobileNet", {"alpha": 0.75}),
    "mobilenet_0.25_224": ("MobileNet", {"alpha": 0.25}),
    "mobilenet_v3_small": ("MobileNetV3Small", {}),
}


def _imagenet_labels(names: Sequence[str]) -> list[int]:
    """Classes up to the last of a thousand: a network's outputs are theirs."""
    return np.linspace(0, 999, len(names)).astype(int).tolist()


def ilsvrc1300(root: Path) -> None:
    names = chosen("val/ILSVRC2012_val_{:08d}.JPEG", [*HALVES, (48, 1), (24, 0)])
    for number, name in enumerate(names):
        picture(root / "ilsvrc1300/images" / name, number)
    wsol(root / "ilsvrc1300/metadata_original", names, _imagenet_labels(names))


def imagenet(root: Path) -> None:
    """ImageNet whole, ImageNetV2 and the published metadata."""
    names = [f"val/ILSVRC2012_val_{number:08d}.JPEG" for number in range(1, 7)]
    for number, name in enumerate(names):
        picture(root / "ILSVRC" / name, number)
    wsol(root / "wsol_metadata/ILSVRC/test", names, _imagenet_labels(names))
    synsets = [f"n{number:08d} class {number}" for number in range(1000)]
    write(root / "ILSVRC/LOC_synset_mapping.txt", synsets)
    for number, label in enumerate([*_imagenet_labels(names)] * 2):
        picture(root / f"ILSVRC/train/n{label:08d}/n{label:08d}_{number}.JPEG", number)
    names = chosen("val2/{0}/{0:040x}.jpeg", HALVES)
    for number, name in enumerate(names):
        picture(root / "imagenetv2/images" / name, number)
    wsol(root / "imagenetv2/metadata", names, _imagenet_labels(names))
    names = [f"val2/{label}/0.jpeg" for label in range(6)]
    wsol(root / "wsol_metadata/ILSVRC/val", names, range(6))
    for split in ("test", "val"):
        names = [f"001.Black_footed_Albatross/{split}_{number}.jpg" for number in range(6)]
        for number, name in enumerate(names):
            picture(root / "CUB_200_2011/images" / name, number)
        wsol(root / f"wsol_metadata/CUB/{split}", names, [0] * 6)


def cub20(root: Path) -> None:
    write(root / "cub20/classes.txt", ["1 001.Auk", "2 002.Owl"])
    for split, count in (("train", 12), ("test", 6)):
        names = [f"{number % 2}/{split}_{number}.jpg" for number in range(count)]
        for number, name in enumerate(names):
            picture(root / "cub20" / split / "images" / name, number)
        wsol(root / "cub20" / split / "metadata", names, [number % 2 for number in range(count)])


def cub(root: Path, count: int = 12) -> None:
    """CUB-200-2011 as distributed, of two species."""
    folder = root / "CUB_200_2011"
    names = [f"{1 + number % 2:03d}.Black_footed_Albatross/bird_{number}.jpg" for number in range(count)]
    tables = {
        "images": names,
        "image_class_labels": [1 + number % 2 for number in range(count)],
        "train_test_split": [int(number < 2 * count // 3) for number in range(count)],
        "bounding_boxes": ["{}.0 {}.0 18.0 14.0".format(*box(number)) for number in range(count)],
    }
    for table, values in tables.items():
        write(folder / f"{table}.txt", [f"{number} {value}" for number, value in enumerate(values, 1)])
    write(folder / "classes.txt", ["1 001.Black_footed_Albatross", "2 002.Black_footed_Albatross"])
    for number, name in enumerate(names):
        picture(folder / "images" / name, number)
        mask(folder / "segmentations" / Path(name).with_suffix(".png"), number, inside=255)


def glas(root: Path) -> None:
    for split, count in (("train", 8), ("test", 6)):
        folder = root / "glas" / split
        names = [f"{split}_{number}.png" for number in range(count)]
        for number, name in enumerate(names):
            picture(folder / "images" / name, number)
            mask(folder / "masks" / name, number)
        wsol(folder / "metadata", names, [n % 2 for n in range(count)], truth=[f"{name},{name}," for name in names])


def coco100(root: Path) -> None:
    names = chosen("{:012d}.jpg", HALVES)
    folder = root / "coco100"
    content: dict = {
        "images": [],
        "annotations": [],
        "categories": [{"id": 17, "name": "cat"}, {"id": 18, "name": "dog"}],
    }
    for number, name in enumerate(names):
        picture(folder / "images" / name, number)
        x0, y0, x1, y1 = box(number)
        content["images"].append({"id": number + 1, "file_name": name, "width": WIDE, "height": HIGH})
        entry = {"id": number + 1, "image_id": number + 1, "category_id": 17 + number % 2, "iscrowd": 0}
        entry |= {"bbox": [x0, y0, x1 - x0, y1 - y0], "segmentation": [[x0, y0, x1, y0, x1, y1, x0, y1]]}
        content["annotations"].append(entry)
    (folder / "instances.json").write_text(json.dumps(content))
    (folder / "coco_to_imagenet.json").write_text(json.dumps({"cat": [281, 282], "dog": [207, 208]}))


def raccoon40(root: Path) -> None:
    for number, name in enumerate(chosen("raccoon-{}.jpg", HALVES)):
        picture(root / "raccoon40/images" / name, number)
        xml(root / "raccoon40/annotations" / Path(name).with_suffix(".xml"), name, number, "raccoon")


def voc2012(root: Path) -> None:
    """VOC 2012: boxes, half of them with segmentations, and lists of images that all have some."""
    folder = root / "VOC2012"
    names = chosen("2008_{:06d}.jpg", FIFTHS)
    for number, name in enumerate(names):
        picture(folder / "JPEGImages" / name, number)
        xml(folder / "Annotations" / Path(name).with_suffix(".xml"), name, number, ("cat", "dog")[number % 2])
        if number % 2:
            mask(folder / "SegmentationClass" / Path(name).with_suffix(".png"), number, inside=12, edge=255)
    write(folder / "ImageSets/Main/val.txt", [Path(name).stem for name in names])
    for split, first in (("train", 20), ("val", 30)):
        names = [f"2007_{number:06d}.jpg" for number in range(first, first + 4)]
        for number, name in enumerate(names, first):
            picture(folder / "JPEGImages" / name, number)
            xml(folder / "Annotations" / Path(name).with_suffix(".xml"), name, number, ("cat", "dog")[number % 2])
            path = folder / "SegmentationClass" / Path(name).with_suffix(".png")
            mask(path, number, inside=(8, 12)[number % 2], edge=255)
        write(folder / f"ImageSets/Segmentation/{split}.txt", [Path(name).stem for name in names])


def pets(root: Path) -> None:
    """Oxford's annotations as they come, without what `make data` adds."""
    names = chosen("Abyssinian_{}.jpg", FIFTHS)
    folder = root / "pets/annotations"
    for number, name in enumerate(names):
        picture(root / "pets/images" / name, number)
        mask(folder / "trimaps" / Path(name).with_suffix(".png"), number, inside=1, outside=2, edge=3)
        xml(folder / "xmls" / Path(name).with_suffix(".xml"), name, number, ("cat", "dog")[number % 2])
    lines = [f"{Path(name).stem} {1 + n % 2} {1 + n % 2} 1" for n, name in enumerate(names)]
    write(folder / "list.txt", ["#Image CLASS-ID SPECIES BREED ID", *lines])


def openimages30k(root: Path) -> None:
    for split in ("val", "test"):
        names = [f"{split}/0bt9lr/{number:016x}.jpg" for number in range(5)]
        masks = [name.replace(".jpg", "_m0bt9lr_0.png") for name in names]
        ignored = [name.replace(".jpg", "_ignore.png") for name in names]
        for number in range(5):
            picture(root / "OpenImages" / names[number], number)
            mask(root / "OpenImages" / masks[number], number)
            mask(root / "OpenImages" / ignored[number], number + 3)
        truth = [",".join(three) for three in zip(names, masks, ignored, strict=True)]
        wsol(root / "metadata/OpenImages" / split, names, [0] * 5, truth)
    names = [f"train/0bt9lr/{number:016x}.jpg" for number in range(6)]
    for number, name in enumerate(names):
        picture(root / "OpenImages" / name, number)
    write(root / "metadata/OpenImages/train/image_ids.txt", names)
    write(root / "metadata/OpenImages/train/class_labels.txt", [f"{name},{n % 2}" for n, name in enumerate(names)])


def pseudo_boxes(root: Path) -> None:
    """Of every image of the embedded data set's select split, a part of its box."""
    from wsol.adapters import shapes
    from wsol.exports.csv_table import write_csv

    targets = shapes.read(split="select").targets.assign(class_name="x")
    boxes = [np.add(flat, (5, 3, -2, -4)) for flat in targets["boxes"]]
    write_csv(root / "pseudo_boxes.csv", targets, boxes, [[1.0]] * len(boxes))


def scoremaps(root: Path) -> None:
    """Maps of another program for three networks, once the metadata are there."""
    metadata = {"ILSVRC": "wsol_metadata/ILSVRC/test", "CUB": "wsol_metadata/CUB/test"}
    metadata["OpenImages"] = "metadata/OpenImages/test"
    for dataset, folder in metadata.items():
        for number, name in enumerate((root / folder / "image_ids.txt").read_text().split()):
            for network in ("vgg16", "inception_v3", "resnet50"):
                path = root / f"scoremaps/{dataset}_{network}/{name}.npy"
                path.parent.mkdir(parents=True, exist_ok=True)
                np.save(path, np.random.default_rng(number).random((224, 224), np.float32))


def weights(root: Path, real: bool) -> None:
    """Files of weights: drawn by Keras, or what a check takes for some."""
    (root / "weights").mkdir(parents=True)
    for name, (architecture, arguments) in WEIGHTS.items():
        path = root / "weights" / f"{name}_imagenet.weights.h5"
        if real:
            import keras

            getattr(keras.applications, architecture)(weights=None, **arguments).save_weights(path)
        else:
            with h5py.File(path, "w") as file:
                file["layers/conv/vars/0"] = np.zeros(3)


def model(root: Path, real: bool) -> None:
    """A network of one's own with VOC's twenty outputs."""
    if not real:
        return keras_file(root / "voc.keras")
    import keras

    layers = keras.layers
    last = layers.Dense(20, activation="sigmoid")
    body = [
        keras.Input((64, 64, 3)),
        layers.Conv2D(8, 3, strides=4, activation="relu"),
        layers.GlobalAveragePooling2D(),
    ]
    return keras.Sequential([*body, last]).save(root / "voc.keras")


def data(root: Path, real: bool = False) -> Path:
    """Everything that any shipped experiment reads, below `root`; with `real` weights that Keras can load."""
    from wsol.fetching.finishing import pets as finish_pets

    for make in (ilsvrc1300, imagenet, cub20, cub, glas, coco100, raccoon40, voc2012, pets, openimages30k):
        make(root)
    pseudo_boxes(root)
    finish_pets(root / "pets/annotations")
    scoremaps(root)
    weights(root, real)
    model(root, real)
    return root
