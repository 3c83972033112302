"""When two folders say the same of a run, on stage files written by hand."""

import shutil
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from wsol.errors import DataError
from wsol.files import formats
from wsol.files.containers import header
from wsol.files.index import TARGETS
from wsol.files.measures import MEASURES
from wsol.files.score import CURVES, DRAWS, OUTCOMES, RUN_COLUMNS, SCORES, STRATA
from wsol.merging.carried import SCORED, CarriedRun
from wsol.merging.sameness import difference, digests
from wsol.merging.together import distinct

NAMES = dict.fromkeys(RUN_COLUMNS, "x")
SETTINGS = {"run": NAMES, "evaluation": {"seed": 0}, "threshold": {"method": "sweep"}}


def frame(fields, **columns) -> pd.DataFrame:
    return pd.DataFrame({name: columns.get(name, [np.nan, 1.0]) for name in fields})


def run(root: Path, measured=1, low=0.5, iou=0.5, box=(1.0, 2.0), draw=0.25, label="1", settings=SETTINGS):
    """A run whose scores are of `measured` shards of measures, so that its files never have the bytes of another."""
    found = CarriedRun(root, "e@1", "d@1", "s@1", None, "center@1", "sweep@1", None, True)
    sources = {"targets": found.targets, "select targets": root / "s@1/index/targets.parquet"}
    for place in sources.values():
        TARGETS.write(place, pd.DataFrame({name: [label] for name in TARGETS.fields}))
    for shard in range(measured):
        sources[f"measures {shard}"] = found.file(SCORED[0]).parent.parent / f"{shard}-{shard}.measures.npz"
        MEASURES.write(sources[f"measures {shard}"], **dict.fromkeys(MEASURES.fields, np.arange(shard)))
    about = {"settings": settings, "made_from": sources}
    SCORES.write(found.file("scores.parquet"), frame(SCORES.fields, low=[np.nan, low]), **about)
    DRAWS.write(found.file("draws.npz"), values=np.array([[np.nan, draw]]), **about)
    boxes = [np.array([]), np.array(box)]
    OUTCOMES.write(found.file("outcomes.parquet"), frame(OUTCOMES.fields, box=boxes, iou=[np.nan, iou]), **about)
    CURVES.write(found.file("curves.parquet"), frame(CURVES.fields, metric=["a", None]), **about)
    STRATA.write(found.file("strata.parquet"), frame(STRATA.fields)[:0], **about)
    return found


def test_a_run_of_other_measures_is_the_same_and_of_the_least_digests(tmp_path):
    runs = [run(tmp_path / str(shards), shards) for shards in (1, 2, 3)]
    assert len({header(each.file("draws.npz"))["made_from"]["targets"]["digest"] for each in runs}) == 1
    assert all(len(set(own)) == 3 for own in zip(*map(digests, runs), strict=True)), "no file has the bytes of another"
    least = min(runs, key=digests)
    for order in permutations(runs):
        assert [each.root for each in distinct(order)] == [least.root]
    shutil.copytree(least.root, tmp_path / "copy")
    assert difference(least, least._replace(root=tmp_path / "copy")) == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"low": 0.75}, "scores.parquet differs (other values of low, of the same settings, versions and targets)"),
        ({"draw": np.nan}, "draws.npz differs (other values of values, of the same"),
        ({"iou": 0.75}, "outcomes.parquet differs (other values of iou, of the same"),
        ({"box": (1.0, 3.0)}, "outcomes.parquet differs (other values of box, of the same"),
        ({"label": "2"}, "scores.parquet differs (made from other select targets)"),
        ({"settings": SETTINGS | {"evaluation": {"seed": 1}}}, "scores.parquet differs (other settings: evaluation)"),
    ],
)
def test_a_run_that_is_another_is_refused_in_whatever_order_and_the_reason_told(change, words, tmp_path):
    one, other = run(tmp_path / "a"), run(tmp_path / "b", **change)
    assert words in difference(one, other) and words in difference(other, one)
    with pytest.raises(DataError) as caught:
        distinct([one, other])
    assert f"merge: run {one.place} is not the same in '{tmp_path}/a' and '{tmp_path}/b': {words}" in str(caught.value)


def test_equal_numbers_of_other_versions_are_refused(tmp_path, monkeypatch):
    one = run(tmp_path / "a")
    monkeypatch.setattr(formats, "versions", lambda real=formats.versions: real() | {"numpy": "1.0"})
    assert f"scores.parquet differs (numpy {np.__version__} and 1.0)" in difference(one, run(tmp_path / "b"))
