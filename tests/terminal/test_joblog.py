"""What a job's log says of it."""

import os
from types import SimpleNamespace

from wsol.job import job
from wsol.terminal import joblog
from wsol.terminal.joblog import Count


def test_what_a_job_counts_and_tells_is_read_from_its_log(tmp_path):
    log = str(tmp_path / "a.log")
    with job([log], "predict net") as running:
        list(running.progress("abc", 3))
        running.tell("1 of 3 images do not decode", "b.jpg")
    assert joblog.counted(log) == Count(3, 3, "images", 0)
    assert joblog.told(log) == ["1 of 3 images do not decode b.jpg"]


def test_the_last_count_is_found_at_the_end_of_a_long_log(tmp_path):
    log = tmp_path / "a.log"
    log.write_text("predict: 1/9 images, 3 s\n" + "chatter\n" * 2000 + "predict: 2/9 images, 8 s\n\n")
    assert joblog.counted(str(log)) == Count(2, 9, "images", 8)


def test_images_are_those_that_an_index_or_a_training_names(tmp_path):
    log = tmp_path / "a.log"
    log.write_text("images      600\ntargets     600 (600 ok)\n")
    assert joblog.images(str(log)) == 600
    log.write_text("600 images, 6 classes\nepoch 1/8 loss 1.7917 accuracy 0.1667 rate 0.01 0.5 s\nø\n")
    assert joblog.images(str(log)) == 600 and joblog.counted(str(log)) == Count(1, 8, "epochs", 0)
    log.write_text("! 1 of 6 images do not decode\n")
    assert joblog.images(str(log)) is None


def test_a_log_that_is_not_there_says_nothing(tmp_path):
    missing = str(tmp_path / "a.log")
    assert joblog.counted(missing) is None and joblog.images(missing) is None and joblog.told(missing) == []


def test_a_reason_is_the_last_line_of_the_rules_own_log(tmp_path):
    """The cluster's own log of the job follows the rule's."""
    log = tmp_path / "a.log"
    log.write_text("working\nthe disk is full.\n\n")
    began = log.stat().st_mtime
    assert joblog.reason([str(log)], began) == "the disk is full."
    assert joblog.reason([str(log), str(tmp_path / "slurm_logs/1.log")], began, status=1) == "the disk is full."


def test_a_job_that_wrote_no_reason_has_one_all_the_same(tmp_path):
    log = tmp_path / "a.log"
    assert joblog.reason([], 0) == joblog.reason([str(log)], 0) == "ended before it could write a log."
    log.write_text("\n")
    assert "without a word" in joblog.reason([str(log)], 0)
    assert "killed (signal 9)" in joblog.reason([str(log)], 0, status=137)
    assert "crashed inside a library (signal 11, SIGSEGV)" in joblog.reason([str(log)], 0, status=139)
    assert "from outside (signal 15)" in joblog.reason([str(log)], 0, status=143)
    assert "without a word" in joblog.reason([str(log)], 0, status=255)  # of no signal
    os.utime(log, (1000, 1000))  # an earlier run's
    assert joblog.reason([str(log)], 5000) == "ended before it could write a log."


def test_an_empty_log_on_a_full_disk_says_that_the_disk_is_full(tmp_path, monkeypatch):
    log = tmp_path / "a.log"
    log.touch()
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_bavail=0))
    assert joblog.reason([str(log)], 0).startswith("results: cannot be written: No space left on device")
    log.write_text("but for this reason\n")
    assert joblog.reason([str(log)], 0) == "but for this reason"
