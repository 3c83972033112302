"""What every script does around its work: log, count, and end with one line where an input is wrong."""

import errno
import io
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import TextIO, TypeVar

from wsol import lock
from wsol.errors import Damaged, InputError

T = TypeVar("T")
SECONDS_BETWEEN_LINES = 5
TOLD = "! "  # how a line of a log begins that whoever looks on is told
USED = "used: "  # how the last line begins of the log of a job that has done its work
KILLED = 128  # what a program ends with that a signal has ended, less the signal's number
STOPPED = KILLED + signal.SIGINT  # by Ctrl-C
DELETED = "Deleted, to be made again."  # how the reason ends of a job that met a damaged stage file
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}
PROCESS = Path("/proc/self")
SINCE_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # the clock that a process's start is told by
BEGUN = monotonic()  # for systems without such files: when this module was imported


class Job:
    """A running stage: `say` writes a line to the log, `progress` and `counter` write how far it is."""

    def __init__(self, name: str, log: TextIO, terminal: TextIO):
        self.name = name
        self.log = log
        self.terminal = terminal

    def say(self, *words: object) -> None:
        print(*words, file=self.log, flush=True)

    def tell(self, *words: object) -> None:
        """To the log, marked so that the workflow's terminal shows it, and to whoever looks on here."""
        print(TOLD, end="", file=self.log)
        self.say(*words)
        print(f"{self.name}:", *words, file=self.terminal, flush=True)

    @contextmanager
    def counter(self, total: int, unit: str = "images") -> Iterator[Callable[[int], None]]:
        """A function to call with how many more are done; now and then it writes a line to the log."""
        started = monotonic()
        count = 0
        last = started

        def done(more: int) -> None:
            nonlocal count, last
            count += more
            if monotonic() - last >= SECONDS_BETWEEN_LINES or count == total:
                last = monotonic()
                self.say(f"{self.name}: {count}/{total} {unit}, {last - started:.0f} s")

        yield done

    def progress(self, items: Iterable[T], total: int, unit: str = "images") -> Iterator[T]:
        """`items` again, counted."""
        with self.counter(total, unit) as done:
            for item in items:
                yield item
                done(1)


@contextmanager
def job(log: Iterable[str], name: str) -> Iterator[Job]:
    """Run a stage's work. The last line of its log is what it has used, or the reason it fails for, printed too."""
    path = Path(next(iter(log)))
    path.parent.mkdir(parents=True, exist_ok=True)
    for folder in path.parents:
        if folder.name == "logs":
            lock.join(folder)
            break
    # Nothing is buffered, so that on a full disk no half line waits to fail again when the log is closed.
    with (
        io.TextIOWrapper(open(path, "wb", buffering=0), write_through=True) as stream,
        stderr_into(stream) as terminal,
        _cancelled_like_failed(),
    ):
        running = Job(name, stream, terminal)
        try:
            yield running
            with suppress(OSError):  # what is done is done, on a full disk too
                running.say(f"{USED}{used()}")
        except KeyboardInterrupt:  # the user's Ctrl-C reaches every job: no traceback is wanted of any
            sys.exit(STOPPED)
        except Exception as error:
            reason = _reason(error)
            print(f"{name}: {reason}", file=terminal, flush=True)
            with suppress(OSError):  # a disk too full for the log has told the terminal
                if not isinstance(error, InputError | OSError):
                    running.say(traceback.format_exc())
                running.say(reason)
            sys.exit(1)


def used() -> str:
    """What this process has used from its start to now, as `terminal.joblog.cost` reads it.

    CPU is all threads' and that of programs that have ended. Memory is the most that a process held at a time: of this
    one what the system noted, for a program's `ru_maxrss` begins with what whoever started it held.
    """
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10  # of ru_maxrss: bytes or kilobytes
    peak = max(_peak() or own.ru_maxrss / unit, others.ru_maxrss / unit)
    return f"{_age():.2f} s, {cpu:.2f} s of CPU, {peak:.0f} MB at most"


def _age() -> float:
    """Seconds since this process was started."""
    try:
        # Its name, which stands in brackets before the other fields, may hold anything.
        begun = int((PROCESS / "stat").read_text().rpartition(")")[2].split()[19])
    except OSError:
        return monotonic() - BEGUN
    return time.clock_gettime(SINCE_BOOT) - begun / os.sysconf("SC_CLK_TCK")


def _peak() -> float | None:
    """The most memory that this process held, in MB; None where the system does not say."""
    try:
        lines = (PROCESS / "status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), None)


def _reason(error: Exception) -> str:
    """One line for whoever runs the job. A damaged stage file is deleted, so that the next run makes it again."""
    if isinstance(error, Damaged):
        try:
            Path(error.path).unlink(missing_ok=True)
        except OSError as kept:
            return f"{error} It could not be deleted ({kept.strerror})."
        return f"{error} {DELETED}"
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return cannot_be_written(error.errno, error.filename)
    return str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"


def cannot_be_written(number: int, where: str | None = None) -> str:
    """The line for results without room. By the system's number: libraries put words of their own around its."""
    named = f" ({where})" if where else ""
    return f"results: cannot be written: {os.strerror(number)}{named}. What was complete before is whole."


@contextmanager
def _cancelled_like_failed() -> Iterator[None]:
    """A cluster that cancels a job asks it to end first: half-written files go, as after an error."""
    before = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(KILLED + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def stderr_into(log: TextIO) -> Iterator[TextIO]:
    """Libraries' chatter goes to the log, also what C++ writes past Python; gives the terminal that was there."""
    sys.stderr.flush()
    kept = os.dup(2)
    os.dup2(log.fileno(), 2)
    try:
        with os.fdopen(os.dup(kept), "w") as terminal:
            yield terminal
    finally:
        os.dup2(kept, 2)
        os.close(kept)
