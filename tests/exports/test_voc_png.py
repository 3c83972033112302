"""Pseudo-masks: VOC's palette, and a labelling that scores what voc_miou says when others read the files."""

import csv

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.metrics import confusion_matrix

from severalclasses import split
from wsol.errors import ConfigError, DataError
from wsol.experiment import config
from wsol.exports.voc_png import palette, voc_png
from wsol.files import rle
from wsol.scores.evaluate import evaluate
from wsol.scores.results import RunResult
from wsol.scores.views import View

# The first of the development kit's colours, as published, and the last.
COLOURS = {
    **{0: (0, 0, 0), 1: (128, 0, 0), 2: (0, 128, 0), 3: (128, 128, 0), 4: (0, 0, 128), 5: (128, 0, 128)},
    **{6: (0, 128, 128), 7: (128, 128, 128), 8: (64, 0, 0), 9: (192, 0, 0), 10: (64, 128, 0), 11: (192, 128, 0)},
    **{12: (64, 0, 128), 13: (192, 0, 128), 14: (64, 128, 128), 15: (192, 128, 128), 16: (0, 64, 0)},
    **{17: (128, 64, 0), 18: (0, 192, 0), 19: (128, 192, 0), 20: (0, 64, 128), 255: (224, 224, 192)},
}


def rescored(root, targets):
    """The mIoU of the written files against the true masks, by scikit-learn's confusion matrix."""
    total = np.zeros((5, 5), int)
    for image, own in targets.groupby("image"):
        predicted = np.array(Image.open(root / image.replace(".jpg", ".png")))
        truth = np.zeros(predicted.shape, int)
        for row in own.itertuples():
            truth[rle.decode(row.ignore, row.height, row.width)] = 255
        for row in own.itertuples():
            truth[rle.decode(row.mask, row.height, row.width)] = row.label + 1
        kept = truth != 255
        total += confusion_matrix(truth[kept], predicted[kept], labels=range(5))
    union = total.sum(axis=0) + total.sum(axis=1) - np.diag(total)
    return 100 * np.mean(np.diag(total)[union > 0] / union[union > 0])


@pytest.mark.parametrize("level_from", ["oracle", "selected", "fixed"])
def test_what_is_written_scores_what_the_table_says(level_from, tmp_path):
    threshold = {"method": "fixed", "level": 0.37} if level_from == "fixed" else {}
    report, stages = split(tmp_path / "report", 0, **threshold)
    select = split(tmp_path / "select", 1)[0] if level_from == "selected" else None
    result = RunResult(View(report, level_from, select), stages)
    voc_png(result, tmp_path / "out")
    scores = evaluate(report, select, ["voc_miou"], single_level=level_from == "fixed", resamples=20).scores
    row = scores.set_index("choice").loc[level_from]
    assert rescored(tmp_path / "out", report.targets) == pytest.approx(row["value"], abs=1e-10)
    assert result.seed_level[1] == level_from
    assert f"{result.seed_level[0]:.6g}" == (row["levels"] or "0.37")


def test_masks_to_train_on_need_none_of_their_own(tmp_path):
    """Images without masks get theirs at the level of the select split; without it there is no level."""
    report, stages = split(tmp_path / "report", 0, masked=False)
    select = split(tmp_path / "select", 1)[0]
    result = RunResult(View(report, "selected", select), stages)
    voc_png(result, tmp_path / "out")
    assert result.seed_level == (select.seeds.best_level(), "selected")
    assert len(list((tmp_path / "out").rglob("*.png"))) == 6
    with pytest.raises(DataError, match="no split to choose the background level on, for lack of masks"):
        voc_png(RunResult(View(report, "oracle"), stages), tmp_path / "no")


def test_a_file_is_a_palette_png_of_the_image_s_size(tmp_path):
    report, stages = split(tmp_path / "report", 0)
    voc_png(RunResult(View(report, "oracle"), stages), tmp_path / "out")
    first = report.targets.iloc[0]
    with Image.open(tmp_path / "out/0/d/0.png") as picture:
        assert picture.mode == "P" and picture.size == (first.width, first.height)
        colours = np.reshape(picture.getpalette(), (-1, 3))
        assert {index: tuple(colours[index]) for index in COLOURS} == COLOURS
        assert set(np.unique(picture)) <= {0, *(report.targets["label"][report.targets["image"] == first.image] + 1)}
    with open(tmp_path / "out/classes.csv", newline="") as stream:
        assert list(csv.reader(stream)) == [
            ["index", "class"],
            ["0", "background"],
            *([str(i + 1), f"class {i}"] for i in range(4)),
        ]


def test_the_palette_is_the_development_kit_s_loop():
    for index, found in enumerate(palette().tolist()):
        rgb = [0, 0, 0]
        rest = index
        for place in range(8):
            for colour in range(3):
                rgb[colour] |= (rest >> colour & 1) << 7 - place
            rest >>= 3
        assert found == rgb


class Given:
    """Seeds of images that a test names."""

    def __init__(self, images, labels=(0,)):
        self.targets = pd.DataFrame({"label": labels, "class_name": [f"class {i}" for i in labels]})
        self.images = images

    def seeds(self):
        return ((image, np.zeros((2, 2), int)) for image in self.images)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (Given(["a.jpg", "b/a.jpg", "a.tif"]), "'a.tif' and 'a.jpg' would both be a.png"),
        (Given(["a.jpg"], [0, 254]), "class 254 has no index; a palette has those of 254 classes"),
        (Given(["../a.jpg"]), "leaves its folder"),
    ],
)
def test_what_cannot_be_written_is_a_line(given, said, tmp_path):
    with pytest.raises(DataError, match=said.replace(".", r"\.")) as error:
        voc_png(given, tmp_path / "out")
    assert "\n" not in str(error.value)


def test_maps_of_the_predicted_class_are_no_seeds(tmp_path):
    report, stages = split(tmp_path / "report", 0)
    report.explain = "predicted"
    with pytest.raises(DataError, match="needs maps of the labelled classes"):
        voc_png(RunResult(View(report, "oracle"), stages), tmp_path / "out")


def test_a_threshold_that_gives_each_map_its_own_level_is_refused():
    experiment = {
        "datasets": {"d": {"adapter": "shapes", "split": "report"}},
        "cams": {"center": {}},
        "thresholds": {"otsu": {}},
        "evaluations": {"e": {"report": "d", "metrics": ["voc_miou"], "exports": ["voc_png"]}},
    }
    with pytest.raises(ConfigError, match=r"thresholds\.otsu: the export voc_png has one background level"):
        config.check(experiment)
    experiment["evaluations"]["e"]["exports"] = ["csv"]
    assert config.check(experiment).runs
