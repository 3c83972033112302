"""What a job's log says of it: how far it is, what it told, and why it failed."""

import errno
import os
import re
from dataclasses import dataclass
from pathlib import Path

from wsol.job import KILLED, TOLD, USED, cannot_be_written

COUNTED = re.compile(r"^.*: (\d+)/(\d+) (\w+), (\d+) s$")
EPOCH = re.compile(r"^epoch (\d+)/(\d+) ")  # a training counts these
IMAGES = re.compile(r"^(?:images +(\d+)|(\d+) images of .*)$")  # as the index and a training say it
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


def counted(path: str) -> Count | None:
    """The last count in a log; None where nothing is counted."""
    for line in reversed(_lines(path, TAIL)):
        if found := EPOCH.match(line):
            return Count(int(found[1]), int(found[2]), "epochs", 0)
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


def told(path: str) -> list[str]:
    """What a job has told whoever looks on."""
    return [line.removeprefix(TOLD) for line in _lines(path) if line.startswith(TOLD)]


def reason(logs: list[str], since: float, status: int | None = None) -> str:
    """Why a job failed that started at `since`: the last line of the rule's own log, the first of `logs`.

    `status` is what the job's program ended with, where that is known.
    """
    if status is not None and status > KILLED:
        return f"was killed (signal {status - KILLED}); perhaps there was not enough memory."
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
