"""Pascal VOC, and whoever writes the same XML: one file per image, corners 1-based and both inside the box."""

from collections import defaultdict
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from wsol.boxes import area, asboxes, from_inclusive
from wsol.datasets import maskfiles
from wsol.datasets.annotations import Annotations, Rows, Which
from wsol.datasets.pages import Page, page
from wsol.errors import DataError
from wsol.files import paths, rle, text
from wsol.settings import Doc, File

CLASSES = [
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
]
VOID = 255

Pages = list[tuple[str, Page | None]]


def read(
    *,
    annotations: Annotated[
        File | None,
        Doc(
            "The folder of XML files; an image without one, or all where no folder is given, has its classes from its "
            "file in `masks`."
        ),
    ] = None,
    split: Annotated[
        File | None,
        Doc(
            "A list of the images to read (ImageSets/Main, ImageSets/Segmentation), one name per line without `.xml`; "
            "unless given, all."
        ),
    ] = None,
    classes: Annotated[
        list[str] | None,
        Doc(
            "The classes in the order of their labels; unless given, VOC's twenty where they cover what is found, else "
            "the names that are found."
        ),
    ] = None,
    target: Annotated[
        Which, Doc("Which of an image's classes are targets: the one of the largest boxes, the only one, or each.")
    ] = "all",
    difficult: Annotated[
        Literal["ignore", "keep"],
        Doc("ignore: difficult objects make no target, and their boxes' pixels do not count; `keep` for voc_miou."),
    ] = "ignore",
    origin: Annotated[Literal[0, 1], Doc("What the inclusive corners count from; VOC's count from 1.")] = 1,
    masks: Annotated[
        File | None,
        Doc("SegmentationClass: palette images whose value is the class's place in `classes`, from 1, and 255 void."),
    ] = None,
) -> Annotations:
    """The targets in the order of the files' names, or of the split.

    Where there is no XML, the image is NAME.jpg and the area of a class its pixels.
    """
    if not annotations and (difficult != "ignore" or origin != 1):
        raise DataError("difficult, origin: say how XML files are read, and no folder of annotations is given.")
    rows = Rows()
    pages = _pages(annotations, split, masks, rows)
    order = classes or _classes([content for _, content in pages if content])
    places = {name: label for label, name in enumerate(order)}
    for name, content in pages:
        image = (content.image if content else "") or f"{name}.jpg"
        width, height = (content.width, content.height) if content else (0, 0)
        values = _mask(masks, image, width, height, rows) if masks else None
        if values is not None:
            _named(values, image, order, content, rows)
        if content:
            _targets(image, content, places, target, difficult == "ignore", origin, values, rows)
        elif values is not None:
            _painted_targets(image, values, len(order), target, rows)
    return rows.done(order)


def _pages(annotations: str | None, split: str | None, masks: str | None, rows: Rows) -> Pages:
    """What the XML file of each name says, None where a mask is all that there is of it."""
    if not (annotations or masks):
        raise DataError("annotations: no folder of XML files, and no folder of masks to read classes from.")
    root = paths.folder(annotations, "annotations") if annotations else None
    if split:
        return listed(root, split, masks, rows)
    if root:
        files = sorted(root.glob("*.xml"))
        if not files:
            raise DataError(f"annotations: no XML file in {root}.")
        return [(file.stem, page(file)) for file in files]
    painted = sorted(path.stem for path in paths.folder(str(masks), "masks").glob("*.png"))
    if not painted:
        raise DataError(f"masks: no PNG in {masks}.")
    return [(name, None) for name in painted]


def listed(root: Path | None, split: str, masks: str | None, rows: Rows) -> Pages:
    """The same of the names of a list; VOC's class lists have a second column."""
    found: Pages = []
    for where, line in text.lines(split):
        name = line.split()[0]
        file = paths.inside(root, f"{name}.xml", where) if root else None
        if file and paths.there(file):
            found.append((name, page(file)))
        elif masks and paths.there(paths.inside(masks, f"{name}.png", where)):
            found.append((name, None))
        else:
            lacking = [f"no {name}.xml in {root}"] * bool(root) + [f"no {name}.png in {masks}"] * bool(masks)
            rows.problem("missing", name, f"{where}: {', '.join(lacking)}")
    if not found:
        raise DataError(f"split: none of the names in {split} has a file.")
    return found


