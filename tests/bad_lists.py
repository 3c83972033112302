"""Wrong text files of the published form, boxes and masks. See `test_bad_inputs`."""

import numpy as np

import sources
from damages import IDS, LABELS, LOCAL, SHAPES, Case, drop, first, outward, png, put, recoded, several
from sources import save

CASES: dict[str, Case] = {
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
    "NaN in a box": Case("wsol", put(LOCAL, "a.png,nan,3,11,12\nb.png,0,0,4,4\n"), "no_ground_truth ok | bad_box"),
    "infinity in a box": Case("wsol", put(LOCAL, "a.png,0,0,inf,12\nb.png,0,0,4,4\n"), "no_ground_truth ok | bad_box"),
    "a word in a box": Case("wsol", put(LOCAL, "a.png,0,x,11,12\nb.png,0,0,4,4\n"), "no_ground_truth ok | bad_box"),
    "inverted box": Case("wsol", put(LOCAL, "a.png,11,12,2,3\nb.png,0,0,4,4\n"), "no_ground_truth ok | bad_box"),
    "negative corner": Case("wsol", put(LOCAL, "a.png,-9,3,11,12\nb.png,0,0,4,4\n"), "ok ok | clipped"),
    "box outside the image": Case(
        "wsol", put(LOCAL, "a.png,100,100,110,110\nb.png,0,0,4,4\n"), "no_ground_truth ok | bad_box"
    ),
    "box over the edge": Case("wsol", put(LOCAL, "a.png,2,3,99,99\nb.png,0,0,4,4\n"), "ok ok | clipped"),
    "1e308 in a box": Case("wsol", put(LOCAL, "a.png,0,0,1e308,1e308\nb.png,0,0,4,4\n"), "ok ok | clipped"),
    "box of no area": Case("coco", first(bbox=[2, 3, 0, 10]), "ok ok | bad_box"),
    "negative size of a box": Case("coco", first(bbox=[2, 3, -5, 10]), "ok ok | bad_box"),
    # masks
    "no such mask": Case("openimages", drop("masks/a.png"), "no_ground_truth ok | missing_mask"),
    "mask of another size": Case(
        "wsol",
        lambda root: put(LOCAL, "a.png,b.png,\nb.png,b.png,\n")(root) or {"masks": sources.masks(root)},
        "no_ground_truth ok | mask_size",
    ),
    "mask that is text": Case("openimages", put("masks/a.png", "not a mask"), "no_ground_truth ok | bad_mask"),
    "mask cut short": Case(
        "openimages",
        lambda root: put("masks/a.png", (root / "masks/a.png").read_bytes()[:-30])(root),
        "no_ground_truth ok | bad_mask",
    ),
    "mask in colour": Case(
        "openimages",
        lambda root: save(root / "masks/a.png", np.full((30, 40, 3), (1, 2, 3), np.uint8)),
        "no_ground_truth ok | bad_mask",
    ),
    "mask over the limit": Case("openimages", put("masks/a.png", png(60_000, 60_000)), "no_ground_truth ok | bad_mask"),
    "mask that is all background": Case(
        "openimages",
        lambda root: save(root / "masks/a.png", np.zeros((30, 40), np.uint8)),
        "no_ground_truth ok | empty_mask",
    ),
    "mask with unknown values": Case(
        "mask_folder",
        lambda root: save(root / "masks/a.png", np.full((30, 40), 77, np.uint8)),
        "no_ground_truth ok | mask_values empty_mask",
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
}
