"""COCO's instances JSON: boxes as corner and size, masks as polygons or RLE, crowds ignored."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsol.boxes import area, from_xywh
from wsol.datasets import maskfiles
from wsol.datasets.annotations import Annotations, Rows, Which
from wsol.errors import DataError
from wsol.files import paths, rle, text
from wsol.settings import Doc, File


def read(
    *,
    annotations: Annotated[File, Doc("The instances JSON.")],
    target: Annotated[
        Which,
        Doc(
            "Which of an image's classes are targets: the one of the largest mask (or boxes, where it has no mask), "
            "the only one, or each."
        ),
    ] = "largest",
) -> Annotations:
    """The targets of an instances JSON, ordered by file name.

    A target is one class of an image with all objects of that class; its mask is their union. A crowd is no object: its
    pixels are ignored. Labels are places in the list of categories sorted by id.
    """
    content = text.parse(annotations)
    if not isinstance(content, dict) or not all(isinstance(v, list) for k, v in content.items() if k in KEYS):
        raise DataError(f"{annotations}: must be an object with the lists {', '.join(KEYS)}.")
    for key in KEYS:
        for i, entry in enumerate(content.setdefault(key, [])):
            if not isinstance(entry, dict):
                raise DataError(f"{annotations}: {key}[{i}] must be an object; received {text.shown(entry)}.")
    rows = Rows()
    order, classes = _categories(content["categories"], annotations)
    images = _images(content["images"], annotations, rows)
    for image, objects in _sorted(content["annotations"], images, order, annotations, rows):
        _targets(image, objects, target, rows)
    return rows.done(classes)


KEYS = ("images", "annotations", "categories")


class Image:
    """An image of the file; its masks are painted at its size."""

    def __init__(self, entry: Mapping, where: str):
        if not isinstance(entry.get("file_name"), str):
            raise DataError(f"{where} needs a file_name; received {text.shown(entry.get('file_name'))}.")
        self.name = paths.name(entry["file_name"], where)
        self.width, self.height = (text.integer(entry.get(side, 0), where, side) for side in ("width", "height"))
        if self.width * self.height > maskfiles.PIXEL_LIMIT:
            raise DataError(f"{where}: a size of {self.width}x{self.height} is over {maskfiles.PIXEL_LIMIT} pixels.")


def _categories(entries: list, path: str) -> tuple[dict[int, int], list[str]]:
    """The label of each category by its id, and the labels' names."""
    names: dict[int, str] = {}
    for i, entry in enumerate(entries):
        identity = text.integer(entry.get("id"), f"{path}: categories[{i}]", "id")
        if identity in names:
            raise DataError(f"{path}: categories[{i}] has id {identity} again.")
        names[identity] = text.clean(entry.get("name", identity))
    order = sorted(names)
    return {identity: label for label, identity in enumerate(order)}, [names[i] for i in order]


def _images(entries: list, path: str, rows: Rows) -> dict[int, Image]:
    """The images by their ids; of two with one id or one file the first counts, and the other is a problem."""
    images: dict[int, Image] = {}
    files: dict[str, int] = {}
    for i, entry in enumerate(entries):
        where = f"{path}: images[{i}]"
        identity = text.integer(entry.get("id"), where, "id", high=2**63)
        image = Image(entry, where)
        if identity in images or image.name in files:
            rows.problem("duplicate_id", image.name, f"images[{i}] is of an image there is already; left out")
            continue
        images[identity] = image
        files[image.name] = identity
    return images


def _sorted(entries: list, images: dict[int, Image], order: dict, path: str, rows: Rows) -> list[tuple[Image, dict]]:
    """Each image, by name, with its objects by label."""
    found: dict[int, dict[int, list]] = {identity: defaultdict(list) for identity in images}
    for i, entry in enumerate(entries):
        where = f"{path}: annotations[{i}]"
        image = text.integer(entry.get("image_id"), where, "image_id", high=2**63)
        category = text.integer(entry.get("category_id"), where, "category_id")
        if image not in images:
            rows.problem("unknown_image", str(image), f"annotations[{i}]: no image of that id")
        elif category not in order:
            rows.problem("unknown_class", images[image].name, f"annotations[{i}]: category {category}")
        else:
            found[image][order[category]].append((where, entry))
    return sorted(((images[identity], objects) for identity, objects in found.items()), key=lambda pair: pair[0].name)


class Truth(NamedTuple):
    """One class in one image: boxes [n 4], and the mask and the ignored pixels as RLE, None where there are none."""

    boxes: NDArray
    mask: str | None
    crowd: str | None


