"""The published WSOL metadata (clovaai/wsolevaluation): `image_ids.txt`, `class_labels.txt`, `image_sizes.txt` and
`localization.txt`, whose rows are `image,x0,y0,x1,y1` or `image,mask file,ignore file`."""

from collections import defaultdict
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from wsol.boxes import asboxes, from_inclusive
from wsol.datasets import maskfiles
from wsol.datasets.annotations import Annotations, Rescale, Rows
from wsol.errors import DataError
from wsol.files import paths, rle, text
from wsol.settings import Doc, File


def read(
    *,
    annotations: Annotated[File, Doc("The folder of the four files, of which class_labels.txt must be there.")],
    masks: Annotated[
        File | None, Doc("The folder below which mask and ignore files lie; unless given, `annotations`.")
    ] = None,
    boxes: Annotated[
        Literal["inclusive", "half-open"], Doc("Whether the second corner lies in the box, as it does as published.")
    ] = "inclusive",
    classes: Annotated[File | None, Doc("A file with the name of one class per line.")] = None,
    rescale: Rescale = False,
) -> Annotations:
    """The targets in the order of `image_ids.txt`.

    An image with several class labels is several targets, each with all of the image's boxes: the format does not say
    whose a box is. Several masks of an image are one, their union, and what they cover is not ignored. A model's
    outputs are the class numbers unless the data set has a class map.
    """
    root = paths.folder(annotations, "annotations")
    rows = Rows()
    labels = _labels(root / "class_labels.txt")
    images = _images(root / "image_ids.txt", rows) if (root / "image_ids.txt").exists() else dict.fromkeys(labels)
    sizes = _sizes(root / "image_sizes.txt")
    found, painted = _truth(root / "localization.txt", images, rows)
    for name in sorted((labels.keys() | sizes.keys()) - images.keys()):
        rows.problem("unknown_image", name, "not in image_ids.txt")
    mask_root = paths.folder(masks, "masks") if masks else root
    for image in images:
        width, height = sizes.get(image, (0, 0))
        truth = asboxes(found[image])
        truth = from_inclusive(truth) if boxes == "inclusive" else truth
        mask, ignore, width, height = _masks(mask_root, image, painted[image], width, height, rescale, rows)
        if image not in labels:
            rows.problem("no_class", image, "not in class_labels.txt")
        for label in labels.get(image, []):
            rows.add(image, label, width, height, truth.ravel(), mask, ignore)
    return rows.done(names(classes) if classes else [], numbered=True)


def names(path: str | Path) -> list[str]:
    """The classes' names, one per line, without numbers that only count the lines (CUB's `1 001.Black_footed`)."""
    found = [line for _, line in text.lines(path)]
    counted = [line.partition(" ") for line in found]
    numbers = [number for number, _, name in counted if name]
    counts = list(map(str, range(len(found) + 1)))
    if numbers in (counts[:-1], counts[1:]):  # from 0, or from 1
        return [name.strip() for *_, name in counted]
    return found


def _images(path: Path, rows: Rows) -> dict[str, None]:
    images: dict[str, None] = {}
    for where, line in text.lines(path):
        image = paths.name(line, where)
        if image in images:
            rows.problem("duplicate_id", image, f"again at {where}")
        images[image] = None
    return images


def _labels(path: Path) -> dict[str, list[int]]:
    labels: dict[str, list[int]] = {}
    for where, line in text.lines(path):
        image, label = _split(where, line, 2, "image,class")
        known = labels.setdefault(paths.name(image, where), [])
        if (number := text.integer(label, where, "the class")) not in known:
            known.append(number)
    return labels


def _sizes(path: Path) -> dict[str, tuple[int, int]]:
    sizes: dict[str, tuple[int, int]] = {}
    for where, line in text.lines(path) if path.exists() else []:
        image, width, height = _split(where, line, 3, "image,width,height")
        size = text.integer(width, where, "the width", 1), text.integer(height, where, "the height", 1)
        if sizes.setdefault(paths.name(image, where), size) != size:
            raise DataError(f"{where}: {image!r} has a size already, and another one.")
    return sizes


def _split(where: str, line: str, parts: int, form: str) -> list[str]:
    fields = line.rsplit(",", parts - 1)
    if len(fields) != parts:
        raise DataError(f"{where}: expected '{form}', received {line!r:.200}.")
    return fields


def _truth(path: Path, images: dict, rows: Rows) -> tuple[dict, dict]:
    """The boxes, and the pairs of mask file and ignore file, each by image."""
    boxes: dict[str, list] = defaultdict(list)
    masks: dict[str, list] = defaultdict(list)
    for where, line in text.lines(path) if path.exists() else []:
        fields = line.rsplit(",", 4)
        found: tuple
        corners = [text.floating(f) for f in fields[1:]]
        if len(fields) == 5 and not all(np.isnan(corners)):
            image = paths.name(fields[0], where)
            found = tuple(corners)
            into = boxes
        else:
            image, mask, ignore = _split(where, line, 3, "image,x0,y0,x1,y1' or 'image,mask file,ignore file")
            if not np.isnan(text.floating(mask or "none")):
                raise DataError(f"{where}: a box is image,x0,y0,x1,y1; received {line!r:.200}.")
            image = paths.name(image, where)
            found = (mask, ignore)
            into = masks
        if image in images:
            into[image].append(found)
        else:
            rows.problem("unknown_image", image, f"{where} is of an image that is not in image_ids.txt")
    return boxes, masks


def _masks(
    root: Path, image: str, files: list[tuple[str, str]], width: int, height: int, rescale: bool, rows: Rows
) -> tuple[str, str, int, int]:
    """The mask and what is ignored as RLE, and the width and height of the image, or of its masks where it has none."""
    layers: list[list] = [[], []]
    for names_of_row in files:
        for layer, name in zip(layers, names_of_row, strict=True):
            if name:
                layer.append(maskfiles.layer(root, image, name, width, height, rescale, rows))
                if layer[-1] is not None and not width:
                    height, width = layer[-1].shape
    mask, ignore = (maskfiles.union(layer) for layer in layers)
    if mask is None:
        return "", "", width, height
    ignored = np.zeros_like(mask) if ignore is None else ignore & ~mask
    return rle.encode(mask), rle.encode(ignored) if ignored.any() else "", width, height
