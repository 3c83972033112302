"""The audit of a results folder: what changed behind our back is found, and what is somebody else's is left alone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from wsol.files.containers import Arrays, Table
from wsol.provenance import audit, products, sums

SOURCE = Table("source", 1, "one", ("image",))
RESULT = Arrays("result", 1, "two", ("a",))
D = "d@01234567"
TARGETS = f"{D}/index/targets.parquet"
PROBLEMS = f"{D}/index/problems.csv"
HEATMAPS = f"{D}/none/c@01234567/0-1.heatmaps.npz"


THEIRS = (
    "README.md",
    "mine.npz",
    "notes/figure.npz",
    "logs/x.log",
    "weights/mobilenet.weights.h5",
    "plans/floorplan.json",
    f"{D}/notes.txt",
    f"{D}/index/.half.parquet.x.parquet",
    f"{D}/none/mine.npz",
    f"weights/{D}/checkpoint.npz",
)


@pytest.fixture
def results(tmp_path):
    """A table, an array made from it, two products, and files of somebody else."""
    root = tmp_path / "results"
    SOURCE.write(root / D / "index/targets.parquet", pd.DataFrame({"image": ["a", "b"]}))
    made_from = {"targets": root / D / "index/targets.parquet"}
    RESULT.write(root / D / "none/c@01234567/0-1.heatmaps.npz", a=np.arange(9), made_from=made_from)
    (root / "scores.csv").write_text("value\n1\n")
    (root / D / "index/problems.csv").write_text("kind\n")
    for name in THEIRS:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("mine")
    sums.record(root, products.every)
    return root


def found(root: Path) -> list[tuple[str, str]]:
    return [tuple(finding) for finding in audit.audit(root)]


def flip(path: Path, place: float = 0.5) -> None:
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 1
    path.write_bytes(content)


def test_nothing_is_wrong_with_what_was_written(results):
    assert audit.audit(results) == audit.verify(results) == []


DAMAGE = "is not what was written, by the digest it carries"
CUT = "carries no digest: cut short, or not written by this workflow"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            lambda root: flip(root / D / "none/c@01234567/0-1.heatmaps.npz"),
            [("none/c@01234567/0-1.heatmaps.npz", DAMAGE)],
        ),
        (lambda root: flip(root / D / "index/targets.parquet"), [("index/targets.parquet", DAMAGE)]),
        (lambda root: (root / D / "index/targets.parquet").write_text("x"), [("index/targets.parquet", CUT)]),
        (lambda root: (root / D / "index/targets.parquet").write_text(""), [("index/targets.parquet", "is empty")]),
        (lambda root: flip(root / D / "index/problems.csv"), [("index/problems.csv", "is not what was written")]),
    ],
)
def test_a_file_that_changed_is_found_and_what_was_made_from_it_is_not_blamed(results, change, expected):
    change(results)
    assert found(results) == [(f"{D}/{name}", why) for name, why in expected]


def test_a_product_that_somebody_edited_is_found(results):
    (results / "scores.csv").write_text("value\n100\n")
    assert found(results) == [("scores.csv", "is not what was written")]


def test_a_file_made_from_another_one_than_there_is_now_is_found(results):
    SOURCE.write(results / D / "index/targets.parquet", pd.DataFrame({"image": ["a", "c"]}))
    stale = [(f"{D}/none/c@01234567/0-1.heatmaps.npz", "was made from another targets.parquet than there is now")]
    assert found(results) == stale
    (results / D / "index/targets.parquet").unlink()
    sums.record(results, products.every)
    os.utime(results / D / "none/c@01234567/0-1.heatmaps.npz")
    assert found(results) == []  # a place that is empty says nothing


def test_a_copy_with_its_old_times_is_looked_at(results, tmp_path):
    shutil.copytree(results, tmp_path / "copy")
    flip(tmp_path / "copy" / D / "index/targets.parquet")
    os.utime(tmp_path / "copy" / D / "index/targets.parquet", (1e9, 1e9))
    shutil.copy2(tmp_path / "copy" / D / "index/targets.parquet", results / D / "index/targets.parquet")
    assert [path for path, _ in found(results)] == [f"{D}/index/targets.parquet"]


def test_what_did_not_change_since_the_last_run_is_not_read_and_verify_reads_all(results):
    flip(results / D / "none/c@01234567/0-1.heatmaps.npz")
    later = (results / "SHA256SUMS").stat().st_mtime_ns + 10**10
    os.utime(results / "SHA256SUMS", ns=(later, later))
    assert audit.audit(results) == []
    assert [name for name, _ in audit.verify(results)] == [HEATMAPS]


def test_what_is_somebody_elses_is_neither_judged_nor_listed_nor_deleted(results):
    for name in THEIRS:
        (results / name).write_text("edited")
    assert audit.audit(results) == audit.verify(results) == []
    flip(results / TARGETS)
    audit.delete(results, audit.audit(results))
    assert not (results / TARGETS).exists() and all((results / name).exists() for name in THEIRS)


def test_what_a_killed_job_had_begun_is_known_and_nothing_else(results):
    begun = [".scores.csv.8txc1774.csv", f"{D}/index/.targets.parquet.abcd_123.parquet", ".SHA256SUMS.aaaaaaaa"]
    begun += [f"{D}/none/c@01234567/.0-1.heatmaps.npz.abcdefgh.heatmaps.npz", "inputs/a/.images.txt.aaaaaaaa.txt"]
    begun += [f"weights/{D}/.checkpoint.npz.aaaaaaaa.npz", f"weights/{D}/.history.parquet.aaaaaaaa.parquet"]
    theirs = [".gitignore", ".mine.csv.8txc1774.csv", f"{D}/index/.targets.parquet", ".nfs000000012345678"]
    for name in begun + theirs:
        (results / name).parent.mkdir(parents=True, exist_ok=True)
        (results / name).write_text("half")
    (results / f"{D}/index/.half.parquet.x.parquet").unlink()
    assert sorted(products.leftovers(results)) == sorted(results / name for name in begun)


def test_files_of_another_experiment_are_left_to_it(results):
    flip(results / HEATMAPS)
    assert audit.audit(results, products.of({D})) == []
    assert [name for name, _ in audit.audit(results, products.of({D, "c@01234567"}))] == [HEATMAPS]


def test_one_file_is_looked_at_whenever_it_was_written(results):
    flip(results / HEATMAPS)
    sums.record(results, products.every)
    assert audit.audit(results) == []
    assert [name for name, _ in audit.damaged(results, HEATMAPS)] == [HEATMAPS]
    assert audit.damaged(results, TARGETS) == audit.damaged(results, "plans/plan@01234567/plan.json") == []


def test_so_is_another_experiments_plan():
    mine = products.of({D, "plan@01234567"})
    assert mine("plans/plan@01234567/plan.json") and not mine("plans/plan@89abcdef/plan.json")


@pytest.mark.parametrize("above", ["export", "export/run1", "a/export/b"])
def test_of_an_export_its_folder_is_deleted_and_of_nothing_else(tmp_path, above):
    root = tmp_path / above
    folder = f"{D}/none/c@01234567/t@01234567/e@01234567/export/npy"
    for name in (f"{folder}/export/x/1.npy", f"{folder}/2.npy"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("map")
    SOURCE.write(root / TARGETS, pd.DataFrame({"image": ["a"]}))
    sums.record(root, products.every)
    (root / folder / "export/x/1.npy").write_text("other")
    flip(root / TARGETS)
    audit.delete(root, audit.audit(root))
    assert not (root / folder).exists() and not (root / TARGETS).exists() and (root / folder).parent.exists()


ODD = ("plain.npy", "a  b.npy", "line\nend.npy", "back\\slash.npy", "back\\name.npy", "both\\\n.npy", "sep\u2028.npy")


@pytest.mark.parametrize("name", ODD)
def test_odd_names_are_listed(tmp_path, name):
    odd = f"{D}/none/c@01234567/t@01234567/e@01234567/export/npy/{name}"
    (tmp_path / odd).parent.mkdir(parents=True)
    (tmp_path / odd).write_text("map")
    sums.record(tmp_path, products.every)
    assert list(sums.read(tmp_path)) == [odd]
    if shutil.which("sha256sum"):
        subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=tmp_path, check=True)


def test_the_list_is_one_that_sha256sum_reads(results):
    assert sorted(sums.read(results)) == [f"{D}/index/problems.csv", "scores.csv"]
    if shutil.which("sha256sum"):
        subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=results, check=True)


def test_without_a_list_everything_is_looked_at(results):
    (results / "SHA256SUMS").unlink()
    flip(results / D / "index/targets.parquet")
    assert [path for path, _ in found(results)] == [f"{D}/index/targets.parquet"]


def test_a_folder_is_verified_from_the_command_line(results):
    script = str(Path(__file__).parents[2] / "scripts/verify.py")
    good = subprocess.run([sys.executable, script, str(results)], capture_output=True, text=True)
    assert good.returncode == 0 and good.stdout == f"verify: every file of '{results}' is what was written.\n"
    flip(results / D / "index/targets.parquet")
    bad = subprocess.run([sys.executable, script, str(results)], capture_output=True, text=True)
    assert bad.returncode == 1 and bad.stdout == f"{results}/{D}/index/targets.parquet {DAMAGE}.\n"
    assert bad.stderr.startswith(f"verify: 1 files of '{results}' are not what was written")
    nothing = subprocess.run([sys.executable, script, str(results / "x")], capture_output=True, text=True)
    assert nothing.returncode == 1 and nothing.stderr == f"verify: no folder '{results}/x'.\n"
