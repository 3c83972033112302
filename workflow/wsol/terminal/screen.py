"""The terminal itself: lines, lines that stand out, and one live line at the bottom."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

BOLD_RED = "\033[1;31m"
PLAIN = "\033[0m"
CLEAR = "\r\033[K"  # back to the line's begin, and nothing behind it
NUMBERS = {"stdout": 1, "stderr": 2}


class Screen:
    """Writes to `stream`, or to whatever `sys.stderr` is at the time."""

    def __init__(self, stream: TextIO | None = None):
        self._stream = stream
        self._live = ""

    @property
    def stream(self) -> TextIO:
        return self._stream or sys.stderr

    @property
    def tty(self) -> bool:
        """Whether somebody looks on, so that a line may be written over."""
        return self.stream.isatty() and os.environ.get("TERM") != "dumb"

    def say(self, text: str) -> None:
        """A line."""
        self.clear()
        print(text, file=self.stream, flush=True)

    def warn(self, text: str) -> None:
        """A line that stands out: in red on a terminal, behind a `!` elsewhere and where NO_COLOR is set."""
        coloured = self.tty and not os.environ.get("NO_COLOR")
        self.say(f"{BOLD_RED}{text}{PLAIN}" if coloured else f"! {text}")

    def live(self, text: str) -> None:
        """The line at the bottom, over the one that was there; nothing where nobody looks on."""
        if self.tty and text != self._live:
            self.stream.write(CLEAR + text)
            self.stream.flush()
            self._live = text

    def clear(self) -> None:
        """Take the live line away."""
        if self._live:
            self.stream.write(CLEAR)
            self.stream.flush()
            self._live = ""

    @property
    def columns(self) -> int:
        try:
            return os.get_terminal_size(self.stream.fileno()).columns
        except (OSError, ValueError):
            return 80


class Aside:
    """What programs, and libraries past Python, write to `streams` goes to the end of `path`, until `back()`.

    Python's own `sys.stdout` and `sys.stderr` go where they went before.
    """

    def __init__(self, path: str | Path, streams: Iterable[str] = ("stdout", "stderr")):
        log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self._before = {name: getattr(sys, name) for name in streams}
        self._kept = {}
        for name, stream in self._before.items():
            stream.flush()
            there = os.dup(NUMBERS[name])
            self._kept[name] = os.fdopen(there, "w", buffering=1, encoding="utf-8", errors="backslashreplace")
            setattr(sys, name, self._kept[name])
            os.dup2(log, NUMBERS[name])
        os.close(log)

    def back(self) -> None:
        for name, stream in self._before.items():
            stream.flush()  # what went aside through Python, by whoever held on to the stream
            setattr(sys, name, stream)
            with self._kept[name] as kept:
                kept.flush()
                os.dup2(kept.fileno(), NUMBERS[name])

    def __enter__(self) -> "Aside":
        return self

    def __exit__(self, *_: object) -> None:
        self.back()
