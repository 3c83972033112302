"""Wrong spreadsheets, CUB's files, folders, and maps of classes. See `test_bad_inputs`."""

from damages import Case, drop, put, recoded, saying, twice

ALIASES = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{b}: &{b} [{', '.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefghi", "bcdefghij", strict=True)
)
ROWS = "a.png,cat,2,3,12,13\nb.png,dog,0,0,5,5\n"
HEAD = "image,class,x0,y0,x1,y1,mask,group\n"

CASES: dict[str, Case] = {
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
        "table", put("table.csv", HEAD + "a.png,cat,2,x,12,13,,\nb.png,dog,0,0,5,5,,\n"), "no_ground_truth ok | bad_box"
    ),
    "table with half a box": Case(
        "table", put("table.csv", HEAD + "a.png,cat,2,3,,,,\nb.png,dog,0,0,5,5,,\n"), "no_ground_truth ok | bad_box"
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
