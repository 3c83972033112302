"""What jobs say that they have used, added up by stages: against numbers worked by hand, and a process watched."""

import doctest
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from wsol import job as jobs
from wsol.terminal import costs, joblog
from wsol.terminal.costs import Ended, StageCost
from wsol.terminal.estimate import TimeLeft, sized

ORDER = ["index", "localize", "table"]
# Holds 300 MB for a moment, uses half a second of CPU, a quarter in a program that it starts, and sleeps half a second.
WORK = """
import subprocess, sys, time
from wsol.job import job
burn = "import time\\nwhile time.process_time() < 0.25: pass"
with job(["a.log"], "localize"):
    held = b"x" * (300 << 20)
    del held
    while time.process_time() < 0.25: pass
    subprocess.run([sys.executable, "-c", burn])
    time.sleep(0.5)
"""


def used(path: Path, wall: float, cpu: float, peak: int, before: str = "") -> str:
    path.write_text(f"{before}used: {wall:.2f} s, {cpu:.2f} s of CPU, {peak} MB at most\n")
    return str(path)


def test_the_examples_of_the_docstrings_are_right():
    assert doctest.testmod(costs).failed == 0


def test_a_job_says_what_a_watcher_sees(tmp_path):
    """Started by a process of more memory than the job's own, which the system counts into the job's `ru_maxrss`."""
    ballast = b"x" * (600 << 20)
    environment = {**os.environ, "PYTHONPATH": str(Path(jobs.__file__).parents[1])}
    before = os.times()
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", WORK], cwd=tmp_path, env=environment, check=True)
    wall, after = time.monotonic() - began, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    found = joblog.cost(str(tmp_path / "a.log"))
    assert len(ballast) and found.cpu >= 0.5 and 0.7 * cpu <= found.cpu <= cpu + 0.02
    assert 0.75 <= found.wall <= wall + 0.02
    assert 300 <= found.peak <= 400


def test_where_the_system_has_no_such_files_it_is_told_less_exactly(tmp_path, monkeypatch):
    monkeypatch.setattr(jobs, "PROCESS", tmp_path / "nothing")
    with jobs.job([str(tmp_path / "a.log")], "localize"):
        pass
    found = joblog.cost(str(tmp_path / "a.log"))
    assert found.wall > 0 and found.cpu > 0 and found.peak > 10


@pytest.mark.parametrize("text", ["", "used: 1.00 s, 1.00 s of CPU, 5 MB at most\nDataError: line 3 is wrong.\n"])
def test_what_has_failed_or_not_ended_has_no_cost(tmp_path, text):
    (tmp_path / "a.log").write_text(text)
    assert joblog.cost(str(tmp_path / "a.log")) is None and joblog.cost(str(tmp_path / "b.log")) is None


def test_a_log_says_what_it_said_without_its_cost_and_its_reason_is_not_the_cost(tmp_path):
    log = used(tmp_path / "a.log", 1, 1, 5, before="backbone  cam\nnone  center\n\n")
    assert joblog.said(log) == "backbone  cam\nnone  center"
    assert joblog.reason([log], 0) == "none  center"
    with pytest.raises(OSError):
        joblog.said(str(tmp_path / "b.log"))


def test_stages_are_added_up_in_the_order_of_the_chain(tmp_path):
    ended = [
        Ended("table", 0, used(tmp_path / "1", 2, 1.5, 90)),
        Ended("localize", 300, used(tmp_path / "2", 10, 8, 200)),
        Ended("index", 400, used(tmp_path / "3", 4, 2, 80)),
        Ended("localize", 100, used(tmp_path / "4", 6, 12, 150)),
        Ended("localize", 50, str(tmp_path / "nowhere")),
    ]
    found = costs.of_stages(ended, ORDER)
    assert found == [
        StageCost("index", 1, 400, 4, 2, 80),
        StageCost("localize", 2, 400, 16, 20, 200),
        StageCost("table", 1, 0, 2, 1.5, 90),
    ]
    costs.write(tmp_path / "costs.csv", found)
    assert (tmp_path / "costs.csv").read_text().splitlines() == [
        "stage,jobs,images,wall_s,cpu_s,peak_mb,images_per_s,images_per_cpu_s",
        "index,1,400,4.00,2.00,80,100.000,200.000",
        "localize,2,400,16.00,20.00,200,25.000,20.000",
        "table,1,,2.00,1.50,90,,",
    ]
    assert costs.read(tmp_path / "costs.csv") == found
    assert costs.by_images(found) == {"index": 4, "localize": 0.04, "table": 2}
    assert list(costs.shown(found)) == [
        "          jobs  images   wall    CPU    peak  images/s",
        "index        1     400  4.0 s  2.0 s   80 MB     100.0",
        "localize     2     400   16 s   20 s  200 MB      25.0",
        "table        1          2.0 s  1.5 s   90 MB",
    ]


