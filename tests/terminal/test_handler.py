"""Snakemake's records, planted, and what is told of them."""

import io
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from wsol.terminal import handler
from wsol.terminal.handler import Calm
from wsol.terminal.screen import Screen

SECONDS = 1_000_000.0


class Snakemake:
    """A logger as Snakemake sets it up, whose clock goes on by a second per record; `terminal` is what was told."""

    def __init__(self, root, verbose=False):
        self.root = root
        self.terminal = io.StringIO()
        self.own = io.StringIO()
        self.now = SECONDS
        self.jobs = [("index", {}, 1), ("plan", {}, 1), ("all", {}, 1)]
        self.calm = Calm(Screen(self.terminal), [str(root / "snakemake.log")], lambda: self.jobs, verbose)
        self.logger = logging.Logger("planted")
        words = logging.StreamHandler(self.own)
        words.name = "DefaultStreamHandler"
        self.logger.addHandler(words)
        self.calm.quieten(self.logger)

    def log(self, event=None, text=None, level=logging.INFO, **extra):
        record = self.logger.makeRecord("planted", level, "", 0, text, (), None, None, {"event": event, **extra})
        self.now += 1
        record.created = self.now
        self.logger.handle(record)

    def begin(self):
        self.log("workflow_started", "Workflow has started!")
        self.log("resources_info", "Provided cores: 2", cores=2)
        self.log("run_info", "Job stats", stats={})

    def start(self, number, rule, log="", threads=1, **wildcards):
        logs = [str(self.root / log)] if log else []
        about = {"wildcards": wildcards, "log": logs, "threads": threads, "resources": {"runtime": 4, "mem_mb": 800}}
        self.log("job_info", rule_name=rule, jobid=number, **about)

    def finish(self, number):
        self.log("job_finished", job_id=number)
        self.log("progress", done=0, total=len(self.jobs))

    def fail(self, number, rule, log, how="returned non-zero exit status 1."):
        self.log(
            "error", f'RuleException:\nCalledProcessError in file "x.smk", line 3:\nCommand … {how}', logging.ERROR
        )
        self.log("job_error", rule_name=rule, jobid=number, log=[str(self.root / log)], level=logging.ERROR)

    @property
    def told(self):
        return self.terminal.getvalue().splitlines()


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr(handler, "Aside", lambda path: None)  # here nothing else writes to the terminal
    return Snakemake(tmp_path)


def test_a_job_is_one_line_when_it_has_finished(run):
    run.begin()
    (run.root / "birds.log").write_text("images      600\n! 2 problems (2 unreadable), see problems.csv\n")
    run.start(1, "index", "birds.log", dataset="birds@1f3a5c77")
    run.finish(1)
    run.start(2, "plan")
    run.finish(2)
    shard = {"dataset": "birds@1f3a5c77", "backbone": "net@bbd3a5bd", "shard": "000000-000299"}
    run.jobs += [("predict", shard | {"shard": name}, 1) for name in ("000000-000299", "000300-000599")]
    (run.root / "net.log").write_text("predict net: 300/300 images, 6 s\n0 of 300 images do not decode\n")
    run.start(3, "predict", "net.log", **shard)
    run.finish(3)
    assert run.told == [
        "index     birds · 600 images · 1 s · 1 of 2+",
        "! index birds: 2 problems (2 unreadable), see problems.csv",
        "predict   net · birds · 300 images · 50/s · 3 of 4 · 10 s left",
    ]


def test_what_snakemake_says_stays_in_its_own_log(run):
    run.log(None, "Unlocked working directory.")
    run.log(None, "Assuming unrestricted shared filesystem usage.")
    run.begin()
    run.log(None, "Building DAG of jobs...")
    run.log(None, "Complete log(s): snakemake.log")
    run.log("error", "WorkflowError:\nAt least one job did not complete successfully.", logging.ERROR)
    assert run.own.getvalue() == "Unlocked working directory.\n" and run.told == []