def _classes(pages: list[Page]) -> list[str]:
    """VOC's twenty where they cover what is found, else the names that are found, sorted."""
    found: set[str] = set()
    for content in pages:
        found |= {thing.name for thing in content.objects}
    return CLASSES if found <= set(CLASSES) else sorted(found)


def _named(values: NDArray, image: str, order: list[str], content: Page | None, rows: Rows) -> None:
    """A problem for a mask with values that are of no class, or of a class that the annotation does not name."""
    found = [int(value) for value in np.unique(values) if value not in (0, VOID)]
    strange = [str(value) for value in found if value > len(order)]
    said = {thing.name for thing in content.objects} if content else set(order)
    unsaid = [order[value - 1] for value in found if value <= len(order) and order[value - 1] not in said]
    if strange:
        rows.problem("mask_values", image, f"{', '.join(strange[:8])}: no class of {len(order)}; taken for background")
    if unsaid:
        rows.problem("mask_values", image, f"{', '.join(unsaid)}: not in its XML; taken for background")


def _painted_targets(image: str, values: NDArray, count: int, target: Which, rows: Rows) -> None:
    """The targets of an image whose mask is all that is known of it."""
    found = zip(*np.unique(values, return_counts=True), strict=True)
    areas = {int(value) - 1: int(pixels) for value, pixels in found if 0 < value <= count and value != VOID}
    labels = rows.chosen(image, areas, target)
    if not areas:
        rows.problem("no_class", image, "no class in its mask")
    elif len(labels) < len(areas):
        rows.problem("set_aside", image, f"{len(areas)} classes in its mask; target: {target}")
    height, width = values.shape
    for label in labels:
        rows.add(image, label, width, height, (), *_layers(values, label, [], width, height))


def _targets(
    image: str,
    content: Page,
    places: dict,
    target: Which,
    ignore: bool,
    origin: int,
    values: NDArray | None,
    rows: Rows,
) -> None:
    """The targets of one image."""
    boxes: dict[int, list] = defaultdict(list)
    aside: dict[int, list] = defaultdict(list)
    for thing in content.objects:
        if thing.name not in places:
            rows.problem("unknown_class", image, thing.name)
        else:
            into = aside if thing.difficult and ignore else boxes
            into[places[thing.name]].extend(from_inclusive(thing.box, origin))
    width = content.width
    height = content.height
    labels = rows.chosen(image, {label: area(found).sum() for label, found in boxes.items()}, target)
    if not content.objects:
        rows.problem("no_class", image, "no object")
    elif len(labels) < len(boxes.keys() | aside.keys()):
        rows.problem("set_aside", image, f"{len(boxes)} classes, {len(aside)} with difficult objects; target: {target}")
    if values is not None and not width:  # an XML without a size takes the mask's
        height, width = values.shape
    for label in labels:
        layers = _layers(values, label, aside[label], width, height)
        rows.add(image, label, width, height, np.ravel(boxes[label]), *layers)


def _layers(values: NDArray | None, label: int, aside: list, width: int, height: int) -> tuple[str, str]:
    """A class's mask and the pixels that do not count for it, as RLE; where there is neither, no pixel is painted."""
    if values is None and not aside:
        return "", ""
    ignored = painted(aside, height, width)
    if values is not None:
        ignored = (ignored | (values == VOID)) & (values != label + 1)
    mask = "" if values is None else rle.encode(values == label + 1)
    return mask, rle.encode(ignored) if ignored.any() else ""


def _mask(root: str, image: str, width: int, height: int, rows: Rows) -> NDArray | None:
    """The values of an image's mask, or None where there is none or, with a problem, where it cannot be used."""
    path = paths.inside(root, f"{PurePosixPath(image).with_suffix('')}.png", "masks")
    if not paths.there(path):  # most of VOC has boxes only
        return None
    rows.masks.add(str(path))
    try:
        return maskfiles.sized(maskfiles.load(path), width, height, path.name)
    except maskfiles.WrongSize as error:
        rows.problem("mask_size", image, error)
    except DataError as error:
        rows.problem("bad_mask", image, error)
    return None


def painted(boxes: list, height: int, width: int) -> NDArray[np.bool_]:
    """The pixels that lie in some boxes: bool [height width]."""
    pixels = np.zeros((height, width), bool)
    for x0, y0, x1, y1 in np.clip(np.nan_to_num(asboxes(boxes)), 0, 2**31).round().astype(int):
        pixels[y0:y1, x0:x1] = True
    return pixels
