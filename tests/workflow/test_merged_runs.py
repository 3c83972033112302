"""Results folders that were made apart are put together, and are carried to other places, as a user does both."""

import copy
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from conftest import ROOT, runner
from sources import write
from wsol.errors import DataError
from wsol.files import formats
from wsol.files.score import DRAWS, SCORES
from wsol.merging.merge import merge
from wsol.report.tables import read

pytestmark = pytest.mark.slow  # seven whole runs; tests/merging has the parts

TABLES = ("scores.csv", "comparisons.csv", "strata.csv", "failures.csv", "curves.csv")
COUNT = 40
PLAIN = {
    "resamples": 200,
    "compare": "all",
    "datasets": {"b": {"adapter": "wsol", "annotations": "metadata"}},
    "cams": {"random": {}, "center": {}},
    "thresholds": {"sweep": {"step": 0.05}},
    "evaluations": {"boxes": {"report": "b", "metrics": ["maxboxacc@50", "pointing_game"]}},
}
# The whole, its backbones on two machines, and a third that calls by the same names what is something else.
BACKBONES = {
    "whole": {"ant": "ant.npz", "bee": "bee.npz"},
    "left": {"ant": "ant.npz"},
    "right": {"bee": "bee.npz"},
    "other": {"ant": "bee.npz"},
}


