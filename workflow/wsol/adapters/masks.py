"""A folder of images and a folder of masks of the same names, as histology and segmentation sets come."""

from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from wsol.datasets import apart, maskfiles
from wsol.datasets.annotations import Annotations, Rows
from wsol.errors import DataError
from wsol.files import paths, rle, text
from wsol.settings import Doc, File


def read(
    *,
    images: Annotated[File, Doc("The folder of images.")],
    masks: Annotated[File, Doc("The folder of masks; it may be that of the images.")],
    suffix: Annotated[str, Doc("How masks are called: that of `a/b.jpg` is `a/b` and this.")] = ".png",
    foreground: Annotated[
        list[int] | None,
        Doc("The values that are the object; unless given, all but those of `background` and `ignore`."),
    ] = None,
    ignore: Annotated[list[int], Doc("The values of pixels that count neither way.")] = [],
    background: Annotated[list[int], Doc("The values that are not the object; any other is a problem.")] = [0],
    labels: Annotated[
        File | None,
        Doc(
            "A CSV with the columns image, class and, if wanted, group; unless given, the class is the image's first "
            "folder, or `object` where images lie in none."
        ),
    ] = None,
    classes: Annotated[
        list[str] | None, Doc("The classes in the order of their labels; unless given, those that are found, sorted.")
    ] = None,
) -> Annotations:
    """The targets in the order of the images' names, one per image; a mask's size is taken for the image's.

    A value that no setting names is a problem. Masks below `images` are no images; an image that
    is its own mask by name, or whose mask is another's already, has no truth.
    """
    root = paths.folder(masks, "masks")
    rows = Rows()
    names = _images(images, masks, suffix)
    given = _labels(labels) if labels else {name: (_folder(name), "") for name in names}
    order = classes or sorted({name for name, _ in given.values()})
    places = {name: label for label, name in enumerate(order)}
    for name in sorted(given.keys() - set(names)):
        rows.problem("unknown_image", name, "in the labels, not in the folder")
    taken: dict[str, str] = {}
    for name in names:
        class_name, group = given.get(name, (None, ""))
        if class_name is None:
            rows.problem("no_class", name, f"not in {labels}")
        elif class_name not in places:
            rows.problem("unknown_class", name, class_name)
        else:
            values = _values(root, Path(images) / name, name, suffix, taken, rows)
            layers = _layers(values, name, foreground, ignore, background, rows) if values is not None else ("", "")
            height, width = values.shape if values is not None else (0, 0)
            rows.add(name, places[class_name], width, height, (), *layers, group)
    return rows.done(order)


def _folder(name: str) -> str:
    return name.split("/")[0] if "/" in name else "object"


def _labels(path: str) -> dict[str, tuple[str, str]]:
    """The class and the group ("" for none) of each image that the CSV names."""
    found: dict[str, tuple[str, str]] = {}
    for number, row in enumerate(text.table(path), 2):
        if not {"image", "class"} <= row.keys():
            raise DataError(f"{path}: needs the columns image, class; received {', '.join(row)}.")
        image = paths.name(row["image"].strip(), f"{path}: row {number}")
        if image in found:
            raise DataError(f"{path}: row {number} is of {image!r} again.")
        found[image] = row["class"].strip(), row.get("group", "").strip()
    return found


def _images(images: str, masks: str, suffix: str) -> list[str]:
    """The images' names, without the masks that lie among them."""
    names = apart.images(paths.folder(images, "images"), masks)
    if not names:
        raise DataError(f"images: no image below {images}.")
    if Path(images).resolve() != Path(masks).resolve():
        return names
    painted = apart.others_masks(names, suffix)
    names = [name for name in names if name not in painted]
    own = [name for name in names if apart.mask_of(name, suffix) == name]
    if own and len(own) == len(names):
        raise DataError(
            f"masks: {own[0]!r} would be its own mask, for images and masks are *{suffix} in one folder. Say how masks "
            "are called (suffix: _mask.png), or the folder they lie in."
        )
    return names


def _values(root: Path, image: Path, name: str, suffix: str, taken: dict[str, str], rows: Rows) -> NDArray | None:
    """The mask's values, or None and a problem; `taken` says of each mask so far which image's it is."""
    file = apart.mask_of(name, suffix)
    path = paths.inside(root, file, "masks")
    if not paths.there(path):
        rows.problem("missing_mask", name, file)
        return None
    if image.exists() and path.samefile(image):
        rows.problem("own_mask", name, f"is called *{suffix} as masks are; taken for an image without one")
        return None
    if taken.setdefault(file, name) != name:
        rows.problem("same_mask", name, f"{file} is the mask of {taken[file]}; left without truth")
        return None
    rows.masks.add(str(path))
    try:
        return maskfiles.load(path)
    except DataError as error:
        rows.problem("bad_mask", name, error)
        return None


def _layers(
    values: NDArray, name: str, foreground: list[int] | None, ignore: list[int], background: list[int], rows: Rows
) -> tuple[str, str]:
    """The mask and what is ignored, as RLE; values that no setting names are a problem."""
    ignored = np.isin(values, ignore)
    rest = ~ignored & ~np.isin(values, background)
    mask = rest if foreground is None else rest & maskfiles.foreground(values, foreground)
    strange = np.unique(values[rest & ~mask])
    if len(strange):
        rows.problem("mask_values", name, f"{', '.join(map(str, strange[:8]))}: taken for background")
    return rle.encode(mask), rle.encode(ignored) if ignored.any() else ""