def test_what_snakemake_itself_stumbles_over_is_told(run):
    run.log("error", "MissingInputException in rule a", logging.ERROR)
    assert run.own.getvalue() == "MissingInputException in rule a\n"
    run.begin()
    run.log("error", "LockException:\nthe directory is locked.", logging.ERROR)
    run.log(None, "output files were there before", logging.WARNING)
    run.log(None, "SLURM run ID: 1f3a")
    assert run.told == [
        "! LockException:",
        "the directory is locked.",
        "! output files were there before",
        "SLURM run ID: 1f3a",
    ]


def test_a_failure_is_named_with_its_reason_its_log_and_what_to_do(run):
    run.begin()
    run.start(1, "index", "birds.log", dataset="birds@1f3a5c77")
    (run.root / "birds.log").write_text("reading\nboxes.csv: row 2 has 1 fields, the header 2.\n")
    run.calm.progress.running[1].since = 0
    run.fail(1, "index", "birds.log")
    run.calm.explain()
    first, second, third, fourth, fifth = run.told
    assert first == "! index     birds · failed · 0 of 2+"
    assert second == "! index birds: boxes.csv: row 2 has 1 fields, the header 2."
    assert third == f"  log: {run.root}/birds.log"
    assert fourth == "1 job failed. 0 of 2+ jobs are done and stay done. Mend that, then give the same command again."
    assert fifth == f"Snakemake's words: {run.root}/snakemake.log (VERBOSE=1 prints them)"


def test_a_job_that_is_tried_again_and_done_has_not_failed(run):
    run.begin()
    for attempt in (run.fail, lambda number, *_: run.finish(number)):
        run.start(1, "index", "birds.log", dataset="birds@1f3a5c77")
        attempt(1, "index", "birds.log")
    assert not run.calm.failed and run.calm.progress.finished == 1


@pytest.mark.parametrize("how", ["returned non-zero exit status 137.", "died with <Signals.SIGKILL: 9>."])
def test_a_killed_job_is_said_to_be_killed(run, how):
    run.begin()
    run.start(1, "index", "birds.log", dataset="birds@1f3a5c77")
    run.fail(1, "index", "birds.log", how)
    assert "was killed (signal 9)" in run.calm.failed[1].reason


def test_what_ctrl_c_stopped_has_not_failed(run):
    run.begin()
    run.start(1, "index", "birds.log", dataset="birds@1f3a5c77")
    run.fail(1, "index", "birds.log", "died with <Signals.SIGINT: 2>.")
    run.calm.explain()
    assert run.told[0] == "Stopped. 0 of 2+ jobs are done and stay done. The same command goes on from there."


def test_of_a_group_on_a_cluster_each_job_is_named(run):
    run.begin()
    jobs = [{"jobid": n, "rule_name": "localize", "log": [f"{n}.log"], "output": []} for n in (4, 5)]
    run.log("group_error", level=logging.ERROR, job_error_info=jobs, aux_logs=["slurm.log"])
    assert [failure.log for failure in run.calm.failed.values()] == ["4.log", "5.log"]


