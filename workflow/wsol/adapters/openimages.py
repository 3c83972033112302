"""OpenImages30k: the published WSOL metadata with one mask a box and ignored pixels, in folders of their own."""

from typing import Annotated

from wsol.adapters import wsol
from wsol.datasets.annotations import Annotations
from wsol.settings import Doc, File


def read(
    *,
    annotations: Annotated[File, Doc("The folder of the four metadata files.")],
    masks: Annotated[File, Doc("The folder below which mask and ignore files lie.")],
    classes: Annotated[File | None, Doc("A file with the name of one class per line.")] = None,
) -> Annotations:
    """The targets in the order of `image_ids.txt`.

    OpenImages draws masks at sizes of their own, so they are always brought to the image's (nearest neighbour), as the
    published evaluator does. Several masks of an image are one, their union; what they cover is not ignored.
    """
    return wsol.read(annotations=annotations, masks=masks, classes=classes, rescale=True)
