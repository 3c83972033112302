"""What goes wrong around a run: damaged files, a second run, a disk that is full or may not be written."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_changes import dataset, mask, results_of

from sources import write

ROOT = Path(__file__).parents[2]


@pytest.fixture
def config(tmp_path):
    return dataset(tmp_path)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def hidden(results: Path) -> None:
    """Make the last run look later than any change, as rot on a disk would."""
    later = time.time_ns() + 10**9
    os.utime(results / "SHA256SUMS", ns=(later, later))


def first(results: Path, pattern: str) -> Path:
    return min(results.rglob(pattern))


OTHERS = ("outcomes.parquet", "curves.parquet", "strata.parquet", "draws.npz", "report.html", "summary.txt")
TABLES = ("strata.csv", "failures.csv", "curves.csv")
DAMAGED = ("targets.parquet", "*.heatmaps.npz", "*.regions.npz", "scores.parquet", "plan.json", "scores.csv")


def test_damaged_files_are_named_and_made_again_in_the_same_run(workflow, tmp_path, config):
    assert (run := workflow(config)).returncode == 0, run.stderr
    whole, results = results_of(tmp_path, "results"), tmp_path / "results"
    for pattern in DAMAGED:
        flip(first(results, pattern))
    run = workflow(config)
    assert run.returncode == 0, run.stderr
    named = [line for line in run.stderr.splitlines() if line.endswith(": deleted, to be made again.")]
    assert sorted(Path(line.split(" ")[1]).name for line in named) == sorted(first(results, p).name for p in DAMAGED)
    assert results_of(tmp_path, "results") == whole
    assert "Nothing to be done" in (again := workflow(config)).stdout + again.stderr


@pytest.mark.slow
@pytest.mark.parametrize("pattern", [*DAMAGED, *OTHERS, *TABLES])
def test_each_of_them_alone_is_made_again(workflow, tmp_path, config, pattern):
    assert (run := workflow(config)).returncode == 0, run.stderr
    whole = results_of(tmp_path, "results")
    flip(first(tmp_path / "results", pattern))
    run = workflow(config)
    assert run.returncode == 0 and run.stderr.count(": deleted, to be made again.") == 1
    assert results_of(tmp_path, "results") == whole


MINE = "def half(prepared):\n    return prepared.ravel().max(keepdims=True) / 2\n\n\nTHRESHOLDS = {'half': half}\n"


@pytest.mark.slow
def test_what_is_out_of_date_is_not_called_damaged(workflow, tmp_path, config):
    """Beside it lies the plan of another experiment on the same data, and a failed run has made an export anew."""
    config["thresholds"] = {"otsu": {}, "mine": {"method": "half"}}
    config["evaluations"]["e"]["exports"] = ["coco"]
    config["plugins"] = ["mine.py"]
    other = {key: value for key, value in config.items() if key != "backbones"}
    write(tmp_path / "mine.py", MINE)
    runs = [workflow(other), workflow(config)]
    mask(tmp_path, 3, 99)
    write(tmp_path / "mine.py", MINE.replace("max", "most"))
    runs.append(workflow(config, "--keep-going"))
    write(tmp_path / "mine.py", MINE)
    runs.append(workflow(config))
    assert [run.returncode for run in runs] == [0, 0, 1, 0], runs[-1].stderr
    said = [line for run in runs for line in run.stderr.splitlines() if "deleted" in line or "once more" in line]
    assert said == []


def test_what_only_its_reader_can_notice_is_made_again_in_the_same_run(workflow, tmp_path, config):
    assert (run := workflow(config)).returncode == 0, run.stderr
    whole, results = results_of(tmp_path, "results"), tmp_path / "results"
    rotten = first(results, "*.heatmaps.npz")
    flip(rotten)
    for path in results.rglob("*.regions.npz"):
        path.unlink()
    hidden(results)
    run = workflow(config, "--forcerun", "localize")
    assert run.returncode == 0, run.stderr
    line = (
        f"{rotten.relative_to(tmp_path)} is not what was written, by the digest it carries. Deleted, to be made again."
    )
    assert re.search(rf"^! localize .*: {re.escape(line)}$", run.stderr, re.MULTILINE)
    assert "once more, to make them again" in run.stderr
    assert results_of(tmp_path, "results") == whole


def test_a_second_run_on_the_same_results_is_refused_from_any_checkout(workflow, tmp_path, config):
    hold = "import sys; from wsol import lock; lock.hold(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", hold, str(tmp_path / "results")]
    other = subprocess.Popen(command, cwd=ROOT / "workflow", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout.readline() == b"held\n"
    run = workflow(config)
    assert run.returncode == 1
    said = [line for line in run.stderr.splitlines() if line.startswith("config: ")]
    assert len(said) == 1 and said[0].startswith(
        f"config: results: another run works on 'results' (process {other.pid} "
    )
    looked = workflow(config, "--dry-run")
    assert looked.returncode == 0 and "another run" not in looked.stderr
    other.communicate()
    assert workflow(config, "--until", "index").returncode == 0


FULL = re.compile(r"results: cannot (?:be written: No space left on device|write below .*No space left on device)")


def mounted(options: str) -> bool:
    """Whether a file system can be mounted here in a namespace of one's own."""
    words = ["unshare", "--mount", "--map-root-user", "sh", "-c", f"mount -t tmpfs -o {options} none /mnt"]
    return bool(shutil.which("unshare")) and subprocess.run(words, capture_output=True).returncode == 0


