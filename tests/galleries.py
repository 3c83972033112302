"""Runs for a gallery, with every stage file that it reads, and a page that has nothing but the gallery."""

import cv2
import jinja2
import numpy as np
import pandas as pd
from markupsafe import Markup

from wsol import boxes
from wsol.affine import Affine
from wsol.files import rle
from wsol.files.heatmap import HEATMAPS
from wsol.files.index import TARGETS
from wsol.files.localize import REGIONS
from wsol.files.npz import pack
from wsol.files.score import OUTCOMES, SCORES
from wsol.page import browser
from wsol.page.pictured import PicturedRun
from wsol.page.showing import PicturedEvaluation
from wsol.regions.localize import localize
from wsol.scores.load import load_run

SETTINGS = {
    "protocol": "exact",
    "upsampling": "linear",
    "normalization": "minmax",
    "canvas": "input",
    "alignment": "stretch",
    "masks": False,
    "threshold": {"method": "sweep"},
}
NO_TABLE = pd.DataFrame(columns=["backbone", "cam", "threshold", "metric", "choice", "value"])


def images(count, seed=0, classes=3, a_class=1):
    """Targets with one to three boxes, `a_class` classes an image, and a mask of their boxes."""
    random = np.random.default_rng(seed)
    rows = []
    for i in range(count):
        image = i // a_class
        height, width = np.random.default_rng(image).integers(60, 150, 2).tolist()
        truth = []
        for _ in range(random.integers(1, 4)):
            (x0, x1), (y0, y1) = (np.sort(random.choice(side, 2, replace=False)) for side in (width, height))
            truth += [x0, y0, x1, y1]
        mask = np.zeros((height, width), bool)
        for x0, y0, x1, y1 in np.reshape(truth, (-1, 4)):
            mask[y0:y1, x0:x1] = True
        name = f"{image:03d}.jpg"
        rows.append(
            (name, i % classes, f"class {i % classes}", width, height, np.array(truth, float), rle.encode(mask))
        )
    table = pd.DataFrame(rows, columns=["image", "label", "class_name", "width", "height", "boxes", "mask"])
    return table.assign(ignore="", group=table["image"], outputs=[[0]] * count, status="ok")


def smooth(random, cells=(7, 7)):
    """A map like a network's: a few soft blobs, float32."""
    return cv2.GaussianBlur(random.random(cells, np.float32) ** 3, (0, 0), 1.1)


def placed(sizes, input_size, how):
    """input_to_image [n 4] of images that were stretched, cropped or given a border."""
    stretch = Affine.stretch(input_size, sizes).array()
    if how == "stretch":
        return stretch
    factor = stretch[:, :2].min(axis=1) if how == "crop" else stretch[:, :2].max(axis=1)
    shift = (np.asarray(sizes)[:, ::-1] - factor[:, None] * np.asarray(input_size)[::-1]) / 2
    return np.column_stack([factor, factor, shift])


def run(folder, targets, maps, name="net/gradcam/sweep", *, input_size=(96, 96), how="stretch", shard=16, **changes):
    """A run's stage files -> the PicturedRun and its `Stages`; `outcomes` are of the level .5."""
    settings = SETTINGS | {key: value for key, value in changes.items() if key in SETTINGS}
    sizes = targets[["height", "width"]].to_numpy()
    into = placed(sizes, input_size, how)
    cells = np.array(Affine.stretch(maps[0].shape, input_size).array())
    if settings["alignment"] == "receptive_field":
        cells = cells * [0.9, 0.9, 1, 1] + [0, 0, 3.5, 2.5]
    here = folder / name.replace("/", "_")
    here.mkdir(parents=True)
    files = {"targets": here / "targets.parquet", "predictions": [], "heatmaps": [], "regions": []}
    TARGETS.write(files["targets"], targets)
    number, _ = pd.factorize(targets["image"])
    for first in range(0, number.max() + 1, shard):
        rows = np.flatnonzero((number >= first) & (number < first + shard))
        common = {"input_to_image": into[rows], "input_size": np.array(input_size), "cell_to_input": cells}
        common["status"] = targets["status"].to_numpy(np.str_)[rows]
        stem = f"{first:06d}-{min(first + shard, number.max() + 1) - 1:06d}"
        own = [maps[row] for row in rows]
        found = localize(own, sizes=sizes[rows], **common, **settings)
        for kind, fmt, arrays in (("heatmaps", HEATMAPS, pack(own) | common), ("regions", REGIONS, found)):
            files[kind].append(str(here / f"{stem}.{kind}.npz"))
            fmt.write(files[kind][-1], **arrays)
    stages = load_run(files, settings)[1]
    seen = stages.largest_boxes(0.5 if settings["threshold"]["method"] == "sweep" else None)
    truth = [boxes.asboxes(flat) for flat in targets["boxes"]]
    score = [boxes.iou(b, t).max(initial=0) if len(t) else np.nan for b, t in zip(seen, truth, strict=True)]
    kind = np.where(np.isnan(score), "", np.where(np.array(score) > 0.5, "right", "misplaced"))
    swept = settings["threshold"]["method"] == "sweep"
    choice = "oracle" if swept else "fixed"
    outcome = targets[["image", "label", "group"]].assign(status=stages.status, box=seen, iou=score, kind=kind)
    outcome = outcome.assign(level=0.5 if swept else np.nan, choice=choice, published="", right_class=np.nan)
    OUTCOMES.write(here / "outcomes.parquet", outcome)
    level = {"metric": "maxboxacc@50", "choice": choice, "levels": "0.5" if swept else ""}
    names = dict(zip(("backbone", "cam", "threshold"), name.split("/"), strict=True))
    numbers = {"value": 100 * np.nanmean(np.array(score) > 0.5), "low": 0.0, "high": 100.0, "n": 1, "groups": 1}
    row = names | {"evaluation": "e", "dataset": "d"} | level | numbers
    SCORES.write(here / "scores.parquet", pd.DataFrame([row]))
    paths = {"outcomes": str(here / "outcomes.parquet"), "scores": str(here / "scores.parquet")}
    control = name.startswith("none/")
    return PicturedRun(name, control, "", settings, "d/maps", heatmaps=files["heatmaps"], **paths), stages


def painted(targets):
    """What opens an image of the targets: grey noise of its size."""
    sizes = {row.image: (row.height, row.width) for row in targets.itertuples()}

    def open_image(name):
        return np.random.default_rng(len(name)).integers(60, 200, (*sizes[name], 3), np.uint8)

    return open_image


def evaluation(targets, runs, name="e", scores=NO_TABLE):
    return PicturedEvaluation(name, "d", targets, painted(targets), runs, scores)


def page(data):
    """A page of the gallery alone, as the report has it."""
    loader = jinja2.DictLoader({"gallery.html": browser.text("gallery.html")})
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Gallery</title><style>'
        ":root { --paper: #fff; --ink: #111; --soft: #555; --line: #ddd; --accent: #24c; } "
        "body { margin: 0 1rem; background: var(--paper); color: var(--ink); }"
        "{{ style }}</style></head><body><main><h1>Gallery</h1>{% include 'gallery.html' %}</main>"
        "{% for script in scripts %}<script>{{ script }}</script>{% endfor %}</body></html>"
    )
    scripts = [Markup(browser.text(name)) for name in ("state.js", *browser.GALLERY)]
    return template.render(gallery=data, style=Markup(browser.text("gallery.css")), scripts=scripts)
