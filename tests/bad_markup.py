"""Wrong XML and JSON. See `test_bad_inputs`."""

from damages import Case, coco, drop, first, page, put, saying, several

LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><annotation><filename>&b;</filename></annotation>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><annotation><filename>&a;</filename></annotation>'

CASES: dict[str, Case] = {
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
    "a word for a corner": Case("voc", page(("<xmax>12<", "<xmax>wide<")), "no_ground_truth ok | bad_box"),
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
}
