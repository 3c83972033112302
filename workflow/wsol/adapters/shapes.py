"""The embedded data set: textured objects, one in each image or several, drawn from a seed, with exact boxes and masks.

Six classes differ in texture and colour, never in outline, place or size, so a classifier has to look at the whole
surface. The background is clutter: smooth grey-brown noise, lines, and small distractors in the objects' colours but
without their texture. Splits draw from disjoint streams of random numbers.

Of several objects in an image the sides are shorter by the square root of their number, so that all together cover as
much as one alone. They stand apart, but for a few that touch one of their own class and a few that hide up to a quarter
of another one (`_placing` has the chances). The truth is what is seen: what is hidden is in no mask and no box.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pycocotools import mask as rle

from wsol.adapters import _placing
from wsol.datasets.annotations import Annotations
from wsol.errors import ConfigError, DataError
from wsol.settings import Doc, Length, Range

Places = NDArray[np.float64]  # a coordinate of each pixel, or the pattern there
Colour = tuple[int, int, int]
Number = Annotated[int, Range(1, 6)]
Numbers = Number | Annotated[list[Number], Length(2)]
SPLITS = ("train", "select", "report")


class Scene(NamedTuple):
    """One image of the data set and its truth."""

    image: np.ndarray  # uint8 [h w 3] RGB
    seen: np.ndarray  # uint8 [h w]: the number of the object that is seen there, from 1; 0 is the background
    labels: list[int]  # of the objects in the order of their numbers; one may hide some of those before it


def stripes(x: Places, y: Places) -> Places:
    return np.sin(x * 0.9)


def checks(x: Places, y: Places) -> Places:
    return np.sign(np.sin(x * 0.6) * np.sin(y * 0.6))


def rings(x: Places, y: Places) -> Places:
    return np.sin(np.hypot(x % 18 - 9, y % 18 - 9) * 1.1)


def dots(x: Places, y: Places) -> Places:
    return np.where(np.hypot(x % 9 - 4.5, y % 9 - 4.5) < 2.8, 1.0, -1.0)


def zigzag(x: Places, y: Places) -> Places:
    return np.sin(y * 0.9 + 2.2 * np.abs((x % 12) / 6 - 1) * 2)


def speckle(x: Places, y: Places) -> Places:
    return np.sin(x * 2.1 + 3 * np.sin(y * 1.3)) * np.sin(y * 1.9 + 3 * np.sin(x * 1.1))


# class -> texture over rotated pixel coordinates, in [-1, 1], and the two colours it runs between
CLASSES: dict[str, tuple[Callable, Colour, Colour]] = {
    "striped": (stripes, (200, 40, 40), (250, 200, 190)),
    "checked": (checks, (30, 60, 180), (190, 210, 250)),
    "ringed": (rings, (30, 130, 50), (200, 240, 190)),
    "dotted": (dots, (230, 190, 40), (120, 80, 10)),
    "zigzag": (zigzag, (140, 40, 160), (235, 190, 240)),
    "speckled": (speckle, (20, 140, 150), (230, 250, 245)),
}


def read(
    *,
    split: Annotated[
        Literal["train", "select", "report"], Doc("Which stream of random numbers scenes are drawn from.")
    ],
    count: Annotated[int, Range(1, 1_000_000), Doc("How many scenes are drawn.")] = 300,
    objects: Annotated[
        Numbers,
        Doc(
            "How many objects a scene has: a number, or `[least, most]`, drawn for each. With more than one, objects "
            "are smaller, of equal or different classes, and each class of a scene is a target."
        ),
    ] = 1,
    seed: Annotated[int, Doc("Seed of all splits; another one makes other scenes.")] = 0,
    size: Annotated[int, Range(32, 4096), Doc("Pixels on the longer side of an image.")] = 128,
) -> Annotations:
    """The scenes of a split in the order of their numbers, and a scene's classes in the order of their labels.

    A target has a box for each of its class's objects, and the mask of them all. Nothing is on disk: `opener` draws the
    scenes again.
    """
    rows: list[dict] = []
    for name in [f"{split}/{i:06d}.png" for i in range(count)]:
        rows += _rows(name, draw(name, objects=objects, seed=seed, size=size))
    return Annotations(pd.DataFrame(rows), list(CLASSES))


def opener(*, objects: int | list[int] = 1, seed: int = 0, size: int = 128, **_: Any) -> Callable[[str], np.ndarray]:
    """The function that draws an image of this data set by its name: uint8 [h w 3] RGB."""
    return lambda name: draw(name, objects=objects, seed=seed, size=size).image


def _rows(name: str, scene: Scene) -> Iterator[dict]:
    """A scene's targets, one for each class in it."""
    height, width = scene.seen.shape
    for label in sorted(set(scene.labels)):
        numbers = [number for number, other in enumerate(scene.labels, 1) if other == label]
        boxes: list[float] = []
        for number in numbers:
            boxes += _box(scene.seen == number)
        mask = np.asfortranarray(np.isin(scene.seen, numbers), np.uint8)
        counts = rle.encode(mask)["counts"].decode()
        yield {"image": name, "label": label, "width": width, "height": height, "boxes": boxes, "mask": counts}