def test_an_earlier_run_of_the_same_jobs_tells_how_long_they_take():
    """One core, so that what is left is what they took: of stages in shards and of those that only count images."""
    score = {
        "dataset": "b@1f3a5c77",
        "cam": "center@bbd3a5bd",
        "threshold": "sweep@bbd3a5bd",
        "evaluation": "e@0a1b2c3d",
    }
    shards = [
        {"dataset": "b@1f3a5c77", "cam": "center@bbd3a5bd", "shard": s} for s in ("000000-000039", "000040-000049")
    ]
    jobs = [("index", {"dataset": "b@1f3a5c77"}), ("train", {"backbone": "net@bbd3a5bd"}), ("score", score)]
    jobs += [("localize", shard) for shard in shards] + [("export", {"dataset": "b@1f3a5c77"}), ("table", {})]
    before = [
        StageCost("index", 1, 50, 4, 2, 80),
        StageCost("train", 1, 5000, 900, 1800, 900),
        StageCost("localize", 2, 50, 10, 10, 200),
        StageCost("score", 1, 100, 30, 20, 300),
        StageCost("export", 1, 50, 6, 5, 100),
        StageCost("table", 1, 0, 2, 1.5, 90),
    ]
    found = TimeLeft(earlier=costs.by_images(before))
    found.know([sized(stage, names, 1) for stage, names in jobs])
    assert found.left([]) == (pytest.approx(sum(cost.wall for cost in before)), True)
    found.know([sized("localize", shards[1], 1), sized("score", score, 1), sized("score", score, 1)])
    assert found.left([]) == (pytest.approx(10 * 10 / 50 + 2 * 30), True)


def test_stages_in_shards_are_those_whose_rules_have_one():
    rules = Path(__file__).parents[2] / "workflow/rules"
    text = "".join(path.read_text() for path in rules.glob("*.smk"))
    pieces = re.split(r"^(?:rule|checkpoint) (\w+):$", text, flags=re.MULTILINE)[1:]
    logs = {name: re.search(r"\n    log:\n(.*)\n", body) for name, body in zip(pieces[::2], pieces[1::2], strict=True)}
    assert {name for name, log in logs.items() if log and "{shard}" in log[1]} == costs.SHARDED


def test_the_quickest_of_many_stages_share_a_line():
    many = [StageCost(f"s{number}", 1, 10, number, 1, 100 + number) for number in range(12)]
    lines = list(costs.shown(many))
    assert len(lines) == 1 + costs.SHOWN == 9 and [line.split()[0] for line in lines[1:]] == [
        *(f"s{number}" for number in range(5, 12)),
        "5",
    ]
    assert lines[-1].split() == ["5", "others", "5", "50", "10", "s", "5.0", "s", "104", "MB", "5.0"]
    assert len(list(costs.shown(many[:8]))) == 9 and "others" not in "".join(costs.shown(many[:8]))


def test_cores_that_did_nothing_for_jobs_were_waiting():
    one = [StageCost("localize", 1, 1, 10, 25, 1)]
    assert costs.total(one, 100, 1) == "1 min 40 s on 1 core: jobs used 25 %, 75 % went by waiting"
    assert costs.total(one, 5, 2).endswith("jobs used 100 %, 0 % went by waiting")  # threads beyond those asked for
    assert costs.total(one, 100, 0) == "1 min 40 s, and 25 s of CPU in jobs"


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", ",".join(costs.COLUMNS) + "\nindex,x,,1,1,1,,\n"])
def test_a_file_that_is_none_of_these_tells_nothing(tmp_path, text):
    (tmp_path / "costs.csv").write_text(text)
    assert costs.read(tmp_path / "costs.csv") == [] == costs.read(tmp_path / "none.csv")
