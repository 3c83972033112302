"""The file of a training's state: whole or the one before, however its writing ends; passed over if it does not fit."""

import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from models import keras
from wsol import processor
from wsol.files.formats import sha256
from wsol.files.train import CHECKPOINT
from wsol.job import job
from wsol.provenance import products
from wsol.training import checkpoints
from wsol.training.checkpoints import Checkpoint

ROOT = Path(__file__).parents[2]
MADE_OF = {"settings": "1234abcd", "code": "abcd1234"}


def variable(*values: float) -> keras.Variable:
    return keras.Variable(np.array(values, np.float32))


ROWS = [{"epoch": 0, "loss": 1.0 / 3, "accuracy": 0.5, "validation_loss": 2.0, "validation_accuracy": 0.1, "rate": 0.1}]
KILLS = {
    "as it is moved onto its place": "formats.os.replace = die",
    "as it is brought to the disk": "formats.os.fsync = die",
    "between two variables": "np.lib.format.write_array = np.lib._npyio_impl.format.write_array = once(die)",
}
KILLED = """
import os, signal, sys
import numpy as np
from wsol.files import formats
from wsol.training.checkpoints import Checkpoint

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def once(then, written=np.lib.format.write_array, calls=[]):
    def write(*given, **named):
        calls.append(then() if len(calls) == 2 else written(*given, **named))
    return write

{kill}
row = dict.fromkeys(("epoch", "loss", "accuracy", "rate"), 1.0)
state = {{"a": np.ones(2, np.float32), "b": np.ones(3000, np.float32)}}
Checkpoint(sys.argv[1], {made_of}, print).keep(state, [row, row])
"""


@pytest.mark.parametrize("moment", KILLS)
def test_a_kill_while_it_is_written_leaves_the_one_before(tmp_path, moment):
    path = tmp_path / "weights/net@01234567/checkpoint.npz"
    Checkpoint(path, MADE_OF, print).keep({"a": variable(3, 4), "b": variable(5)}, ROWS)
    before = path.read_bytes()
    code = KILLED.format(kill=KILLS[moment], made_of=MADE_OF)
    run = subprocess.run([sys.executable, "-c", code, path], cwd=ROOT / "workflow", capture_output=True, text=True)
    assert run.returncode == -signal.SIGKILL, run.stderr
    assert path.read_bytes() == before
    (left,) = products.leftovers(tmp_path)  # which the next run deletes
    assert left.parent == path.parent and left != path
    a, b = variable(0, 0), variable(0)
    assert Checkpoint(path, MADE_OF, print).restore({"a": a, "b": b}) == ROWS
    assert a.numpy().tolist() == [3, 4] and b.numpy().tolist() == [5]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def of_another_version(path: Path) -> None:
    other = type(CHECKPOINT)("checkpoint", CHECKPOINT.version + 1, "train", ())
    other.write(path, settings=MADE_OF, **{"history": np.zeros((1, 6)), "a": np.zeros(2, np.float32)})


def of(**made_of: str):
    return lambda path: Checkpoint(path, MADE_OF | made_of, print).keep({"a": variable(9, 9)}, ROWS)


REFUSED = {
    "cut short": (cut, "carries no digest: cut short, or not written by this workflow"),
    "a bit flipped": (flipped, "is not what was written, by the digest it carries"),
    "empty": (lambda path: path.write_bytes(b""), "is empty"),
    "of another version": (of_another_version, f"is checkpoint version {CHECKPOINT.version + 1}, not 1"),
    "of other code": (of(code="00000000"), "is of another training (code)"),
    "of other settings and images": (of(settings="0", seen="1"), "is of another training (seen, settings)"),
    "of another network": (
        lambda path: Checkpoint(path, MADE_OF, print).keep({"a": variable(1)}, ROWS),
        "holds other variables",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_does_not_fit_is_passed_over_in_one_line(tmp_path, kind):
    change, why = REFUSED[kind]
    path, said, own = tmp_path / "checkpoint.npz", [], variable(3, 4)
    Checkpoint(path, MADE_OF, print).keep({"a": own}, ROWS)
    change(path)
    assert Checkpoint(path, MADE_OF, said.append).restore({"a": own}) == []
    assert said == [f"checkpoint.npz is passed over: it {why}."] and own.numpy().tolist() == [3, 4]


def test_where_nothing_is_kept_nothing_is_said(tmp_path):
    said: list = []
    assert Checkpoint(tmp_path / "checkpoint.npz", MADE_OF, said.append).restore({}) == [] and not said


def test_on_a_full_disk_the_one_before_stays_and_a_line_says_why(tmp_path, capfd):
    path = tmp_path / "weights/net@01234567/checkpoint.npz"
    kept = Checkpoint(path, MADE_OF, print)
    kept.keep({"a": variable(1)}, ROWS)
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    with pytest.raises(SystemExit), job([tmp_path / "logs/train.log"], "train net"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
        try:
            kept.keep({"a": keras.Variable(np.zeros(100_000, np.float32))}, ROWS)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    line = "results: cannot be written: File too large. What was complete before is whole."
    assert capfd.readouterr().err == f"train net: {line}\n"
    assert (tmp_path / "logs/train.log").read_text() == f"{line}\n"
    assert path.read_bytes() == before and [each.name for each in path.parent.iterdir()] == [path.name]


def test_everything_that_a_training_depends_on_is_told_apart(tmp_path):
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("2")
    (tmp_path / "moved").write_text("1")
    files = {"seen": str(tmp_path / "a"), "code": [str(tmp_path / "a"), str(tmp_path / "b")], "model": []}
    plain = checkpoints.digests({"settings": {"epochs": 3}}, files)
    assert list(plain) == ["settings", "seen", "code", "model"]
    assert checkpoints.digests({"settings": {"epochs": 3}}, files | {"seen": str(tmp_path / "moved")}) == plain
    (tmp_path / "b").write_text("3")
    other = checkpoints.digests({"settings": {"epochs": 4}}, files)
    assert [name for name in plain if plain[name] != other[name]] == ["settings", "code"]
    added = checkpoints.digests({"settings": {"epochs": 4}}, files | {"model": [str(tmp_path / "a")]})
    assert [name for name in plain if added[name] != other[name]] == ["model"]


@pytest.mark.parametrize(
    ("instructions", "gpus", "before", "now", "fits"),
    [
        ("native", 0, "processor: x86_64 one", "processor: x86_64 other", False),
        ("native", 0, "processor: x86_64 one", "processor: x86_64 one", True),
        ("portable", 0, "processor: x86_64 one", "processor: x86_64 other", True),
        ("portable", 1, "device: A, card 0 of 2; processor: one", "device: A, card 1 of 2; processor: two", True),
        ("portable", 1, "device: A, card 0 of 2; processor: one", "device: B, card 0 of 2; processor: one", False),
    ],
)
def test_another_processor_counts_where_bytes_depend_on_it(
    tmp_path, monkeypatch, instructions, gpus, before, now, fits
):
    monkeypatch.setattr(processor, "lacking", list)
    params = {"settings": {"instructions": instructions, "gpus": gpus}, "dataset": {}}
    one, other = (
        checkpoints.beside(tmp_path / "model.weights.h5", params, {}, ran_on, print) for ran_on in (before, now)
    )
    assert one.path == tmp_path / "checkpoint.npz" and (one.made_of == other.made_of) == fits


def test_the_same_state_is_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        Checkpoint(tmp_path / name, MADE_OF, print).keep({"a": variable(1, 2)}, ROWS)
    assert sha256(tmp_path / "one") == sha256(tmp_path / "two")
