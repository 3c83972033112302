"""A training as a terminal shows it: its epochs, read from its log, and the time that they leave to the run."""

import doctest
import os

import pytest

from wsol.terminal import joblog, telling
from wsol.terminal.estimate import AtWork, Sized, TimeLeft, sized
from wsol.terminal.progress import Progress, Started
from wsol.training import telling as written

NOW = 1_000_000.0
HEAD = "TensorFlow 2 on the CPU; instructions portable\n120 images, 6 classes\n"


def row(epoch: int, validation: float | None = None) -> dict[str, float]:
    own = {"epoch": epoch, "loss": 2.0 - epoch / 25, "accuracy": 0.2 + epoch / 100, "rate": 0.01}
    return own if validation is None else own | {"validation_loss": 1.5, "validation_accuracy": validation}


def log(path, epochs, seconds, total=50, first=0, before="", validation=None) -> str:
    """A log that was written to at NOW: epochs `first` … that took so many seconds each."""
    told = [written.epoch(row(first + n, validation), total, s) for n, s in zip(range(epochs), seconds, strict=True)]
    path.write_text("\n".join([HEAD + before, *told]) + "\n")
    os.utime(path, (NOW, NOW))
    return str(path)


def test_the_examples_of_the_docstrings_are_right():
    assert all(doctest.testmod(each).failed == 0 and doctest.testmod(each).attempted for each in (written, telling))


def test_what_a_training_writes_is_what_is_read(tmp_path):
    found = joblog.epochs(log(tmp_path / "a", 3, [30.0, 17.2, 17.4], validation=0.55))
    assert (found.done, found.total, found.since) == (3, 50, NOW)
    assert (found.loss, found.accuracy, found.validation, found.rate) == (1.92, 0.22, 0.55, "0.01")
    assert found.seconds == 17.4  # the median: the first epoch compiles
    assert joblog.images(str(tmp_path / "a")) == 120 and joblog.counted(str(tmp_path / "a")).done == 3
    assert joblog.epochs(log(tmp_path / "b", 1, [9.0])).validation is None


def test_a_loss_that_is_no_number_is_told_as_it_is(tmp_path):
    (tmp_path / "a").write_text(written.epoch(row(4) | {"loss": float("nan")}, 50, 1.0))
    assert "loss nan " in (tmp_path / "a").read_text() and joblog.epochs(str(tmp_path / "a")).done == 5


def test_a_validation_that_was_not_measured_is_not_told():
    nothing = {"validation_loss": float("nan"), "validation_accuracy": float("nan")}
    assert written.epoch(row(0) | nothing, 5, 1.0) == written.epoch(row(0), 5, 1.0)


def test_what_was_done_before_counts_as_done(tmp_path):
    before = written.resumed(40, 50)
    gone_on = joblog.epochs(log(tmp_path / "a", 0, [], before=before))
    assert (gone_on.done, gone_on.total, gone_on.left(NOW), gone_on.whole) == (40, 50, None, None)
    later = joblog.epochs(log(tmp_path / "a", 2, [10.0, 10.0], first=40, before=before))
    # Eight epochs of ten seconds are ahead, the first of them for four seconds.
    assert (later.done, later.left(NOW + 4), later.whole) == (42, pytest.approx(76), 500)
    assert later.left(NOW + 1000) == pytest.approx(70)  # it takes as long as it takes: the others are still ahead
    assert joblog.epochs(log(tmp_path / "b", 2, [10.0, 10.0], total=2)).left(NOW + 99) == 0


def at_work(path, since=NOW - 60, name="net", seed="") -> Started:
    kind = sized("train", {"backbone": f"{name}@0a1b2c3d"}, 2)
    return Started("train", [f"{name}{seed}"], "", [path], kind, since)


def known(*jobs: Started, more: int = 0) -> Progress:
    """Two cores, these jobs at work, `more` of the first one's kind that have not begun."""
    progress = Progress(TimeLeft(width=2))
    progress.know([job.sized for job in jobs] + [jobs[0].sized] * more)
    for number, job in enumerate(jobs):
        progress.start(number, job)
    return progress


def test_a_training_alone_is_told_in_full_as_far_as_there_is_room(tmp_path):
    progress = known(at_work(log(tmp_path / "a", 3, [17.2] * 3), name="mobilenetv2"))
    wide = telling.live(progress, NOW, 200)
    assert wide == (
        "[··········] 0 of 1 · 13 min left · train mobilenetv2 · epoch 3 of 50 · loss 1.92 · accuracy 22 % "
        "· rate 0.01 · 17 s an epoch"
    )
    short = "[··········] 0 of 1 · 13 min left · train mobilenetv2 3/50"
    least = len(wide.partition(" · loss")[0])
    for columns in range(30, 200):
        line = telling.live(progress, NOW, columns)
        assert len(line) < columns and (wide if columns > least else short).startswith(line.removesuffix("…"))
        assert line.endswith("…") == (columns <= len(short))


def test_several_at_once_are_short_and_share_the_time(tmp_path):
    paths = [log(tmp_path / name, done, [10.0] * done) for name, done in (("a", 10), ("b", 30))]
    jobs = [at_work(path, seed=f" seed {place}") for place, path in enumerate(paths)]
    line = telling.live(known(*jobs), NOW, 200)
    assert line.endswith("train net seed 0 10/50 · train net seed 1 30/50")
    # 400 s and 200 s of two cores each, on two cores.
    assert known(*jobs).left(NOW) == (pytest.approx(600), True)
    # A third of that network takes what one takes: 50 epochs of 10 s.
    assert known(*jobs, more=1).left(NOW) == (pytest.approx(1100), True)


def test_an_older_log_is_of_an_earlier_try(tmp_path):
    job = at_work(log(tmp_path / "a", 3, [17.2] * 3), since=NOW + 100)
    assert job.epochs is None and known(job).left(NOW + 110) == (None, False)


def test_a_training_that_went_on_tells_the_next_how_long_all_epochs_take(tmp_path):
    path = log(tmp_path / "a", 10, [10.0] * 10, first=40, before=written.resumed(40, 50))
    progress = known(at_work(path, since=NOW - 107), more=1)
    progress.end(0, NOW, done=True)
    assert progress.left(NOW) == (pytest.approx(500), True)


def test_one_that_ended_early_tells_what_it_took(tmp_path):
    progress = known(at_work(log(tmp_path / "a", 10, [10.0] * 10), since=NOW - 107), more=1)
    progress.end(0, NOW, done=True)
    assert progress.left(NOW) == (pytest.approx(107), True)


def test_a_job_that_counts_itself_is_believed_before_an_earlier_run():
    job = Sized(("train", "net"), 1, 1)
    found = TimeLeft(earlier={"train": 1000})
    found.know([job, job])
    assert found.left([AtWork(job, 100)]) == (pytest.approx(1900), True)
    assert found.left([AtWork(job, 100, left=50.0, whole=150.0)]) == (pytest.approx(200), True)


def test_the_line_of_a_training_that_is_done(tmp_path):
    job = at_work(log(tmp_path / "a", 50, [2.0] * 50))
    progress = known(job)
    progress.end(0, NOW, done=True)
    line = telling.finished(job, progress, NOW)
    assert line == "train     net · 120 images · 50 epochs · accuracy 69 % · 1 min 0 s · 1 of 1 · 10 s left"
