"""Data sets as they come: one adapter a file, all giving the same table.

An adapter is a function with keyword-only, annotated settings that returns `Annotations`; a file that is wrong is a
DataError of one line, or a problem in the table of problems where the rest can go on. It converts to the one box
convention (`wsol.boxes`) and checks every name it meets (`paths`); it opens no image but masks. What all data sets
share (`images`, `rescale`, `part`, `class_map`, `strict`, …) is `wsol.indexing`'s, and reaches an adapter only if its
signature asks for it.
"""

from collections.abc import Callable

import numpy as np

from wsol.datasets import coco, cub, imagefolder, imagenet, masks, openimages, shapes, table, voc, wsol
from wsol.datasets.annotations import Annotations

ADAPTERS: dict[str, Callable[..., Annotations]] = {
    "wsol": wsol.read,
    "imagenet": imagenet.read,
    "voc": voc.read,
    "coco": coco.read,
    "cub": cub.read,
    "openimages": openimages.read,
    "masks": masks.read,
    "table": table.read,
    "imagefolder": imagefolder.read,
    "shapes": shapes.read,
}

# Data sets that are on no disk: settings -> the function that draws an image by its name.
OPENERS: dict[str, Callable[..., Callable[[str], np.ndarray]]] = {
    "shapes": shapes.opener,
}
