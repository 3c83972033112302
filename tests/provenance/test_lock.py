"""One run at a time on a results folder."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from wsol import lock
from wsol.errors import ConfigError

HOLD = "import sys; from wsol import lock; lock.hold(sys.argv[1]); print('held', flush=True); sys.stdin.read()"

WORK = """
import sys
from wsol.job import job
with job([sys.argv[1]], "predict"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path):
    """Another process that holds `tmp_path / results`."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "results")]
    where = Path(__file__).parents[2] / "workflow"
    process = subprocess.Popen(command, cwd=where, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_run_is_told_who_is_there(other, tmp_path):
    with pytest.raises(ConfigError) as error:
        lock.hold(tmp_path / "results")
    assert str(error.value).startswith(f"results: another run works on '{tmp_path}/results' (process {other.pid} on ")
    assert str(error.value).endswith("; wait for it.")
    lock.hold(tmp_path / "other")


def test_jobs_of_a_killed_run_are_waited_for(tmp_path):
    command = [sys.executable, "-c", WORK, str(tmp_path / "results/logs/predict/a/b.log")]
    where = Path(__file__).parents[2] / "workflow"
    orphan = subprocess.Popen(command, cwd=where, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert orphan.stdout.readline() == b"held\n"
    with pytest.raises(ConfigError, match=r"jobs of a run that was killed still work on '.*results'; wait for them\."):
        lock.hold(tmp_path / "results")
    orphan.communicate()
    lock.hold(tmp_path / "results")


def test_whether_a_run_is_there_can_be_asked(other, tmp_path):
    assert not lock.free(tmp_path / "results") and lock.free(tmp_path / "elsewhere")
    other.communicate()
    assert lock.free(tmp_path / "results")


def test_where_there_are_no_locks_a_run_goes_on_and_says_so(tmp_path, monkeypatch, capsys):
    def none(*_):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(lock.fcntl, "flock", none)
    lock.hold(tmp_path / "results")
    assert "no locks here (Function not implemented)" in capsys.readouterr().err


def test_a_killed_run_leaves_nothing_to_unlock(other, tmp_path):
    other.kill()
    other.wait()
    lock.hold(tmp_path / "results")


def test_a_folder_that_cannot_be_written_is_one_line():
    with pytest.raises(ConfigError, match=r"cannot write below '/proc/nothing' \(No such file or directory\)\."):
        lock.hold("/proc/nothing")


def test_a_file_in_place_of_the_folder_is_one_line(tmp_path):
    (tmp_path / "results").write_text("x")
    with pytest.raises(ConfigError, match=r"results: cannot write below '.*results' \(Not a directory\)\."):
        lock.hold(tmp_path / "results")
