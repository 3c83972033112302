"""One folder of images for each class, and nothing else: classification scores, maps and pictures, no localisation."""

from typing import Annotated

from wsol.datasets import apart
from wsol.datasets.annotations import Annotations, Rows
from wsol.errors import DataError
from wsol.files import paths
from wsol.settings import Doc, File


def read(
    *,
    images: Annotated[File, Doc("The folder that holds one folder of images for each class.")],
    classes: Annotated[
        list[str] | None, Doc("The classes in the order of their labels; unless given, the folders' names, sorted.")
    ] = None,
) -> Annotations:
    """Every image below `images`, ordered by name; its class is the first folder of its name.

    Files that are called like masks (`a_mask.png` beside `a.png`, a grey file in `masks/`) are no images.
    """
    names = paths.images(paths.folder(images, "images"))
    rows = Rows()
    rows.problems = apart.lookalikes(names, images)
    left_out = {problem.image for problem in rows.problems}
    names = [name for name in names if name not in left_out]
    order = classes or sorted({name.split("/")[0] for name in names if "/" in name})
    places = {name: label for label, name in enumerate(order)}
    for name in names:
        folder, slash, _ = name.partition("/")
        if not slash:
            rows.problem("no_class", name, "lies in no class's folder")
        elif folder not in places:
            rows.problem("unknown_class", name, folder)
        else:
            rows.add(name, places[folder])
    if not rows.rows:
        raise DataError(f"images: no image in a class's folder below {images}.")
    return rows.done(order)
