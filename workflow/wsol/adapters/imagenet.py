"""ILSVRC as distributed: synset folders, or the flat validation folder with its XML or the official truth list."""

import re
from pathlib import PurePosixPath
from typing import Annotated, Literal

import numpy as np

from wsol.boxes import from_inclusive
from wsol.datasets import apart
from wsol.datasets.annotations import Annotations, Rows
from wsol.datasets.pages import Page, page
from wsol.errors import DataError
from wsol.files import paths, text
from wsol.settings import Doc, File

VALIDATION = re.compile(r"ILSVRC2012_val_(\d{8})\.JPEG")


def read(
    *,
    images: Annotated[File, Doc("The folder of synset folders (n01440764/…), or of the validation images, flat.")],
    annotations: Annotated[
        File | None, Doc("The folder of XML files with the boxes, at any depth, found by the image's name.")
    ] = None,
    truth: Annotated[
        File | None,
        Doc(
            "The classes of flat images: lines `name label`, or the devkit's list, whose n-th line is the place, from "
            "1, of the n-th image's class in `synsets`."
        ),
    ] = None,
    synsets: Annotated[
        File | None,
        Doc("A file with one class per line (`n01440764 tench`); unless given, the synsets that are found, sorted."),
    ] = None,
    origin: Annotated[Literal[0, 1], Doc("What the XML's inclusive corners count from; ILSVRC's count from 0.")] = 0,
) -> Annotations:
    """The targets in the order of the images' names; a label is the place of the class in `synsets`.

    The class of an image is its folder; of a flat image it is the object's synset in the XML, or what `truth` says. The
    devkit's list goes by the numbers in the names where these are ILSVRC2012_val_00000001.JPEG and so on. What a list
    names is a target, whether its image is there or not.
    """
    rows = Rows()
    names = paths.images(paths.folder(images, "images"))
    if not names:
        raise DataError(f"images: no image below {images}.")
    rows.problems = apart.lookalikes(names, images)
    names = sorted(set(names) - {problem.image for problem in rows.problems})
    pages = _pages(annotations) if annotations else {}
    listed = _truth(truth, names, rows) if truth else {}
    names = sorted({*names, *listed})
    order = [line for _, line in text.lines(synsets)] if synsets else _found(names, pages)
    places = {line.split()[0]: label for label, line in enumerate(order)}
    for name in names:
        content = pages.get(PurePosixPath(name).stem)
        synset = _synset(name, content)
        label = listed[name] if name in listed else places.get(synset, -1)
        if label < 0:
            rows.problem("unknown_class" if synset else "no_class", name, synset or "no folder, no XML, no truth")
        else:
            width, height, boxes = _boxes(content, synset, origin, name, rows)
            rows.add(name, label, width, height, boxes)
    known = {PurePosixPath(name).stem for name in names}
    for stem in sorted(pages.keys() - known):
        rows.problem("missing", stem, "an XML file without an image")
    return rows.done(order)


def _pages(root: str) -> dict[str, Page]:
    """The XML files by the name of their image, without its suffix."""
    return {file.stem: page(file) for file in sorted(paths.folder(root, "annotations").rglob("*.xml"))}


def _truth(path: str, names: list[str], rows: Rows) -> dict[str, int]:
    """The label of every image that the list speaks of, by the image's name."""
    lines = text.lines(path)
    if not all(" " in line for _, line in lines):
        return _devkit(path, lines, names)
    found: dict[str, int] = {}
    for where, line in lines:
        name, label = line.rsplit(None, 1)
        image = paths.name(name, where)
        number = text.integer(label, where, "the label")
        if found.setdefault(image, number) != number:
            rows.problem("duplicate_id", image, f"{where} says {number}; the first, {found[image]}, is kept")
    return found


def _devkit(path: str, lines: list[tuple[str, str]], names: list[str]) -> dict[str, int]:
    """Labels by image, from a list of labels alone: by the numbers in the images' names, else by their order."""
    labels = [text.integer(line, where, "the class", 1) - 1 for where, line in lines]
    numbers = {name: int(match[1]) for name in names if (match := VALIDATION.fullmatch(PurePosixPath(name).name))}
    if len(numbers) < len(names) or not set(numbers.values()) <= set(range(1, len(lines) + 1)):
        if len(lines) != len(names):
            raise DataError(f"{path}: {len(lines)} lines for {len(names)} images; the devkit's list has one an image.")
        return dict(zip(names, labels, strict=True))
    folders = {PurePosixPath(name).parent for name in names}
    folder = folders.pop() if len(folders) == 1 else PurePosixPath()
    absent = set(range(1, len(lines) + 1)) - set(numbers.values())
    numbers |= {str(folder / f"ILSVRC2012_val_{number:08d}.JPEG"): number for number in absent}
    return {name: labels[number - 1] for name, number in numbers.items()}


def _found(names: list[str], pages: dict[str, Page]) -> list[str]:
    """The synsets of the folders, or of the objects where images lie in none."""
    if folders := {_synset(name, None) for name in names} - {""}:
        return sorted(folders)
    found: set[str] = set()
    for content in pages.values():
        found |= {thing.name for thing in content.objects}
    return sorted(found)


def _synset(name: str, content: Page | None) -> str:
    """The synset folder an image lies in, or the first object's name."""
    folder = PurePosixPath(name).parent.name
    if folder[:1] == "n" and folder[1:].isdecimal():
        return folder
    return content.objects[0].name if content and content.objects else ""


def _boxes(content: Page | None, synset: str, origin: int, name: str, rows: Rows) -> tuple[int, int, np.ndarray]:
    """Width, height and the flat boxes of the image's own class; zeros and none without an XML file."""
    if content is None:
        return 0, 0, np.empty(0)
    mine = [thing.box for thing in content.objects if thing.name == synset or not synset]
    if len(mine) < len(content.objects):
        rows.problem("unknown_class", name, f"{len(content.objects) - len(mine)} boxes of another class than {synset}")
    return content.width, content.height, from_inclusive(mine, origin).ravel()
