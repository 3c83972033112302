"""What every form of export obeys, under both protocols."""

import json

import numpy as np
import pytest

from stagefiles import run, settings
from wsol.datasets import maskfiles
from wsol.errors import DataError
from wsol.exports.forms import EXPORTS
from wsol.files import rle
from wsol.scores.results import RunResult
from wsol.scores.views import View

SIZE = (224, 224)  # the published evaluator's
STATUS = ["ok", "ok", "unreadable", "ok"]
NEEDS_MASKS = {"voc_png"}


@pytest.fixture(scope="module", params=["exact", "wsol2020"])
def protocol(request):
    return request.param


def result(folder, protocol, *, masked=False):
    """Two maps that are scored, one that could not be read, and one of an image without truth."""
    random = np.random.default_rng(0)
    maps = [random.random((6, 8), np.float32) for _ in STATUS]
    truths = [[[2, 3, 60, 80]], [[5, 5, 90, 100], [100, 100, 180, 170]], [[2, 2, 20, 20]], []]
    mask = np.zeros(SIZE, bool)
    mask[5:100, 5:90] = True
    masks = [rle.encode(mask)] * 3 + [""] if masked else None
    report, stages = run(folder, maps, truths, [SIZE] * 4, settings(protocol), status=STATUS, masks=masks)
    return RunResult(View(report, "oracle"), stages)


def written(root):
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("form", EXPORTS)
def test_it_writes_below_its_folder_alone_and_the_same_bytes_again(form, masked, protocol, tmp_path):
    found = result(tmp_path / "run", protocol, masked=masked)
    if form in NEEDS_MASKS and not masked:
        with pytest.raises(DataError, match="for lack of masks of the truth"):
            EXPORTS[form](found, tmp_path / "one")
        return
    before = written(tmp_path)
    for root in (tmp_path / "one", tmp_path / "two"):
        EXPORTS[form](found, root)
    assert written(tmp_path / "one") == written(tmp_path / "two") != {}
    mine = {name: content for name, content in written(tmp_path).items() if name.split("/")[0] not in ("one", "two")}
    assert mine == before
    assert EXPORTS[form].__doc__


@pytest.mark.parametrize("form", EXPORTS)
def test_a_target_that_is_not_ok_has_no_box_and_breaks_nothing(form, protocol, tmp_path):
    found = result(tmp_path / "run", protocol, masked=True)
    EXPORTS[form](found, tmp_path / "out")
    files = written(tmp_path / "out")
    if form == "coco":
        images = {e["id"]: e["file_name"] for e in json.loads(files["truth.json"])["images"]}
        assert len(images) == 4
        for name in ("boxes.json", "masks.json"):
            named = {images[entry["image_id"]] for entry in json.loads(files[name])}
            assert named == {"0", "1"} and "truth_masks.json" in files
    elif form == "csv":
        assert {line.split(",")[0] for line in files["boxes.csv"].decode().splitlines()[1:]} == {"0", "1"}
    elif form == "voc_png":
        assert sorted(files) == ["0.png", "1.png", "2.png", "3.png", "classes.csv"]
        assert not maskfiles.load(tmp_path / "out/2.png").any() and maskfiles.load(tmp_path / "out/1.png").any()
    else:
        assert form in ("npy", "npy_raw"), f"{form}: say here which files it writes"
        assert sorted(files) == [f"{image}.npy" for image in "0123"]
