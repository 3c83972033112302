"""What a job's log says of it: how far it is, what it told, and why it failed."""

import errno
import os
import re
import signal
from dataclasses import dataclass
from pathlib import Path
from statistics import median_low

from wsol.job import KILLED, TOLD, USED, cannot_be_written

COUNTED = re.compile(r"^.*: (\d+)/(\d+) (\w+), (\d+) s$")
# As `training.telling` says them: an epoch, and how many were done before a training went on.
EPOCH = re.compile(
    r"^epoch (?P<done>\d+)/(?P<total>\d+) loss (?P<loss>\S+) accuracy (?P<accuracy>\S+) "
    r"(?:validation loss \S+ accuracy (?P<validation>\S+) )?rate (?P<rate>\S+) (?P<seconds>[\d.]+) s$"
)
BEFORE = re.compile(r"^epochs (?P<done>\d+)/(?P<total>\d+) were done before$")
IMAGES = re.compile(r"^(?:images +(\d+)|(\d+) images(?: of|,) .*)$")  # as the index and a training say it
COST = re.compile(rf"^{USED}([\d.]+) s, ([\d.]+) s of CPU, (\d+) MB at most$")
TAIL = 4096  # bytes: what a job says of its progress stands near the end


@dataclass(frozen=True)
class Count:
    """`done` of `total` after `seconds` of work, without the time that starting took."""

    done: int
    total: int
    unit: str
    seconds: int


@dataclass(frozen=True)
class Cost:
    """What a job has used: seconds from its process's start, seconds of CPU of all its threads, MB at its peak."""

    wall: float
    cpu: float
    peak: float


@dataclass(frozen=True)
class Epochs:
    """How far a training is: epochs that are done, those of an earlier job among them, and what the last was like."""

    done: int
    total: int
    since: float  # when the last was done, in seconds since 1970
    seconds: float | None = None  # that an epoch takes: the median of this job's own; None before the first
    loss: float | None = None
    accuracy: float | None = None  # shares of 1
    validation: float | None = None  # the accuracy on the validation data set, where there is one
    rate: str = ""

    @property
    def whole(self) -> float | None:
        """Seconds of all epochs."""
        return None if self.seconds is None else self.seconds * self.total

    def left(self, now: float) -> float | None:
        """Seconds to the last epoch's end; the one at work takes no less than it has taken."""
        if self.seconds is None:
            return None
        ahead = self.total - self.done
        return self.seconds * max(ahead - 1, 0) + (max(self.seconds - (now - self.since), 0.0) if ahead else 0.0)


def epochs(path: str) -> Epochs | None:
    """What a training's log says of its epochs; None of any other job's, or before the first is done."""
    lines = _lines(path, TAIL)
    found = [match for line in lines if (match := EPOCH.match(line))]
    before = next((match for line in lines if (match := BEFORE.match(line))), None)
    last = found[-1] if found else before
    if last is None:
        return None
    done, total, since = int(last["done"]), int(last["total"]), Path(path).stat().st_mtime
    if not found:
        return Epochs(done, total, since)
    seconds = median_low(float(each["seconds"]) for each in found)
    validation = float(last["validation"]) if last["validation"] else None
    return Epochs(done, total, since, seconds, float(last["loss"]), float(last["accuracy"]), validation, last["rate"])


def counted(path: str) -> Count | None:
    """The last count in a log; None where nothing is counted."""
    if training := epochs(path):
        return Count(training.done, training.total, "epochs", 0)
    for line in reversed(_lines(path, TAIL)):
        if found := COUNTED.match(line):
            done, total, unit, seconds = found.groups()
            return Count(int(done), int(total), unit, int(seconds))
    return None


def cost(path: str) -> Cost | None:
    """What the job of a log has used; None of one that has not ended, has failed, or has left no log."""
    found = COST.match(next(iter(_lines(path, TAIL)[-1:]), ""))
    return Cost(*map(float, found.groups())) if found else None


def said(path: str) -> str:
    """What a job said, without what it has used; an OSError where it has left no log."""
    lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(line for line in lines if not COST.match(line)).rstrip()


def images(path: str) -> int | None:
    """How many images a stage without a shard says it has worked on."""
    for line in _lines(path):
        if found := IMAGES.match(line):
            return int(found[1] or found[2])
    return None


def _ended_by(sent: signal.Signals) -> str:
    """Why a signal ended a job, by what usually sends it."""
    if sent is signal.SIGKILL:
        return f"was killed (signal {sent:d}); perhaps there was not enough memory."
    if sent in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        return f"was ended from outside (signal {sent:d})."
    return f"crashed inside a library (signal {sent:d}, {sent.name}); its log may say why."


def told(path: str) -> list[str]:
    """What a job has told whoever looks on."""
    return [line.removeprefix(TOLD) for line in _lines(path) if line.startswith(TOLD)]


def reason(logs: list[str], since: float, status: int | None = None) -> str:
    """Why a job failed that started at `since`: the last line of the rule's own log, the first of `logs`.

    `status` is what the job's program ended with, where that is known.
    """
    if status is not None and status - KILLED in signal.valid_signals():
        return _ended_by(signal.Signals(status - KILLED))
    path = Path(logs[0]) if logs else None
    # An older log is of an earlier try: this job ended before it could write one.
    if path is None or not path.is_file() or path.stat().st_mtime < since - 1:
        return "ended before it could write a log."
    lines = [line for line in _lines(str(path)) if line.strip() and not COST.match(line)]
    if lines:
        return lines[-1]
    if not os.statvfs(path).f_bavail:  # not even for the words that would have said so
        return cannot_be_written(errno.ENOSPC)
    return "ended without a word; it may have been cancelled, or run out of memory or time."


def _lines(path: str, tail: int = 0) -> list[str]:
    """The lines of a log, or of its last `tail` bytes; [] where there is none."""
    try:
        with open(path, "rb") as file:
            if tail:
                file.seek(max(0, Path(path).stat().st_size - tail))
            return file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return []
