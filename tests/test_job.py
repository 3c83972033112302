"""A job logs, counts, and ends with the reason it failed for."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from wsol.errors import DataError, unknown
from wsol.job import USED, job


def test_a_job_that_succeeds_logs_what_it_says_and_how_far_it_is(tmp_path):
    with job([str(tmp_path / "logs/a.log")], "count") as log:
        log.say("three", 3)
        assert list(log.progress("abc", 3, "letters")) == ["a", "b", "c"]
    lines = (tmp_path / "logs/a.log").read_text().splitlines()
    assert lines[0] == "three 3" and lines[1].startswith("count: 3/3 letters, ") and lines[2].startswith(USED)


def test_what_is_told_is_heard_beside_the_log(tmp_path, capfd):
    with job([str(tmp_path / "a.log")], "predict") as log:
        log.tell("1 of 6 images do not decode", "dog.jpg")
    assert (tmp_path / "a.log").read_text().startswith("! 1 of 6 images do not decode dog.jpg\nused: ")
    assert capfd.readouterr().err == "predict: 1 of 6 images do not decode dog.jpg\n"


def test_a_wrong_input_ends_the_log_and_the_output_with_one_line(tmp_path, capfd):
    with pytest.raises(SystemExit) as ended, job([str(tmp_path / "a.log")], "index a"):
        raise DataError("boxes.csv:\n  line 3 is wrong.")
    assert ended.value.code == 1
    assert (tmp_path / "a.log").read_text() == "boxes.csv: line 3 is wrong.\n"
    assert capfd.readouterr().err == "index a: boxes.csv: line 3 is wrong.\n"


def test_a_defect_leaves_its_traceback_in_the_log_alone(tmp_path, capfd):
    with pytest.raises(SystemExit), job([str(tmp_path / "a.log")], "index"):
        [][1]
    logged = (tmp_path / "a.log").read_text()
    assert "Traceback" in logged and logged.splitlines()[-1] == "IndexError: list index out of range"
    assert capfd.readouterr().err == "index: IndexError: list index out of range\n"


def test_what_libraries_write_past_python_goes_to_the_log(tmp_path, capfd):
    with job([str(tmp_path / "a.log")], "predict"):
        os.write(2, b"cuda chatter\n")
    os.write(2, b"after\n")
    assert (tmp_path / "a.log").read_text().startswith("cuda chatter\nused: ") and capfd.readouterr().err == "after\n"
    assert sys.stderr is not None


def test_a_cancelled_job_leaves_no_half_written_file(tmp_path):
    work = """
import sys, time
from wsol.files.formats import atomic
from wsol.job import USED, job
with job(["a.log"], "predict"), atomic("out/evidence.npz") as path:
    print("writing", flush=True)
    time.sleep(60)
"""
    library = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "workflow")}
    running = subprocess.Popen([sys.executable, "-c", work], cwd=tmp_path, stdout=subprocess.PIPE, env=library)
    assert running.stdout.readline() == b"writing\n" and len(list((tmp_path / "out").iterdir())) == 1
    running.terminate()
    assert running.wait(timeout=30) == 128 + signal.SIGTERM
    running.stdout.close()
    assert not list((tmp_path / "out").iterdir())


def test_a_job_that_ctrl_c_stops_leaves_no_traceback(tmp_path, capfd):
    with pytest.raises(SystemExit) as ended, job([str(tmp_path / "a.log")], "predict"):
        raise KeyboardInterrupt
    assert ended.value.code == 128 + signal.SIGINT
    assert (tmp_path / "a.log").read_text() == capfd.readouterr().err == ""


def test_the_nearest_known_name_is_offered():
    line = "cams: unknown 'gradcamm'. Did you mean 'gradcam'? Known: center, gradcam."
    assert unknown("cams", "gradcamm", ["gradcam", "center"]) == line
