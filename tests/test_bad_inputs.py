"""What happens to every wrong input we could think of: a named status, a counted problem, or one line of error.

Each case damages one of the small data sets in `sources` and states the outcome word for word. Nothing hangs, nothing
ends in a traceback, and no count changes without a problem that says so.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import sources
from damages import (
    animated,
    coco,
    dangling,
    drop,
    encoded,
    first,
    folder,
    moved,
    outward,
    page,
    pipe,
    png,
    put,
    recoded,
    renamed,
    rotated,
    saying,
    several,
    sixteen_bits,
    twice,
)
from sources import save
from wsol.errors import DataError, InputError
from wsol.indexing import index, opener


class Case(NamedTuple):
    source: str  # of `sources`
    damage: Callable[[Path], dict | None]  # changes files, may return settings to change
    outcome: str  # "status of each target | problems", or the error with the folder as ~


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><annotation><filename>&b;</filename></annotation>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><annotation><filename>&a;</filename></annotation>'
LONG = "x" * 5000
ALIASES = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{b}: &{b} [{', '.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefghi", "bcdefghij", strict=True)
)
ROWS = "a.png,cat,2,3,12,13\nb.png,dog,0,0,5,5\n"
HEAD = "image,class,x0,y0,x1,y1,mask,group\n"
LABELS, LOCAL, IDS, SHAPES = (f"meta/{n}.txt" for n in ("class_labels", "localization", "image_ids", "image_sizes"))

CASES: dict[str, Case] = {
    # image files
    "zero bytes": Case("wsol", put("images/a.png", b""), "unreadable ok | unreadable"),
    "text as an image": Case("wsol", put("images/a.png", "not a picture"), "unreadable ok | unreadable"),
    "first bytes of a JPEG only": Case("wsol", put("images/a.png", encoded("JPEG")[:12]), "unreadable ok | unreadable"),
    "PDF as an image": Case("wsol", put("images/a.png", b"%PDF-1.4 trailer"), "unreadable ok | unreadable"),
    "PostScript as an image": Case(
        "wsol",
        put("images/a.png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 40 30\n"),
        "unreadable ok | unreadable",
    ),
    "huge size in the header": Case("wsol", put("images/a.png", png(100_000, 100_000)), "unreadable ok | too_large"),
    "impossible size in the header": Case(
        "wsol", put("images/a.png", png(2**31 - 1, 2**31 - 1)), "unreadable ok | too_large"
    ),
    "no pixels in the header": Case("wsol", put("images/a.png", png(0, 30)), "unreadable ok | unreadable"),
    "JPEG cut short": Case("wsol", put("images/a.png", encoded("JPEG")[:-40]), "ok ok |"),
    "JPEG named .png": Case("wsol", put("images/a.png", encoded("JPEG")), "ok ok |"),
    "CMYK": Case("wsol", put("images/a.png", encoded("JPEG", mode="CMYK")), "ok ok |"),
    "16 bits": Case("wsol", put("images/a.png", sixteen_bits()), "unreadable ok | depth"),
    "16 bits and a range": Case("wsol", saying(put("images/a.png", sixteen_bits()), range=[0, 4095]), "ok ok |"),
    "a range and 8 bits": Case(
        "wsol", saying(range=[0, 4095]), "dataset.range: none of its 2 images has more than 8 bits; leave it out."
    ),
    "a range of one number": Case(
        "wsol",
        saying(put("images/a.png", sixteen_bits()), range=[4095]),
        "dataset.range: must be [low, high], two numbers, the lower first; got [4095.0].",
    ),
    "a range turned round": Case(
        "wsol",
        saying(put("images/a.png", sixteen_bits()), range=[4095, 0]),
        "dataset.range: must be [low, high], two numbers, the lower first; got [4095.0, 0.0].",
    ),
    "32 bits": Case("wsol", put("images/a.png", encoded("TIFF", mode="I")), "unreadable ok | depth"),
    "floats": Case("wsol", put("images/a.png", encoded("TIFF", mode="F")), "unreadable ok | depth"),
    "PGM of 12 bits": Case("wsol", put("images/a.png", b"P5 40 30 4095\n" + bytes(2400)), "unreadable ok | depth"),
    "one pixel": Case("wsol", put("images/a.png", encoded("PNG", (1, 1))), "ok ok | size"),
    "animated": Case("wsol", put("images/a.png", animated()), "ok ok |"),
    "turned by EXIF": Case("wsol", put("images/a.png", rotated()), "ok ok | rotated"),
    "no such image": Case("wsol", drop("images/a.png"), "missing ok | missing"),
    "a folder named like an image": Case("wsol", folder, "missing ok | missing"),
    "a pipe named like an image": Case("wsol", pipe, "missing ok | missing"),
    "a link that dangles": Case("wsol", dangling, "missing ok | missing"),
    "a link that leaves": Case("wsol", outward, "unreadable ok | outside"),
    "copy of another image": Case(
        "wsol", lambda root: put("images/c.png", (root / "images/a.png").read_bytes())(root), "ok ok | unreferenced"
    ),
    # names
    "half a character in a name": Case(
        "coco",
        coco(lambda c: c["images"][0].update(file_name="\ud800.png")),
        "~/instances.json: images[0]: the name '\\ud800.png' is no text that a file could be called.",
    ),
    "half a character in a class": Case("coco", coco(lambda c: c["categories"][1].update(name="\ud800")), "ok ok |"),
    "a mask's name that is very long": Case(
        "openimages", put(LOCAL, f"a.png,{LONG},\nb.png,b.png,\n"), "unlabelled ok | missing_mask"
    ),
    "parent in an id": Case(
        "wsol",
        put(IDS, "../../etc/passwd\na.png\nb.png\n"),
        "~/meta/image_ids.txt:1: the name '../../etc/passwd' leaves its folder; names must lie below it.",
    ),
    "absolute id": Case(
        "wsol",
        put(IDS, "/etc/passwd\n"),
        "~/meta/image_ids.txt:1: the name '/etc/passwd' leaves its folder; names must lie below it.",
    ),
    "parent in a mask's name": Case(
        "wsol",
        put(LOCAL, "a.png,../../etc/passwd,\n"),
        "masks: the name '../../etc/passwd' leaves its folder; names must lie below it.",
    ),
    "parent in an XML file": Case(
        "voc",
        page(("a.png", "../../../etc/passwd")),
        "~/xml/a.xml: the name '../../../etc/passwd' leaves its folder; names must lie below it.",
    ),
    "parent in a JSON file": Case(
        "coco",
        coco(lambda c: c["images"][0].update(file_name="../a.png")),
        "~/instances.json: images[0]: the name '../a.png' leaves its folder; names must lie below it.",
    ),
    "absolute name in a table": Case(
        "table",
        put("table.csv", "image,class\n/etc/passwd,cat\n"),
        "~/table.csv: row 2: the name '/etc/passwd' leaves its folder; names must lie below it.",
    ),
    "spaces in names": Case("wsol", renamed("a  b.png"), "ok ok |"),
    "quotes in names": Case("wsol", renamed("a'\"`$(touch x).png"), "ok ok |"),
    "percent in names": Case("wsol", renamed("100%s %d.png"), "ok ok |"),
    "markup in names": Case("wsol", renamed("<b>&amp;.png"), "ok ok |"),
    "not ASCII in names": Case("wsol", renamed("ä/図.png"), "ok ok |"),
    "a name like an option": Case("wsol", renamed("-rf"), "ok ok |"),
    "a very long name": Case(
        "wsol",
        several(put(IDS, LONG + "\na.png\nb.png\n"), put(LABELS, LONG + ",0\na.png,0\nb.png,1\n")),
        "missing ok ok | missing",
    ),
    "a newline in a name": Case(
        "coco", coco(lambda c: c["images"][0].update(file_name="a\nb.png")), "missing ok | missing unreferenced"
    ),
    # text files
    "no class labels": Case("wsol", drop(LABELS), "~/meta/class_labels.txt cannot be read: No such file or directory."),
    "empty class labels": Case(
        "wsol", several(*(put(name, "") for name in (LABELS, IDS, SHAPES, LOCAL))), "dataset: no targets."
    ),
    "byte-order mark": Case("wsol", recoded(IDS, b"a.png", b"\xef\xbb\xbfa.png"), "ok ok |"),
    "CR line ends": Case("wsol", recoded(LOCAL, b"\n", b"\r"), "ok ok |"),
    "CRLF line ends": Case("wsol", recoded(LOCAL, b"\n", b"\r\n"), "ok ok |"),
    "not UTF-8": Case(
        "wsol",
        put(LABELS, b"a.png,0\n\xff\xfe.png,1\n"),
        "~/meta/class_labels.txt is not UTF-8 text (byte 8). Save it as UTF-8.",
    ),
    "UTF-16": Case(
        "wsol",
        put(LABELS, "a.png,0\nb.png,1\n".encode("utf-16-le")),
        "~/meta/class_labels.txt is not text: it holds NUL bytes.",
    ),
    "binary": Case("wsol", put(LABELS, bytes(range(128))), "~/meta/class_labels.txt is not text: it holds NUL bytes."),
    "wrong delimiter": Case(
        "wsol", recoded(LABELS, b",", b";"), "~/meta/class_labels.txt:1: expected 'image,class', received 'a.png;0'."
    ),
    "too few columns": Case(
        "wsol",
        put(LOCAL, "a.png,1,2,3\n"),
        "~/meta/localization.txt:1: a box is image,x0,y0,x1,y1; received 'a.png,1,2,3'.",
    ),
    "an id twice": Case("wsol", put(IDS, "a.png\nb.png\na.png\n"), "ok ok | duplicate_id"),
    "a class below zero": Case(
        "wsol",
        put(LABELS, "a.png,-1\nb.png,1\n"),
        "~/meta/class_labels.txt:1: the class must be a whole number from 0 to 2147483647; received '-1'.",
    ),
    "a fraction of a class": Case(
        "wsol",
        put(LABELS, "a.png,0.5\nb.png,1\n"),
        "~/meta/class_labels.txt:1: the class must be a whole number from 0 to 2147483647; received '0.5'.",
    ),
    "a class by name": Case(
        "wsol",
        put(LABELS, "a.png,cat\nb.png,dog\n"),
        "~/meta/class_labels.txt:1: the class must be a whole number from 0 to 2147483647; received 'cat'.",
    ),
    "an image without a class": Case("wsol", put(LABELS, "a.png,0\n"), "ok | no_class"),
    "a class of an unknown image": Case("wsol", put(LABELS, "a.png,0\nb.png,1\nz.png,1\n"), "ok ok | unknown_image"),
    "a box of an unknown image": Case(
        "wsol", put(LOCAL, "z.png,0,0,4,4\na.png,0,0,4,4\nb.png,0,0,4,4\n"), "ok ok | unknown_image"
    ),
    "a size of zero": Case(
        "wsol",
        put(SHAPES, "a.png,0,30\nb.png,20,20\n"),
        "~/meta/image_sizes.txt:1: the width must be a whole number from 1 to 2147483647; received '0'.",
    ),
    "two sizes of an image": Case(
        "wsol",
        put(SHAPES, "a.png,40,30\na.png,30,40\n"),
        "~/meta/image_sizes.txt:2: 'a.png' has a size already, and another one.",
    ),
    "another size than stored": Case("wsol", put(SHAPES, "a.png,30,40\nb.png,20,20\n"), "ok ok | size"),
    "rows of masks and boxes mixed": Case(
        "openimages", put(LOCAL, "a.png,a.png,\na.png,2,3,11,12\nb.png,b.png,\n"), "ok ok |"
    ),
    # boxes
    "NaN in a box": Case("wsol", put(LOCAL, "a.png,nan,3,11,12\nb.png,0,0,4,4\n"), "unlabelled ok | bad_box"),
    "infinity in a box": Case("wsol", put(LOCAL, "a.png,0,0,inf,12\nb.png,0,0,4,4\n"), "unlabelled ok | bad_box"),
    "a word in a box": Case("wsol", put(LOCAL, "a.png,0,x,11,12\nb.png,0,0,4,4\n"), "unlabelled ok | bad_box"),
    "inverted box": Case("wsol", put(LOCAL, "a.png,11,12,2,3\nb.png,0,0,4,4\n"), "unlabelled ok | bad_box"),
    "negative corner": Case("wsol", put(LOCAL, "a.png,-9,3,11,12\nb.png,0,0,4,4\n"), "ok ok | clipped"),
    "box outside the image": Case(
        "wsol", put(LOCAL, "a.png,100,100,110,110\nb.png,0,0,4,4\n"), "unlabelled ok | bad_box"
    ),
    "box over the edge": Case("wsol", put(LOCAL, "a.png,2,3,99,99\nb.png,0,0,4,4\n"), "ok ok | clipped"),
    "1e308 in a box": Case("wsol", put(LOCAL, "a.png,0,0,1e308,1e308\nb.png,0,0,4,4\n"), "ok ok | clipped"),
    "box of no area": Case("coco", first(bbox=[2, 3, 0, 10]), "ok ok | bad_box"),
    "negative size of a box": Case("coco", first(bbox=[2, 3, -5, 10]), "ok ok | bad_box"),
    # masks
    "no such mask": Case("openimages", drop("masks/a.png"), "unlabelled ok | missing_mask"),
    "mask of another size": Case(
        "wsol",
        lambda root: put(LOCAL, "a.png,b.png,\nb.png,b.png,\n")(root) or {"masks": sources.masks(root)},
        "unlabelled ok | mask_size",
    ),
    "mask that is text": Case("openimages", put("masks/a.png", "not a mask"), "unlabelled ok | bad_mask"),
    "mask cut short": Case(
        "openimages",
        lambda root: put("masks/a.png", (root / "masks/a.png").read_bytes()[:-30])(root),
        "unlabelled ok | bad_mask",
    ),
    "mask in colour": Case(
        "openimages",
        lambda root: save(root / "masks/a.png", np.full((30, 40, 3), (1, 2, 3), np.uint8)),
        "unlabelled ok | bad_mask",
    ),
    "mask over the limit": Case("openimages", put("masks/a.png", png(60_000, 60_000)), "unlabelled ok | bad_mask"),
    "mask that is all background": Case(
        "openimages",
        lambda root: save(root / "masks/a.png", np.zeros((30, 40), np.uint8)),
        "unlabelled ok | empty_mask",
    ),
    "mask with unknown values": Case(
        "mask_folder",
        lambda root: save(root / "masks/a.png", np.full((30, 40), 77, np.uint8)),
        "unlabelled ok | mask_values empty_mask",
    ),
    "mask that a link takes outside": Case(
        "cub", lambda root: outward(root, "masks"), "masks: 'a.png' is a link that leaves ~/masks."
    ),
    "labels without a class column": Case(
        "mask_folder",
        put("labels.csv", "image,species\na.png,cat\n"),
        "~/labels.csv: needs the columns image, class; received image, species.",
    ),
    "labels of an image twice": Case(
        "mask_folder",
        put("labels.csv", "image,class\na.png,cat\na.png,dog\n"),
        "~/labels.csv: row 3 is of 'a.png' again.",
    ),
    "labels that lack an image": Case(
        "mask_folder", put("labels.csv", "image,class\na.png,cat\nz.png,dog\n"), "ok | unknown_image no_class"
    ),
    # XML
    "billion laughs": Case(
        "voc", put("xml/a.xml", LAUGHS), "~/xml/a.xml: an XML file with a document type or entities is refused."
    ),
    "entity that reads a file": Case(
        "voc", put("xml/a.xml", OUTSIDE), "~/xml/a.xml: an XML file with a document type or entities is refused."
    ),
    "XML cut short": Case(
        "voc",
        lambda root: put("xml/a.xml", (root / "xml/a.xml").read_text()[:-30])(root),
        "~/xml/a.xml is no readable XML: …",
    ),
    "XML that is empty": Case("voc", put("xml/a.xml", ""), "~/xml/a.xml is no readable XML: …"),
    "XML that is JSON": Case("voc", put("xml/a.xml", "{}"), "~/xml/a.xml is no readable XML: …"),
    "XML of great depth": Case(
        "voc",
        put("xml/a.xml", f"<annotation>{'<a>' * 50_000}{'</a>' * 50_000}</annotation>"),
        "ok | no_class unreferenced",
    ),
    "XML in an unknown encoding": Case(
        "voc",
        put("xml/a.xml", '<?xml version="1.0" encoding="klingon"?><annotation/>'),
        "~/xml/a.xml is no readable XML: …",
    ),
    "XML of another kind": Case(
        "voc", put("xml/a.xml", "<html><body/></html>"), "~/xml/a.xml: expected <annotation>, received <html>."
    ),
    "object without a name": Case("voc", page(("<name>cat</name>", "")), "~/xml/a.xml: an object has no name."),
    "box without a corner": Case(
        "voc", page(("<xmax>12</xmax>", "")), "~/xml/a.xml: the 'cat' lacks a corner of its bndbox."
    ),
    "a word for a corner": Case("voc", page(("<xmax>12<", "<xmax>wide<")), "unlabelled ok | bad_box"),
    "size that is a word": Case(
        "voc",
        page(("<width>40<", "<width>wide<")),
        "~/xml/a.xml: size/width must be a whole number from 0 to 2147483647; received 'wide'.",
    ),
    "size over the limit": Case(
        "voc",
        page(("<width>40<", "<width>2000000000<"), ("<height>30<", "<height>2000000000<")),
        "~/xml/a.xml: a size of 2000000000x2000000000 is over the limit of 268435456 pixels.",
    ),
    "folder without XML": Case(
        "voc", several(drop("xml/a.xml"), drop("xml/b.xml")), "annotations: no XML file in ~/xml."
    ),
    "unknown class in XML": Case("voc", saying(classes=["dog"]), "ok | unknown_class"),
    "unknown synset": Case("imagenet", put("synsets.txt", "n02084071 dog\n"), "ok | unknown_class"),
    "truth list of another length": Case(
        "imagenet",
        saying(put("t.txt", "1\n2\n1\n"), truth="~/t.txt"),
        "~/t.txt: 3 lines for 2 images; the devkit's list has one an image.",
    ),
    "XML without its image": Case(
        "imagenet", lambda root: put("xml/c.xml", (root / "xml/a.xml").read_text())(root), "ok ok | missing"
    ),
    # JSON
    "JSON cut short": Case(
        "coco",
        lambda root: put("instances.json", (root / "instances.json").read_text()[:-9])(root),
        "~/instances.json is no readable JSON: …",
    ),
    "JSON that is a list": Case(
        "coco",
        put("instances.json", "[]"),
        "~/instances.json: must be an object with the lists images, annotations, categories.",
    ),
    "JSON of great depth": Case(
        "coco", put("instances.json", "[" * 100_000), "~/instances.json is no readable JSON: …"
    ),
    "JSON whose images are an object": Case(
        "coco",
        coco(lambda c: c.update(images={})),
        "~/instances.json: must be an object with the lists images, annotations, categories.",
    ),
    "JSON with an entry that is no object": Case(
        "coco",
        coco(lambda c: c["annotations"].append(3)),
        "~/instances.json: annotations[3] must be an object; received 3.",
    ),
    "image without an id": Case(
        "coco",
        coco(lambda c: c["images"][0].pop("id")),
        "~/instances.json: images[0]: id must be a whole number from 0 to 9223372036854775808; received None.",
    ),
    "image without a name": Case(
        "coco",
        coco(lambda c: c["images"][0].pop("file_name")),
        "~/instances.json: images[0] needs a file_name; received None.",
    ),
    "image id twice": Case("coco", coco(lambda c: c["images"].append(dict(c["images"][0]))), "ok ok | duplicate_id"),
    "category id twice": Case(
        "coco",
        coco(lambda c: c["categories"].append(dict(c["categories"][0]))),
        "~/instances.json: categories[2] has id 18 again.",
    ),
    "unknown category": Case("coco", first(category_id=99), "ok | unknown_class no_class"),
    "object of an unknown image": Case("coco", first(image_id=99), "ok | unknown_image no_class"),
    "box of three numbers": Case(
        "coco",
        first(bbox=[1, 2, 3]),
        "~/instances.json: annotations[0]: bbox must be [x, y, width, height]; received a list.",
    ),
    "box of words": Case("coco", first(bbox=["a", "b", "c", "d"]), "ok ok | bad_box"),
    "NaN in JSON": Case("coco", first(bbox=[float("nan"), 0, 5, 5]), "ok ok | bad_box"),
    "polygon of odd length": Case("coco", first(segmentation=[[1, 2, 3, 4, 5, 6, 7]]), "ok ok | bad_mask"),
    "polygon of two points": Case("coco", first(segmentation=[[1, 2, 3, 4]]), "ok ok | bad_mask"),
    "polygon far outside": Case("coco", first(segmentation=[[0, 0, 1e9, 0, 1e9, 1e9]]), "ok ok | bad_mask"),
    "polygon of words": Case("coco", first(segmentation=[["a", "b", "c", "d", "e", "f"]]), "ok ok | bad_mask"),
    "RLE that does not decode": Case(
        "coco", first(segmentation={"size": [30, 40], "counts": "\x01\x02oops"}), "ok ok | bad_mask"
    ),
    "RLE cut short": Case("coco", first(segmentation={"size": [30, 40], "counts": "Q1o"}), "ok ok | bad_mask"),
    "RLE of another size": Case("coco", first(segmentation={"size": [40, 30], "counts": [1200]}), "ok ok | bad_mask"),
    "RLE of negative runs": Case(
        "coco", first(segmentation={"size": [30, 40], "counts": [1300, -100]}), "ok ok | bad_mask"
    ),
    "RLE that does not fill": Case(
        "coco", first(segmentation={"size": [30, 40], "counts": [5, 5]}), "ok ok | bad_mask"
    ),
    "RLE over the limit": Case(
        "coco",
        coco(lambda c: c["images"][0].update(width=10**6, height=10**6)),
        "~/instances.json: images[0]: a size of 1000000x1000000 is over 268435456 pixels.",
    ),
    "segmentation that is a number": Case("coco", first(segmentation=7), "ok ok | bad_mask"),
    "no objects": Case("coco", coco(lambda c: c["annotations"].clear()), "dataset: no targets."),
    # CUB
    "CUB without boxes": Case(
        "cub", drop("cub/bounding_boxes.txt"), "~/cub/bounding_boxes.txt cannot be read: No such file or directory."
    ),
    "CUB box of three numbers": Case(
        "cub",
        put("cub/bounding_boxes.txt", "1 2 3 10\n2 10 10 10 10\n"),
        "~/cub/bounding_boxes.txt:1: expected 'number x y width height', received 3 values.",
    ),
    "CUB number twice": Case(
        "cub",
        put("cub/images.txt", "1 a.png\n1 b.png\n"),
        "~/cub/images.txt:2: expected a new number and a value; received '1 b.png'.",
    ),
    "CUB class 0": Case(
        "cub",
        put("cub/image_class_labels.txt", "1 0\n2 2\n"),
        "~/cub/image_class_labels.txt:1: the class must be a whole number from 1 to 2147483647; received '0'.",
    ),
    "CUB image without a split": Case(
        "cub", saying(put("cub/train_test_split.txt", "1 0\n"), split="test"), "ok | no_class"
    ),
    # tables
    "table without the column": Case(
        "table",
        put("table.csv", "picture,class\na.png,cat\n"),
        "~/table.csv: no column 'image'. Its columns: picture, class.",
    ),
    "table with another delimiter": Case(
        "table",
        recoded("table.csv", b",", b";"),
        "~/table.csv: no column 'image'. Its columns: image;class;x0;y0;x1;y1;mask;group.",
    ),
    "table with a ragged row": Case(
        "table", put("table.csv", HEAD + "a.png,cat,2,3\n"), "~/table.csv: row 2 has 4 fields, the header 8."
    ),
    "table with an open quote": Case(
        "table", put("table.csv", HEAD + '"a.png,cat,2,3,12,13,,\n'), "~/table.csv is no readable CSV: …"
    ),
    "table that is empty": Case("table", put("table.csv", ""), "~/table.csv has no rows."),
    "table with a header only": Case("table", put("table.csv", HEAD), "~/table.csv has no rows."),
    "table with a word in a box": Case(
        "table", put("table.csv", HEAD + "a.png,cat,2,x,12,13,,\nb.png,dog,0,0,5,5,,\n"), "unlabelled ok | bad_box"
    ),
    "table with half a box": Case(
        "table", put("table.csv", HEAD + "a.png,cat,2,3,,,,\nb.png,dog,0,0,5,5,,\n"), "unlabelled ok | bad_box"
    ),
    "table with three corners": Case(
        "table",
        put("table.csv", "image,class,x0,y0,x1\na.png,cat,2,3,12\n"),
        "~/table.csv: boxes need four columns; there is no 'y1'.",
    ),
    "table with no class in a row": Case(
        "table", put("table.csv", HEAD + "a.png,,2,3,12,13,,\nb.png,dog,0,0,5,5,,\n"), "ok | no_class"
    ),
    "table whose rows disagree": Case(
        "table",
        put("table.csv", HEAD + "a.png,cat,2,3,12,13,,p1\na.png,cat,2,3,12,13,,p2\n"),
        "a.png: its rows say group p1 and p2.",
    ),
    "table of relative boxes without sizes": Case(
        "table",
        saying(put("table.csv", "image,class,x0,y0,x1,y1\na.png,cat,0,0,1,1\n"), boxes="relative"),
        "a.png: relative boxes need the columns width and height.",
    ),
    "table with an unknown role": Case(
        "table",
        saying(columns={"xmin": "x0"}),
        "columns: unknown 'xmin'. Known: class, group, height, ignore, image, mask, width, x0, x1, y0, y1.",
    ),
    "table with a delimiter of two letters": Case("table", saying(delimiter=", "), "~/table.csv is no readable CSV: …"),
    "table with a size that is a word": Case(
        "table",
        put("table.csv", "image,class,width,height\na.png,cat,wide,30\n"),
        "~/table.csv: row 2: width must be a whole number from 0 to 2147483647; received 'wide'.",
    ),
    "Parquet that is CSV": Case(
        "parquet", put("table.parquet", HEAD), "~/table.parquet is no readable Parquet file: …"
    ),
    "Parquet cut short": Case(
        "parquet",
        lambda root: put("table.parquet", (root / "table.parquet").read_bytes()[:-9])(root),
        "~/table.parquet is no readable Parquet file: …",
    ),
    "table with a column twice": Case(
        "table",
        put("table.csv", "image,class,x0,y0,x1,y1,x0\na.png,cat,2,3,12,13,9\n"),
        "~/table.csv: the column 'x0' is given twice.",
    ),
    "labels with a column twice": Case(
        "mask_folder",
        put("labels.csv", "image,class,class\na.png,cat,dog\nb.png,dog,cat\n"),
        "~/labels.csv: the column 'class' is given twice.",
    ),
    "Parquet with a column twice": Case("parquet", twice, "~/table.parquet: the column 'image' is given twice."),
    "table of masks without their folder": Case(
        "table",
        saying(masks=None),
        "~/table.csv: names masks ('a.png'); say the folder they lie below (masks: FOLDER).",
    ),
    "table of ignored pixels without their folder": Case(
        "table",
        saying(put("table.csv", "image,class,ignore\na.png,cat,\nb.png,dog,b.png\n"), masks=None),
        "~/table.csv: names masks ('b.png'); say the folder they lie below (masks: FOLDER).",
    ),
    "table without a header and without numbers": Case(
        "table",
        saying(put("table.csv", ROWS), header=False),
        "columns: a file without a header needs the numbers of image and class ({image: 1, class: 2}).",
    ),
    "table without a header and a name": Case(
        "table",
        saying(put("table.csv", ROWS), header=False, columns={"image": 1, "class": "species"}),
        "columns.class: must be a column's number, from 1; received 'species'.",
    ),
    "table without a header and a number beyond": Case(
        "table",
        saying(put("table.csv", ROWS), header=False, columns={"image": 1, "class": 7}),
        "~/table.csv: columns.class is 7; its rows have the columns 1 to 6.",
    ),
    "table without a header and column 0": Case(
        "table",
        saying(put("table.csv", ROWS), header=False, columns={"image": 0, "class": 1}),
        "~/table.csv: columns.image is 0; its rows have the columns 1 to 6.",
    ),
    "table without a header and a ragged row": Case(
        "table",
        saying(put("table.csv", ROWS + "c.png,cat\n"), header=False, columns={"image": 1, "class": 2}),
        "~/table.csv: row 3 has 2 fields, the first row 6.",
    ),
    "table without a header and a bad name": Case(
        "table",
        saying(put("table.csv", "../a.png,cat\n"), header=False, columns={"image": 1, "class": 2}),
        "~/table.csv: row 1: the name '../a.png' leaves its folder; names must lie below it.",
    ),
    "table with a header and a number": Case(
        "table",
        saying(columns={"image": 1}),
        "columns.image: must be the name of a column, or header: false be said; received 1.",
    ),
    "Parquet without a header": Case(
        "parquet",
        saying(header=False, columns={"image": 1, "class": 2}),
        "~/table.parquet: a Parquet file names its columns; header: false is for text.",
    ),
    # images and masks in one folder, images elsewhere
    "images that are all .jpeg": Case(
        "voc",
        several(moved("a.png", "a.jpeg"), moved("b.png", "b.jpeg")),
        "dataset: none of its 2 images is below ~/images; 2 have the same name with another extension there: 'a.jpeg' "
        "for 'a.png'.",
    ),
    "images that are all in another folder": Case(
        "coco",
        several(moved("a.png", "train/a.png"), moved("b.png", "train/b.png")),
        "dataset: none of its 2 images is below ~/images; 2 lie in another folder: 'train/a.png' for 'a.png'.",
    ),
    "images that are nowhere": Case(
        "table", several(drop("images/a.png"), drop("images/b.png")), "dataset: none of its 2 images is below ~/images."
    ),
    "images and masks that are the same files": Case(
        "mask_folder",
        saying(masks="~/images", labels=None),
        "masks: 'a.png' would be its own mask, for images and masks are *.png in one folder. Say how masks are called "
        "(suffix: _mask.png), or the folder they lie in.",
    ),
    "masks below the images": Case(
        "mask_folder",
        lambda root: {"masks": str((root / "masks").rename(root / "images/masks"))},
        "ok ok |",
    ),
    "two images of one mask": Case(
        "mask_folder",
        lambda root: (put("images/a.jpg", encoded("JPEG"))(root), {"labels": None, "foreground": None})[1],
        "ok unlabelled ok | shared_mask",
    ),
    "a mask in a folder a class": Case(
        "imagefolder", put("images/cat/a_mask.png", encoded("PNG", mode="L")), "unlabelled unlabelled | mask_file"
    ),
    "a folder of masks among the classes": Case(
        "imagefolder",
        several(*(put(f"images/masks/{n}.png", encoded("PNG", mode="L")) for n in "ab")),
        "unlabelled unlabelled | mask_file mask_file",
    ),
    "truth list of an absent image": Case(
        "imagenet",
        saying(put("t.txt", "n02121808/a.png 0\nn02084071/b.png 1\nn02084071/c.png 1\n"), truth="~/t.txt"),
        "ok missing ok | missing",
    ),
    "truth list that names an image twice": Case(
        "imagenet",
        saying(put("t.txt", "n02121808/a.png 0\nn02084071/b.png 1\nn02084071/b.png 0\n"), truth="~/t.txt"),
        "ok ok | duplicate_id",
    ),
    # folders and maps of classes
    "folder without images": Case(
        "imagefolder",
        saying(lambda root: (root / "empty").mkdir(), images="~/empty"),
        "images: no image in a class's folder below ~/empty.",
    ),
    "annotations that are a file": Case(
        "wsol", saying(annotations="~/meta/image_ids.txt"), "annotations: no folder '~/meta/image_ids.txt'."
    ),
    "class map that is a list": Case(
        "wsol",
        saying(put("m.json", "[1]"), class_map="~/m.json"),
        "~/m.json: must map classes to outputs; received a list.",
    ),
    "class map cut short": Case(
        "wsol", saying(put("m.json", '{"0": '), class_map="~/m.json"), "~/m.json is no readable JSON: …"
    ),
    "class map without its columns": Case(
        "wsol",
        saying(put("m.csv", "a,b\n1,2\n"), class_map="~/m.csv"),
        "~/m.csv: needs the columns class, outputs; received a, b.",
    ),
    "class map that runs code": Case(
        "wsol",
        saying(put("m.yaml", "0: !!python/object/apply:os.getcwd []\n"), class_map="~/m.yaml"),
        "~/m.yaml:1: is no readable YAML: …",
    ),
    "class map of aliases without end": Case(
        "wsol",
        saying(put("m.yaml", ALIASES + "0: *j\n"), class_map="~/m.yaml"),
        "~/m.yaml:7: is no readable YAML: its aliases stand for more than 10000000 values.",
    ),
    "class map without a class": Case(
        "wsol", saying(put("m.json", '{"0": 3}'), class_map="~/m.json"), "ok ok | unmapped"
    ),
    "class map of a class that is none": Case(
        "voc",
        saying(class_map={"cta": 281}, classes=["cat", "dog"]),
        "class_map: no class is called 'cta'. Known: cat, dog.",
    ),
    "class map of a number that is no class": Case(
        "wsol", saying(class_map={0: 281, 7: 282}), "class_map: no class is called 7. Known: 0, 1."
    ),
    "class map of a class by number and name": Case(
        "voc",
        saying(class_map={"cat": 281, 0: 282}, classes=["cat", "dog"]),
        "class_map: 'cat' and 0 are the same class; say it once.",
    ),
    "JSON map with a key twice": Case(
        "wsol",
        saying(put("m.json", '{"0": 1, "1": 2, "0": 3}'), class_map="~/m.json"),
        "~/m.json: the key '0' is given twice.",
    ),
    "YAML map with a key twice": Case(
        "wsol",
        saying(put("m.yaml", "0: 1\n1: 2\n0: 3\n"), class_map="~/m.yaml"),
        "~/m.yaml:3: key 0 is given twice (first in line 1).",
    ),
    "YAML map cut short": Case(
        "wsol",
        saying(put("m.yaml", "0: [1, 2\n"), class_map="~/m.yaml"),
        "~/m.yaml:2: is no readable YAML: expected ',' or ']', but got '<stream end>'.",
    ),
    "YAML map that is deep": Case(
        "wsol",
        saying(put("m.yaml", "[" * 20_000), class_map="~/m.yaml"),
        "~/m.yaml is no readable YAML: it is nested too deeply.",
    ),
    "CSV map with a row twice": Case(
        "wsol",
        saying(put("m.csv", "class,outputs\n0,1\n1,2\n0,3 1\n"), class_map="~/m.csv"),
        "~/m.csv: row 4 gives '0' the output '1' again.",
    ),
    "output names with a key twice": Case(
        "wsol",
        saying(put("n.json", '{"0": ["n1", "x"], "0": ["n2", "y"]}'), output_names="~/n.json"),
        "~/n.json: the key '0' is given twice.",
    ),
    "output names beside labels": Case(
        "wsol",
        saying(put("n.txt", "x\ny\n"), output_names="~/n.txt", class_map="labels"),
        "output_names: has no effect beside class_map: labels; leave one out.",
    ),
    "output names of another form": Case(
        "wsol",
        saying(put("n.json", "[1]"), output_names="~/n.json"),
        '~/n.json: must be of the form {"0": ["n01440764", "tench"]}.',
    ),
}


def outcome(settings: dict, root: Path) -> str:
    """What `index` makes of a data set, on one line."""
    try:
        found = index(settings)
    except InputError as error:
        return str(error).replace(str(root), "~")
    return f"{' '.join(found.targets['status'])} | {' '.join(found.problems['kind'])}".strip()


@pytest.mark.parametrize("name", CASES)
def test_bad_input(name, tmp_path):
    case = CASES[name]
    settings = sources.SOURCES[case.source](tmp_path)
    settings |= case.damage(tmp_path) or {}
    said = outcome(settings, tmp_path)
    if case.outcome.endswith("…"):  # the rest is another library's, and changes with it
        said = said[: len(case.outcome) - 1] + "…"
    assert said == case.outcome
    assert "\n" not in said


# What the index takes for an image may still not decode: then opening it is an error, and the target is unreadable.
OPENED: dict[str, tuple[bytes, str]] = {
    "JPEG cut short": (encoded("JPEG")[:-40], "~/images/a.png: the file is cut short."),
    "PNG cut short": (encoded("PNG")[:-40], "~/images/a.png: the file is cut short."),
    "zero bytes": (b"", "~/images/a.png is no readable image."),
    "text": (b"not a picture", "~/images/a.png is no readable image."),
    "huge size in the header": (png(30_000, 20_000), "~/images/a.png: …"),
    "over the data set's limit": (
        png(12_000, 12_000),
        "~/images/a.png: 12000x12000 is over the limit of 134217728 pixels.",
    ),
    "no pixels": (png(40, 30), "~/images/a.png: …"),
    "JPEG named .png": (encoded("JPEG"), "30x40x3"),
    "PNG": (encoded("PNG"), "30x40x3"),
    "grey": (encoded("PNG", mode="L"), "30x40x3"),
    "one bit": (encoded("PNG", mode="1"), "30x40x3"),
    "palette": (encoded("PNG", mode="P"), "30x40x3"),
    "transparent": (encoded("PNG", mode="RGBA"), "30x40x3"),
    "grey and transparent": (encoded("PNG", mode="LA"), "30x40x3"),
    "CMYK": (encoded("JPEG", mode="CMYK"), "30x40x3"),
    "16 bits": (sixteen_bits(), "~/images/a.png: 16 bits, say range: [0, 65535]."),
    "floats": (encoded("TIFF", mode="F"), "~/images/a.png: floating point, say range: [LOW, HIGH]."),
    "PGM of 12 bits": (b"P5 40 30 4095\n" + bytes(2400), "~/images/a.png: 12 bits, say range: [0, 4095]."),
    "progressive": (encoded("JPEG", progressive=True), "30x40x3"),
    "turned by EXIF stays as stored": (rotated(), "30x40x3"),
    "animated": (animated(), "30x40x3"),
    "one pixel": (encoded("PNG", (1, 1)), "1x1x3"),
    "BMP": (encoded("BMP"), "30x40x3"),
    "TIFF": (encoded("TIFF"), "30x40x3"),
    "WebP": (encoded("WEBP"), "30x40x3"),
}


@pytest.mark.parametrize("name", OPENED)
def test_opening(name, tmp_path):
    pytest.importorskip("wsol.images")
    content, expected = OPENED[name]
    settings = sources.wsol(tmp_path)
    (tmp_path / "images/a.png").write_bytes(content)
    try:
        said = "x".join(map(str, opener(settings)("a.png").shape))
    except DataError as error:
        said = str(error).replace(str(tmp_path), "~")
    assert said == expected or (expected.endswith("…") and said.startswith(expected[:-1]))


def test_there_are_enough():
    assert len(CASES) >= 60