def test_of_a_group_that_a_cluster_ended_the_job_is_named_that_was_at_work(run):
    run.begin()
    for made in ("heatmap.npz", "heatmap.log", "localize.log"):  # score has not begun
        (run.root / made).touch()
    (run.root / "slurm.log").write_text(
        "slurmstepd-n1: error: *** JOB 7 ON n1 CANCELLED AT 05:54 DUE TO TIME LIMIT ***\n"
    )
    jobs = []
    for number, rule in ((4, "heatmap"), (5, "localize"), (6, "score")):
        run.start(number, rule, f"{rule}.log", shard="000000-000019", cam="a@1f3a5c77")
        log, output = str(run.root / f"{rule}.log"), str(run.root / f"{rule}.npz")
        jobs.append({"jobid": number, "rule_name": rule, "log": [log], "output": [output]})
    run.log("group_error", level=logging.ERROR, job_error_info=jobs, aux_logs=[str(run.root / "slurm.log")])
    for job in jobs:  # Snakemake tells of each once more, without the cluster's log
        run.log("job_error", level=logging.ERROR, rule_name=job["rule_name"], jobid=job["jobid"], log=job["log"])
    (failure,) = run.calm.failed.values()
    # The group had more minutes than the job's own four: no number of them is named.
    assert str(failure) == (
        "localize a · images 000000-000019: TIMEOUT: it took longer than it had. "
        "Ask for more (set-resources: localize: {runtime: …}), or set a smaller shard_size."
    )
    assert not run.calm.progress.running
    assert failure.clusters == str(run.root / "slurm.log")


def test_what_a_cluster_calls_the_end_of_a_job_goes_before_its_log(run):
    run.begin()
    (run.root / "a.log").write_text("localize: 40/200 images, 60 s\n")
    run.start(1, "localize", "a.log", shard="000000-000199", cam="a@1f3a5c77")
    logs = [str(run.root / "a.log"), str(run.root / "slurm.log")]
    said = "SLURM-job '9' failed, SLURM status is: 'TIMEOUT'. Detailed failure reason unavailable."
    run.log("job_error", level=logging.ERROR, rule_name="localize", jobid=1, log=logs, rule_msg=said)
    run.calm.explain()
    assert run.told[1] == (
        "! localize a · images 000000-000199: TIMEOUT: it took longer than its 4 min. "
        "Ask for more (set-resources: localize: {runtime: 8}), or set a smaller shard_size."
    )
    assert run.told[3] == f"  the cluster's: {run.root}/slurm.log"


def test_a_word_brings_snakemakes_own_back(tmp_path):
    run = Snakemake(tmp_path, verbose=True)
    run.begin()
    run.start(1, "index", "birds.log", dataset="birds@1f3a5c77")
    run.finish(1)
    run.log(None, "Building DAG of jobs...")
    assert run.told == [] and "Building DAG of jobs...\n" in run.own.getvalue()
    run.fail(1, "index", "birds.log")
    assert list(run.calm.failed) == [1]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_on_a_terminal_problems_are_red_unless_colours_are_unwanted(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    screen = Screen(Terminal())
    screen.warn("a problem")
    monkeypatch.setenv("NO_COLOR", "1")
    screen.warn("a problem")
    assert screen.stream.getvalue() == "\033[1;31ma problem\033[0m\n! a problem\n"


def test_the_live_line_gives_way_to_every_other(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    screen = Screen(Terminal())
    screen.live("[==] 1 of 2")
    screen.live("[==] 1 of 2")  # nothing new is not written again
    screen.say("index")
    screen.say("plan")
    assert screen.stream.getvalue() == "\r\033[K[==] 1 of 2\r\033[Kindex\nplan\n"
    plain = Screen(io.StringIO())
    plain.live("[==] 1 of 2")
    assert plain.stream.getvalue() == ""


def test_what_programs_write_goes_aside_and_python_does_not(tmp_path):
    work = """
import os, sys
from wsol.terminal.screen import Aside
before = sys.stderr
with Aside("aside.log"):
    os.system("echo a program; echo and its woes >&2")
    print("a word")
    print("a problem", file=sys.stderr)
    print("from who held on to the stream", file=before)
os.system("echo after")
print("and after", file=sys.stderr)
"""
    library = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "workflow")}
    run = subprocess.run([sys.executable, "-c", work], cwd=tmp_path, env=library, capture_output=True, text=True)
    assert run.stdout == "a word\nafter\n" and run.stderr == "a problem\nand after\n"
    aside = "a program\nand its woes\nfrom who held on to the stream\n"
    assert (tmp_path / "aside.log").read_text() == aside
