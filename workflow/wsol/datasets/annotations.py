"""What every adapter gives: one row per target, the classes' names, and what was wrong on the way."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import pandas as pd

from wsol.settings import Doc

COLUMNS = ("image", "label", "width", "height", "boxes", "mask", "ignore", "group")

# Every kind of problem the index can report, as the summary words it.
KINDS = {
    "missing": "images that are not there",
    "unreadable": "files that are no readable image",
    "depth": "images of more than 8 bits without a stated range",
    "too_large": "images over the pixel limit",
    "outside": "links that leave the images folder",
    "unreferenced": "images nobody refers to",
    "duplicate": "images with the content of another",
    "duplicate_id": "ids or rows given twice",
    "size": "images whose stored size is not the declared one",
    "rotated": "images with an EXIF rotation",
    "clipped": "boxes cut at the image's edge",
    "bad_box": "boxes dropped: not finite, inverted or empty",
    "bad_mask": "masks dropped: unreadable or broken",
    "missing_mask": "masks that are not there",
    "mask_size": "masks that are not of their image's size",
    "mask_file": "masks among the images, left out",
    "own_mask": "images that would be their own mask",
    "same_mask": "images whose mask is another's already",
    "mask_values": "masks with unknown values",
    "empty_mask": "masks without a foreground pixel",
    "unknown_class": "objects of an unknown class",
    "unknown_image": "rows of an unknown image",
    "no_class": "images without a class",
    "set_aside": "objects or images left out by a setting",
    "unmapped": "classes without a model output",
}


# Which classes of an image with several become targets: the one of the largest area, the only one (an image with
# several has none), or each.
Which = Literal["largest", "single", "all"]
Rescale = Annotated[bool, Doc("Whether stored files and masks differ from the declared size on purpose.")]


class Problem(NamedTuple):
    """`kind` is one of `KINDS`; `image` may be empty where the problem is no single image's."""

    kind: str
    image: str
    detail: str


@dataclass
class Annotations:
    """What an adapter has read.

    `targets` holds `COLUMNS`: `image` is a path below the images folder, `label` an index into `classes`; `width` and
    `height` are 0 where the annotation does not say; `boxes` are flat and half-open, in pixels; `mask` and `ignore` are
    COCO RLE counts of [height width], "" for none; `group` is "" where there is none.
    """

    targets: pd.DataFrame
    classes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    numbered: bool = False  # labels are a publication's class numbers, which are its networks' outputs
    masks: set[str] = field(default_factory=set)  # the files that truth was read from
    by_area: set[str] = field(default_factory=set)  # images of several classes, of which the largest is the target


class Rows:
    """Collects targets and problems while an adapter reads."""

    def __init__(self) -> None:
        self.rows: list[tuple] = []
        self.problems: list[Problem] = []
        self.masks: set[str] = set()
        self.by_area: set[str] = set()

    def add(
        self,
        image: str,
        label: int,
        width: int = 0,
        height: int = 0,
        boxes: Iterable[float] = (),
        mask: str = "",
        ignore: str = "",
        group: str = "",
    ) -> None:
        """One more target; what an annotation does not say is left out."""
        self.rows.append((image, label, width, height, list(boxes), mask, ignore, group))

    def problem(self, kind: str, image: str | Path, detail: object) -> None:
        """One more problem, of a kind in KINDS; its words become one line."""
        self.problems.append(Problem(kind, str(image), " ".join(str(detail).split())))

    def chosen(self, image: str, areas: Mapping[int, float], which: Which) -> list[int]:
        """The labels of an image that become targets, from the area of each; of equal areas the lower label."""
        if which != "largest":
            return sorted(areas) if which == "all" or len(areas) == 1 else []
        if len(areas) > 1:
            self.by_area.add(image)
        return sorted(areas, key=lambda label: (-areas[label], label))[:1]

    def done(self, classes: Iterable[str] = (), numbered: bool = False) -> Annotations:
        """All that was collected; `classes` are the labels' names in order, none where labels are numbers alone."""
        rows = pd.DataFrame(self.rows, columns=list(COLUMNS))
        return Annotations(rows, list(classes), self.problems, numbered, self.masks, self.by_area)


def each(targets: pd.DataFrame) -> Iterator[Any]:
    """The rows, each with its columns as attributes."""
    return targets.itertuples(index=False)
