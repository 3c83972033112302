"""The embedded data set: one textured object in each image, drawn from a seed, with exact boxes and masks.

Six classes differ in texture and colour, never in outline, place or size, so a classifier has to look at the whole
surface. The background is clutter: smooth grey-brown noise, lines, and small distractors in the objects' colours but
without their texture. Splits draw from disjoint streams of random numbers.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal, NamedTuple

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pycocotools import mask as rle

from wsol.datasets.annotations import Annotations
from wsol.errors import DataError
from wsol.settings import Doc, Range

Places = NDArray[np.float64]  # a coordinate of each pixel, or the pattern there
Colour = tuple[int, int, int]
SPLITS = ("train", "select", "report")


class Scene(NamedTuple):
    """One image of the data set and its truth."""

    image: np.ndarray  # uint8 [h w 3] RGB
    mask: np.ndarray  # bool [h w]
    label: int


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
    seed: Annotated[int, Doc("Seed of all splits; another one makes other scenes.")] = 0,
    size: Annotated[int, Range(32, 4096), Doc("Pixels on the longer side of an image.")] = 128,
) -> Annotations:
    """The scenes of a split in the order of their numbers. Nothing is on disk: `opener` draws them again."""
    names = [f"{split}/{i:06d}.png" for i in range(count)]
    rows = [_row(name, draw(name, seed=seed, size=size)) for name in names]
    return Annotations(pd.DataFrame(rows), list(CLASSES))


def opener(*, seed: int = 0, size: int = 128, **_: Any) -> Callable[[str], np.ndarray]:
    """The function that draws an image of this data set by its name: uint8 [h w 3] RGB."""
    return lambda name: draw(name, seed=seed, size=size).image


def _row(name: str, scene: Scene) -> dict:
    """A scene as a target: its box is that of the mask's pixels, half-open."""
    ys, xs = np.nonzero(scene.mask)
    height, width = scene.mask.shape
    box = [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]
    counts = rle.encode(np.asfortranarray(scene.mask, np.uint8))["counts"].decode()
    return {
        "image": name,
        "label": scene.label,
        "width": width,
        "height": height,
        "boxes": [float(v) for v in box],
        "mask": counts,
    }


def draw(name: str, *, seed: int = 0, size: int = 128) -> Scene:
    """The scene called `split/number.png`; the same name, seed and size give the same pixels."""
    split, _, number = name.removesuffix(".png").partition("/")
    if split not in SPLITS or not number.isdecimal():
        raise DataError(f"shapes: no image '{name}'; names are {'|'.join(SPLITS)}/NUMBER.png.")
    index = int(number)
    random = np.random.default_rng([seed, SPLITS.index(split), index])
    label = index % len(CLASSES)
    shorter = round(size * random.uniform(0.7, 1))
    height, width = (size, shorter) if random.random() < 0.5 else (shorter, size)
    image = _background(random, height, width)
    mask = _outline(random, height, width)
    texture = _texture(random, height, width, *list(CLASSES.values())[label])
    image[mask] = texture[mask]
    noise = random.normal(0, 6, image.shape)  # over all of it, so that no edge is cleaner than another
    return Scene(np.clip(image + noise, 0, 255).astype(np.uint8), mask, label)


def _background(random: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Smooth blotches, a few lines, and small plain distractors in the objects' colours. float64 [h w 3]."""
    blotches = random.uniform(60, 190, (5, 5, 1)) + random.normal(0, 12, (5, 5, 3))
    image = cv2.resize(blotches, (width, height), interpolation=cv2.INTER_CUBIC)
    # The order of the draws is the data set: another one would make other images.
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


def _outline(random: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A wobbly closed curve whose box is 30-60 % of each side, wholly inside the image. bool [h w]."""
    # Three waves of random depth and phase on a circle; the curve is then brought to a box of random sides and place.
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    radii = 1 + sum(random.uniform(0, 0.16) * np.sin(k * angles + random.uniform(0, 6.3)) for k in (2, 3, 4))
    points = np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)
    points = (points - points.min(0)) / np.ptp(points, axis=0)
    sides = random.uniform(0.3, 0.6, 2) * [width, height]
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