def data(root: Path) -> None:
    """Published metadata of images that are nowhere, and two networks' maps of them."""
    random = np.random.default_rng(0)
    names = [f"i{i:03d}.png" for i in range(COUNT)]
    corners = random.integers(0, 30, (COUNT, 2))
    files = {
        "image_ids": names,
        "class_labels": [f"{name},{i % 3}" for i, name in enumerate(names)],
        "image_sizes": [f"{name},80,64" for name in names],
        "localization": [f"{name},{x},{y},{x + 40},{y + 30}" for name, (x, y) in zip(names, corners, strict=True)],
    }
    for file, lines in files.items():
        write(root / f"metadata/{file}.txt", "\n".join(lines) + "\n")
    for backbone, noise in (("ant", 0.3), ("bee", 0.9)):
        maps = noise * random.random((COUNT, 4, 5), np.float32)
        for own, (x, y) in zip(maps, corners, strict=True):
            own[(y + 15) // 16, (x + 20) // 16] += 1
        np.savez(root / f"{backbone}.npz", **dict(zip(names, maps, strict=True)))


def config(root: Path, name: str) -> dict:
    found = copy.deepcopy(PLAIN) | {"results": name, "data": str(root)}
    found["backbones"] = {key: {"imported": place} for key, place in BACKBONES[name].items()}
    if name == "other":
        found["cams"]["center"] = {"sigma": 0.1}
    return found


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """A folder with the results of every experiment; no test changes them."""
    found = tmp_path_factory.mktemp("carried")
    data(found)
    for name in BACKBONES:
        if name in ("right", "other"):  # what these share with the whole they have from there: less is to be made
            shutil.copytree(found / "whole", found / name)
        run = runner(found)(config(found, name))
        assert run.returncode == 0, run.stderr
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_parts_of_an_experiment_make_its_own_tables_in_whatever_order(root, tmp_path):
    merge(tmp_path / "one", [root / "left", root / "right"])
    found = contents(tmp_path / "one")
    for name in TABLES:
        assert found[name] == (root / "whole" / name).read_bytes(), name
    # The other way round, twice over, together with their whole, and from a copy elsewhere: the same bytes.
    shutil.copytree(root / "right", tmp_path / "elsewhere/copy")
    for other in (["right", "left"], ["left", "right", "left"], [tmp_path / "elsewhere/copy", "left"]):
        merge(tmp_path / "two", [root / each for each in other])
        assert contents(tmp_path / "two") == found
    merge(tmp_path / "three", [root / "right", root / "whole"])
    assert all(contents(tmp_path / "three")[name] == found[name] for name in TABLES)
    page = found["report.html"].decode()
    assert "bee/imported" in page and "make run CONFIG=experiment.yaml &amp;&amp; make merge" in page
    assert str(root) not in page and "Made of several results folders" in page


def test_one_name_for_two_things_is_told_apart_and_still_compared(root, tmp_path):
    said = merge(tmp_path, [root / "other", root / "left"])
    assert "merge: backbone ant is of several: ant@" in said and "merge: cam center is of several: center@" in said
    scores = read(tmp_path / "scores.csv")
    backbones, cams = set(scores["backbone"]), set(scores["cam"])
    assert len(backbones) == 3 and "ant" not in backbones and "none" in backbones
    assert {cam.partition("@")[0] for cam in cams} == {"random", "center", "imported"} and len(cams) == 4
    # `other` has the maps that `right` calls bee: the same numbers, whatever the name.
    right, numbers = read(root / "right/scores.csv"), ["threshold", "metric", "choice", "value", "low", "high"]
    bee = right.loc[right["backbone"] == "bee", numbers].to_numpy().tolist()
    assert bee in [scores.loc[scores["backbone"] == name, numbers].to_numpy().tolist() for name in backbones]
    # And the two are compared, as ant and bee are in the experiment that has both.
    compared, whole = read(tmp_path / "comparisons.csv"), read(root / "whole/comparisons.csv")
    ours = compared[(compared["family"] == "all") & compared["a"].str.startswith("ant@")]
    ours = ours[ours["b"].str.startswith("ant@") & ours["a"].str.endswith("sweep") & ours["b"].str.endswith("sweep")]
    theirs = whole[(whole["a"] == "ant/imported/sweep") & (whole["b"] == "bee/imported/sweep")]
    theirs = theirs[theirs["family"] == "all"]
    assert len(ours) == len(theirs) > 0
    assert ours["difference"].abs().tolist() == theirs["difference"].abs().tolist()
    assert (ours["high"] - ours["low"]).round(3).tolist() == (theirs["high"] - theirs["low"]).round(3).tolist()


def test_a_run_that_other_evaluations_or_other_shards_stand_beside_is_still_one(root, tmp_path):
    own = {key: value for key, value in config(root, "left").items() if key != "backbones"} | {"data": str(root)}
    own["cams"] = {"center": {}}
    more = own["evaluations"] | {"pixels": {"report": "b", "metrics": ["maxboxacc@50", "pxap"]}}
    for name, change in {"wider": {"evaluations": more}, "sharded": {"shard_size": 16}}.items():
        run = runner(tmp_path)(own | change | {"results": name})
        assert run.returncode == 0, run.stderr
    folders = [root / "left", tmp_path / "wider", tmp_path / "sharded"]
    place = "b@*/none/center@*/sweep@*/boxes@*/scores.parquet"
    assert len({next(folder.glob(place)).read_bytes() for folder in folders}) == 3, "each is made from other measures"
    for other in folders[1:]:
        merge(tmp_path / "into", [root / "left", other])
        scores = read(tmp_path / "into/scores.csv")
        shared = scores[scores["evaluation"] == "boxes"].to_csv(index=False)
        assert shared == read(root / "left/scores.csv").to_csv(index=False)
    merge(tmp_path / "one", folders)
    merge(tmp_path / "two", folders[::-1])
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def rewritten(folder: Path, name: str, change: float = 0.0) -> Path:
    """A run's draws of a results folder written anew, as another version of NumPy would have, or with other numbers."""
    path = next(folder.glob(f"b@*/none/{name}@*/sweep@*/*/draws.npz"))
    arrays, header = DRAWS.open(path)
    made_from = {role: path.parent / source["file"] for role, source in header["made_from"].items()}
    DRAWS.write(path, values=arrays["values"] + change, settings=header["settings"], made_from=made_from)
    return path


def refused(into: Path, folders: list[Path]) -> str:
    with pytest.raises(DataError) as error:
        merge(into, folders)
    assert not into.exists(), "nothing is written"
    return str(error.value)


def test_a_run_that_differs_from_folder_to_folder_is_refused_with_the_reason(root, tmp_path, monkeypatch):
    for name in ("older", "moved"):
        shutil.copytree(root / "right", tmp_path / name)
    monkeypatch.setattr(formats, "versions", lambda real=formats.versions: real() | {"numpy": "1.0"})
    rewritten(tmp_path / "older", "center")
    monkeypatch.undo()
    path = rewritten(tmp_path / "moved", "random", 0.01)
    line = refused(tmp_path / "into", [root / "left", tmp_path / "older"])
    numpy = DRAWS.open(path)[1]["versions"]["numpy"]
    assert f"'{root}/left' and '{tmp_path}/older': draws.npz differs (numpy {numpy} and 1.0)" in line
    line = refused(tmp_path / "into", [root / "left", tmp_path / "moved"])
    assert (
        str(path.parent.relative_to(tmp_path / "moved")) in line
        and "draws.npz differs (other values of values, of" in line
    )
    merge(tmp_path / "alone", [tmp_path / "older"])  # by itself it is as good as any
    assert (tmp_path / "alone/scores.csv").read_bytes() == (root / "right/scores.csv").read_bytes()


def test_a_folder_that_is_not_whole_is_refused(root, tmp_path):
    broken = tmp_path / "broken"

    def fresh() -> Path:
        shutil.rmtree(broken, ignore_errors=True)
        return Path(shutil.copytree(root / "right", broken))

    regions = sorted(fresh().glob("b@*/bee@*/*/sweep@*/*.regions.npz"))
    content = bytearray(regions[0].read_bytes())
    content[len(content) // 2] ^= 1
    regions[0].write_bytes(content)
    assert "is not what was written" in refused(tmp_path / "into", [broken])
    path = next(fresh().rglob("bee@*/**/scores.parquet"))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "carries no digest" in refused(tmp_path / "into", [root / "left", broken])
    theirs = sorted(fresh().glob("b@*/none/center@*/sweep@*/*.regions.npz"))
    shutil.copy(theirs[0], regions[0])  # regions made anew, and scores of before
    assert "was made from another 0" in refused(tmp_path / "into", [broken])
    path = next(fresh().rglob("bee@*/**/draws.npz"))
    path.unlink()
    assert "is not scored to the end, it lacks" in refused(tmp_path / "into", [broken])
    merge(tmp_path / "once", [root / "left"])
    assert "has no inputs/experiment.json" in refused(tmp_path / "into", [tmp_path / "once"])
    with pytest.raises(DataError, match="holds the results of an experiment"):
        merge(root / "whole", [root / "left", root / "right"])
    (fresh() / "inputs/experiment.json").unlink()
    with pytest.raises(DataError, match="holds the results of an experiment"):
        merge(broken, [root / "left"])


def test_results_are_carried_to_another_place_and_found_whole(root, tmp_path):
    shutil.copytree(root / "left", tmp_path / "there/results")
    before = {path: path.read_bytes() for path in (tmp_path / "there/results").rglob("*@*/**/*") if path.is_file()}
    run = runner(tmp_path)(config(root, "left") | {"results": "there/results"})
    assert run.returncode == 0 and "Nothing to be done" in run.said, run.stderr
    assert {path: path.read_bytes() for path in before} == before
    command = [sys.executable, ROOT / "scripts/verify.py", tmp_path / "there/results"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    command = [sys.executable, ROOT / "scripts/merge.py", "into", "there/results", root / "right"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "boxes, reported on b\nbackbone  cam" in done.stdout and "merge: into/report.html" in done.stdout
    assert (tmp_path / "into/scores.csv").read_bytes() == (root / "whole/scores.csv").read_bytes()
    scores = [SCORES.read(path) for path in (tmp_path / "there/results").rglob("scores.parquet")]
    assert len(scores) == 3
    done = subprocess.run([*command[:2], "into"], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1 and done.stderr.startswith("merge: which folders?")
