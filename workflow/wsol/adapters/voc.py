"""Pascal VOC, and whoever writes the same XML: one file per image, corners 1-based and both inside the box."""

from collections import defaultdict
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, NamedTuple
from xml.etree.ElementTree import Element, ParseError

import numpy as np
from defusedxml import DefusedXmlException, ElementTree
from numpy.typing import NDArray

from wsol.boxes import area, asboxes, from_inclusive
from wsol.datasets import maskfiles
from wsol.datasets.annotations import Annotations, Rows, Which, chosen
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


class Object(NamedTuple):
    name: str
    box: tuple[float, ...]  # as written
    difficult: bool


class Page(NamedTuple):
    """One XML file; the image's name is empty and its size 0 where it does not say."""

    image: str
    width: int
    height: int
    objects: list[Object]


def read(
    *,
    annotations: Annotated[File, Doc("The folder of XML files.")],
    split: Annotated[
        File | None, Doc("A list of the XML files to read, one name per line without `.xml`; unless given, all.")
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
        Doc("ignore: difficult objects make no target, and their boxes' pixels do not count."),
    ] = "ignore",
    origin: Annotated[Literal[0, 1], Doc("What the inclusive corners count from; VOC's count from 1.")] = 1,
    masks: Annotated[
        File | None,
        Doc("SegmentationClass: palette images whose value is the class's place in `classes`, from 1, and 255 void."),
    ] = None,
) -> Annotations:
    """The targets in the order of the files' names, or of the split."""
    root = paths.folder(annotations, "annotations")
    rows = Rows()
    files = listed(root, split, rows) if split else sorted(root.glob("*.xml"))
    if not files:
        raise DataError(f"annotations: no XML file in {root}.")
    pages = [(file, page(file)) for file in files]
    order = classes or _classes(pages)
    places = {name: label for label, name in enumerate(order)}
    for file, content in pages:
        image = content.image or f"{file.stem}.jpg"
        _targets(image, content, places, target, difficult == "ignore", origin, masks, rows)
    return rows.done(order)


def listed(root: Path, split: str, rows: Rows) -> list[Path]:
    """The XML files a list names; VOC's class lists have a second column."""
    found = []
    for where, line in text.lines(split):
        file = paths.inside(root, f"{line.split()[0]}.xml", where)
        if paths.there(file):
            found.append(file)
        else:
            rows.problem("missing", line.split()[0], f"{where}: no {file.name} in {root}")
    return found


def _classes(pages: list[tuple[Path, Page]]) -> list[str]:
    """VOC's twenty where they cover what is found, else the names that are found, sorted."""
    found: set[str] = set()
    for _, content in pages:
        found |= {thing.name for thing in content.objects}
    return CLASSES if found <= set(CLASSES) else sorted(found)


def _targets(
    image: str, content: Page, places: dict, target: Which, ignore: bool, origin: int, masks: str | None, rows: Rows
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
    labels = chosen({label: area(found).sum() for label, found in boxes.items()}, target)
    if not content.objects:
        rows.problem("no_class", image, "no object")
    elif len(labels) < len(boxes.keys() | aside.keys()):
        rows.problem("set_aside", image, f"{len(boxes)} classes, {len(aside)} with difficult objects; target: {target}")
    values = _mask(masks, image, width, height, rows) if masks else None
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


def page(path: Path) -> Page:
    """What one XML file says; a DataError for entities, other structures and broken markup."""
    try:
        root = ElementTree.fromstring(path.read_bytes(), forbid_dtd=True)
    except DefusedXmlException as error:
        raise DataError(f"{path}: an XML file with a document type or entities is refused.") from error
    except (ParseError, ValueError, LookupError, OSError, RecursionError) as error:
        raise DataError(f"{path} is no readable XML: {error or type(error).__name__}.") from error
    if root.tag != "annotation":
        raise DataError(f"{path}: expected <annotation>, received <{root.tag:.40}>.")
    width = _size(root, "size/width", path)
    height = _size(root, "size/height", path)
    if width * height > maskfiles.PIXEL_LIMIT:
        raise DataError(f"{path}: a size of {width}x{height} is over the limit of {maskfiles.PIXEL_LIMIT} pixels.")
    image = (root.findtext("filename") or "").strip()
    objects = [_object(element, path) for element in root.iter("object")]
    return Page(paths.name(image, path) if image else "", width, height, objects)


def _size(root: Element, at: str, path: Path) -> int:
    found = (root.findtext(at) or "").strip()
    return text.integer(found, str(path), at) if found else 0


def _object(element: Element, path: Path) -> Object:
    name = (element.findtext("name") or "").strip()
    if not name:
        raise DataError(f"{path}: an object has no name.")
    corners = [element.findtext(f"bndbox/{corner}") for corner in ("xmin", "ymin", "xmax", "ymax")]
    if None in corners:
        raise DataError(f"{path}: the {name!r} lacks a corner of its bndbox.")
    return Object(name, tuple(map(text.floating, corners)), (element.findtext("difficult") or "").strip() == "1")
