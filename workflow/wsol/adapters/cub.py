"""CUB-200-2011 as distributed: `images.txt`, `image_class_labels.txt`, `train_test_split.txt`, `bounding_boxes.txt`,
`classes.txt`, all keyed by number; boxes as corner and size; segmentations grey by the annotators' agreement."""

from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from wsol.boxes import from_xywh
from wsol.datasets import maskfiles
from wsol.datasets.annotations import Annotations, Rows
from wsol.errors import DataError
from wsol.files import paths, rle, text
from wsol.settings import Doc, File, Range


def read(
    *,
    annotations: Annotated[File, Doc("The folder CUB_200_2011, below whose `images` the images lie.")],
    split: Annotated[
        Literal["train", "test", "all"], Doc("Which images of train_test_split.txt are targets.")
    ] = "test",
    masks: Annotated[File | None, Doc("The folder of segmentations; unless given, targets have boxes only.")] = None,
    agreement: Annotated[
        int,
        Range(1, 255),
        Doc(
            "The grey value of a segmentation from which on a pixel is the bird's; 128 is over half of five annotators."
        ),
    ] = 128,
) -> Annotations:
    """The targets in the order of the image numbers; labels are the class numbers less 1."""
    root = paths.folder(annotations, "annotations")
    rows = Rows()
    images = {key: paths.name(name, where) for key, (where, name) in _keyed(root / "images.txt").items()}
    labels = _numbers(root / "image_class_labels.txt", "the class", 1)
    training = _numbers(root / "train_test_split.txt", "is_training", 0, 1) if split != "all" else {}
    boxes = _keyed(root / "bounding_boxes.txt")
    classes = [name for _, name in _keyed(root / "classes.txt").values()] if (root / "classes.txt").exists() else []
    for key in sorted((labels.keys() | boxes.keys()) - images.keys()):
        rows.problem("unknown_image", str(key), "not in images.txt")
    for key, image in sorted(images.items()):
        if key not in labels or (training and key not in training):
            rows.problem("no_class", image, f"image {key} has no class or no split")
        elif split == "all" or training[key] == (split == "train"):
            mask, width, height = _mask(masks, image, agreement, rows) if masks else ("", 0, 0)
            box = _box(*boxes[key]) if key in boxes else ()
            rows.add(image, labels[key] - 1, width, height, box, mask)
    return rows.done(classes)


def _keyed(path: Path) -> dict[int, tuple[str, str]]:
    """The lines of a file by the number that each begins with: `7 the rest` is {7: (where, "the rest")}."""
    found: dict[int, tuple[str, str]] = {}
    for where, line in text.lines(path):
        key, _, rest = line.partition(" ")
        number = text.integer(key, where, "the first column", 1)
        if number in found or not rest.strip():
            raise DataError(f"{where}: expected a new number and a value; received {line!r}.")
        found[number] = where, rest.strip()
    return found


def _numbers(path: Path, what: str, low: int, high: int = 2**31 - 1) -> dict[int, int]:
    return {key: text.integer(value, where, what, low, high) for key, (where, value) in _keyed(path).items()}


def _box(where: str, line: str) -> list[float]:
    fields = line.split()
    if len(fields) != 4:
        raise DataError(f"{where}: expected 'number x y width height', received {len(fields)} values.")
    return from_xywh([text.floating(value) for value in fields]).ravel().tolist()


def _mask(root: str, image: str, agreement: int, rows: Rows) -> tuple[str, int, int]:
    """The segmentation as RLE, and its width and height; "" and zeros, with a problem, where it cannot be had."""
    name = str(PurePosixPath(image).with_suffix(".png"))
    path = paths.inside(root, name, "masks")
    if not paths.there(path):
        rows.problem("missing_mask", image, name)
        return "", 0, 0
    rows.masks.add(str(path))
    try:
        values = maskfiles.load(path)
    except DataError as error:
        rows.problem("bad_mask", image, error)
        return "", 0, 0
    return rle.encode(values >= agreement), values.shape[1], values.shape[0]
