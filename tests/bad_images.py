"""Wrong image files, names of images, and images that are masks or lie elsewhere. See `test_bad_inputs`."""

from damages import (
    IDS,
    LABELS,
    LOCAL,
    Case,
    animated,
    coco,
    dangling,
    drop,
    encoded,
    folder,
    moved,
    outward,
    page,
    pipe,
    png,
    put,
    renamed,
    rotated,
    saying,
    several,
    sixteen_bits,
)

LONG = "x" * 5000

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
        "openimages", put(LOCAL, f"a.png,{LONG},\nb.png,b.png,\n"), "no_ground_truth ok | missing_mask"
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
        "ok no_ground_truth ok | same_mask",
    ),
    "a mask in a folder a class": Case(
        "imagefolder",
        put("images/cat/a_mask.png", encoded("PNG", mode="L")),
        "no_ground_truth no_ground_truth | mask_file",
    ),
    "a folder of masks among the classes": Case(
        "imagefolder",
        several(*(put(f"images/masks/{n}.png", encoded("PNG", mode="L")) for n in "ab")),
        "no_ground_truth no_ground_truth | mask_file mask_file",
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
}
