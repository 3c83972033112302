"""One XML file of Pascal VOC's form: its image, the image's size, its objects."""

from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException, ElementTree

from wsol.datasets import maskfiles
from wsol.errors import DataError
from wsol.files import paths, text


class Object(NamedTuple):
    name: str
    box: tuple[float, ...]  # as written
    difficult: bool


class Page(NamedTuple):
    """One XML file; the image's name is empty and its size 0 where it does not say."""

    image: str
    width: int
    height: int
    objects: list[Object]


def page(path: Path) -> Page:
    """What one XML file says; a DataError for entities, other structures and broken markup."""
    try:
        root = ElementTree.fromstring(path.read_bytes(), forbid_dtd=True)
    except DefusedXmlException as error:
        raise DataError(f"{path}: an XML file with a document type or entities is refused.") from error
    except (ParseError, ValueError, LookupError, OSError, RecursionError) as error:
        raise DataError(f"{path} is no readable XML: {error or type(error).__name__}.") from error
    if root.tag != "annotation":
        raise DataError(f"{path}: expected <annotation>, received <{root.tag:.40}>.")
    width = _size(root, "size/width", path)
    height = _size(root, "size/height", path)
    if width * height > maskfiles.PIXEL_LIMIT:
        raise DataError(f"{path}: a size of {width}x{height} is over the limit of {maskfiles.PIXEL_LIMIT} pixels.")
    image = (root.findtext("filename") or "").strip()
    objects = [_object(element, path) for element in root.iter("object")]
    return Page(paths.name(image, path) if image else "", width, height, objects)


def _size(root: Element, at: str, path: Path) -> int:
    found = (root.findtext(at) or "").strip()
    return text.integer(found, str(path), at) if found else 0


def _object(element: Element, path: Path) -> Object:
    name = (element.findtext("name") or "").strip()
    if not name:
        raise DataError(f"{path}: an object has no name.")
    corners = [element.findtext(f"bndbox/{corner}") for corner in ("xmin", "ymin", "xmax", "ymax")]
    if None in corners:
        raise DataError(f"{path}: the {name!r} lacks a corner of its bndbox.")
    return Object(name, tuple(map(text.floating, corners)), (element.findtext("difficult") or "").strip() == "1")