def inside(tmp_path: Path, before: str, options: str) -> subprocess.CompletedProcess:
    """Run the experiment with a file system of its own at `results`, seen by nobody else."""
    (tmp_path / "results").mkdir(exist_ok=True)
    snakemake = f"{sys.executable} -m snakemake --cores 1 --snakefile {ROOT}/Snakefile --directory {tmp_path}"
    script = f"""
        mount -t tmpfs -o {options} none {tmp_path}/results && {before}
        {snakemake} --configfile {tmp_path}/experiment.yaml
        code=$?
        find {tmp_path}/results -name '.*' -type f | sed 's/^/half-written: /'
        exit $code
    """
    words = ["unshare", "--mount", "--map-root-user", "sh", "-c", script]
    plain = {key: value for key, value in os.environ.items() if not key.startswith("SNAKEMAKE")}
    return subprocess.run(words, cwd=ROOT, env=plain, capture_output=True, text=True, timeout=600)


@pytest.mark.parametrize("size", ["112k", "120k", "128k"])
@pytest.mark.skipif(not mounted("size=1m"), reason="no file system can be mounted here")
def test_a_full_disk_is_one_line_and_nothing_half_written(workflow, tmp_path, config, size):
    workflow(config, "--list-rules")
    full = inside(tmp_path, "true", f"size={size}")
    assert full.returncode != 0
    assert len(FULL.findall(full.stderr)) == 1, full.stderr
    assert "Traceback" not in full.stdout + full.stderr and "half-written" not in full.stdout


@pytest.mark.skipif(not mounted("size=1m"), reason="no file system can be mounted here")
def test_results_that_may_not_be_written_are_one_line(workflow, tmp_path, config):
    workflow(config, "--list-rules")
    refused = inside(tmp_path, f"mount -o remount,ro none {tmp_path}/results", "size=1m")
    assert refused.returncode == 1
    said = [line for line in refused.stderr.splitlines() if line.startswith("config: ")]
    assert said == ["config: results: cannot write below 'results' (Read-only file system)."]
    assert "Traceback" not in refused.stdout + refused.stderr


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\n b: 2\n", "config: broken.yaml:2: is no readable YAML: "),
        ("datasets: {}\ndatasets: {}\n", "config: broken.yaml:2: key 'datasets' is given twice (first in line 1)."),
        ("", "config: broken.yaml: is empty."),
    ],
)
def test_make_run_names_the_file_and_the_line_of_a_broken_config(tmp_path, text, line):
    (tmp_path / "broken.yaml").write_text(text)
    script = [sys.executable, str(ROOT / "scripts/check.py"), "broken.yaml"]
    run = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 1 and run.stderr.startswith(line) and run.stderr.count("\n") == 1
    assert "python scripts/check.py $(CONFIG)" in (ROOT / "Makefile").read_text()
