"""OpenImages30k: the published WSOL metadata with one mask a box and ignored pixels, in folders of their own."""

from wsol.adapters import wsol
from wsol.datasets.annotations import Annotations
from wsol.settings import File


def read(*, annotations: File, masks: File, classes: File | None = None) -> Annotations:
    """`annotations` is the metadata folder, `masks` the folder below which mask and ignore files lie. OpenImages draws
    masks at sizes of their own, so they are always brought to the image's (nearest neighbour), as the published
    evaluator does. Several masks of an image are one, their union; what they cover is not ignored."""
    return wsol.read(annotations=annotations, masks=masks, classes=classes, rescale=True)