def _box(mask: np.ndarray) -> list[float]:
    """The box of a mask's pixels, half-open."""
    ys, xs = np.nonzero(mask)
    return [float(v) for v in (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)]


def draw(name: str, *, objects: int | list[int] = 1, seed: int = 0, size: int = 128) -> Scene:
    """The scene called `split/number.png`; the same name, objects, seed and size give the same pixels."""
    split, _, number = name.removesuffix(".png").partition("/")
    if split not in SPLITS or not number.isdecimal():
        raise DataError(f"shapes: no image '{name}'; names are {'|'.join(SPLITS)}/NUMBER.png.")
    index = int(number)
    # The order of the draws is the data set: another one would make other images.
    random = np.random.default_rng([seed, SPLITS.index(split), index])
    shorter = round(size * random.uniform(0.7, 1))
    height, width = (size, shorter) if random.random() < 0.5 else (shorter, size)
    many = _many(random, objects)
    image = _background(random, height, width)
    seen = np.zeros((height, width), np.uint8)
    labels: list[int] = []
    for place in range(many):
        label = _placing.further_label(random, labels, len(CLASSES)) if place else index % len(CLASSES)
        outline = partial(_outline, random, height, width, many**-0.5)
        mask = _placing.further(random, seen, labels, label, outline) if place else outline(1.0)
        texture = _texture(random, height, width, *list(CLASSES.values())[label])
        image[mask] = texture[mask]
        seen[mask] = place + 1
        labels.append(label)
    noise = random.normal(0, 6, image.shape)  # over all of it, so that no edge is cleaner than another
    return Scene(np.clip(image + noise, 0, 255).astype(np.uint8), seen, labels)


def _many(random: np.random.Generator, objects: int | list[int]) -> int:
    """How many objects a scene has; what is said as one number is not drawn."""
    least, most = (objects, objects) if isinstance(objects, int) else objects
    if least > most:
        raise ConfigError(f"shapes: objects must be [least, most], the lower first; got {objects}.")
    return least if least == most else int(random.integers(least, most + 1))


def _background(random: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Smooth blotches, a few lines, and small plain distractors in the objects' colours. float64 [h w 3]."""
    blotches = random.uniform(60, 190, (5, 5, 1)) + random.normal(0, 12, (5, 5, 3))
    image = cv2.resize(blotches, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(random.integers(3, 8)):
        a, b = random.integers(0, [width, height], (2, 2)).tolist()
        cv2.line(image, a, b, random.uniform(30, 220, 3).tolist(), int(random.integers(1, 4)))
    colours: list[Colour] = []
    for _, dark, light in CLASSES.values():
        colours += [dark, light]
    for _ in range(random.integers(3, 7)):
        centre = random.integers(0, [width, height]).tolist()
        axes = random.integers(2, max(3, min(height, width) // 18), 2).tolist()
        colour = colours[random.integers(len(colours))]
        cv2.ellipse(image, centre, axes, float(random.uniform(0, 180)), 0, 360, colour, -1)
    return image


def _outline(random: np.random.Generator, height: int, width: int, share: float, factor: float) -> np.ndarray:
    """A wobbly closed curve whose box is 30-60 % of each side, times both shares, inside the image. bool [h w]."""
    # Three waves of random depth and phase on a circle; the curve is then brought to a box of random sides and place.
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    radii = 1 + sum(random.uniform(0, 0.16) * np.sin(k * angles + random.uniform(0, 6.3)) for k in (2, 3, 4))
    points = np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)
    points = (points - points.min(0)) / np.ptp(points, axis=0)
    sides = random.uniform(0.3, 0.6, 2) * [width, height] * (share * factor)
    corner = random.uniform(0, [width, height] - sides)
    canvas = np.zeros((height, width), np.uint8)
    cv2.fillPoly(canvas, [np.floor(points * (sides - 1) + corner).astype(np.int32)], 1)
    return canvas.astype(bool)


def _texture(
    random: np.random.Generator, height: int, width: int, pattern: Callable, dark: Colour, light: Colour
) -> np.ndarray:
    """The pattern, turned and shifted, between two colours. float64 [h w 3]."""
    y, x = np.mgrid[:height, :width] + random.uniform(0, 40, (2, 1, 1))
    angle = random.uniform(0, np.pi)
    zoom = random.uniform(0.8, 1.25)
    u = (x * np.cos(angle) + y * np.sin(angle)) * zoom
    v = (y * np.cos(angle) - x * np.sin(angle)) * zoom
    share = (pattern(u, v)[..., None] + 1) / 2
    return share * np.array(light) + (1 - share) * np.array(dark)