def _targets(image: Image, objects: Mapping[int, list], which: Which, rows: Rows) -> None:
    """The targets of one image, from its objects by label."""
    found = {label: _truth(image, entries, rows) for label, entries in objects.items()}
    real = {label: truth for label, truth in found.items() if len(truth.boxes)}
    labels = rows.chosen(image.name, {label: _area(truth, image) for label, truth in real.items()}, which)
    if not objects:
        rows.problem("no_class", image.name, "no object")
    elif len(labels) < len(objects):
        rows.problem("set_aside", image.name, f"{len(objects)} classes, {len(labels)} chosen (target: {which})")
    for label in labels:
        boxes, mask, crowd = real[label]
        if mask is not None and crowd is not None:
            crowd = rle.without(crowd, mask, image.height, image.width)  # what is an object is not ignored
        layers = [_painted(layer, image) for layer in (mask, crowd)]
        rows.add(image.name, label, image.width, image.height, np.ravel(boxes), *layers)


def _area(truth: Truth, image: Image) -> float:
    return area(truth.boxes).sum() if truth.mask is None else rle.area(truth.mask, image.height, image.width)


def _painted(layer: str | None, image: Image) -> str:
    """The layer, or "" where it has no foreground."""
    return layer if layer and rle.area(layer, image.height, image.width) else ""


def _truth(image: Image, entries: list, rows: Rows) -> Truth:
    """All objects of one class in one image."""
    boxes: list[NDArray] = []
    layers: tuple[list, list] = [], []
    for where, entry in entries:
        crowd = entry.get("iscrowd") in (1, True)
        mask = _segmentation(image, entry.get("segmentation"), where, rows)
        layers[crowd].append(mask)
        if not crowd:
            boxes.append(_box(entry, mask, image, where))
    mask, ignored = (_union(layer, image) for layer in layers)
    if None in layers[0]:
        mask = None  # a union that lacks an object would be a wrong truth
    return Truth(np.array(boxes).reshape(-1, 4), mask, ignored)


def _union(layers: list[str | None], image: Image) -> str | None:
    there = [layer for layer in layers if layer is not None]
    return rle.union(there, image.height, image.width) if there else None


def _box(entry: Mapping, mask: str | None, image: Image, where: str) -> NDArray:
    box = entry.get("bbox")
    if box is None and _painted(mask, image):
        return np.array(rle.bounds(mask or "", image.height, image.width))
    if not isinstance(box, list) or len(box) != 4:
        raise DataError(f"{where}: bbox must be [x, y, width, height]; received {text.shown(box)}.")
    return from_xywh([text.floating(v) for v in box])[0]


def _segmentation(image: Image, given: Any, where: str, rows: Rows) -> str | None:
    """Polygons or an RLE as an RLE, no pixel painted; None where there is none, or it is broken, which is a problem."""
    if not given:
        return None
    try:
        return _runs(given, image.height, image.width, where)
    except DataError as error:
        rows.problem("bad_mask", image.name, error)
        return None


def _runs(given: Any, height: int, width: int, where: str) -> str:
    """COCO's three forms of a segmentation (polygons, counts as text or as a list) in one; a DataError for others."""
    if not height or not width:
        raise DataError(f"{where}: a segmentation needs its image's width and height.")
    if isinstance(given, list):
        return _polygons(given, height, width, where)
    if not isinstance(given, dict) or given.get("size") != [height, width]:
        raise DataError(f"{where}: a segmentation is polygons or an RLE of size [{height}, {width}].")
    runs = given.get("counts")
    if isinstance(runs, str):
        return rle.compress(rle.counts(runs, where), height, width, where)
    if not isinstance(runs, list):
        raise DataError(f"{where}: RLE counts are text or a list; received {type(runs).__name__}.")
    return rle.compress(runs, height, width, where)


def _polygons(given: list, height: int, width: int, where: str) -> str:
    reach = 2 * max(height, width)  # farther out the rasteriser's memory is the coordinate's to choose
    for polygon in given:
        if not isinstance(polygon, list) or len(polygon) < 6 or len(polygon) % 2:
            raise DataError(f"{where}: a polygon is [x, y, x, y, x, y, …]; received {text.shown(polygon)}.")
        if not all(abs(text.floating(v)) <= reach for v in polygon):
            raise DataError(f"{where}: a polygon has a coordinate that is no number or far outside the image.")
    points = [list(map(float, polygon)) for polygon in given]
    return rle.polygons(points, height, width)
