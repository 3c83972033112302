"""Writing beside the work: whoever has rows for a file goes on while they are written."""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np


class Sink(Protocol):
    """Where arrays grow row by row, to `total` rows where that is known."""

    def append(self, name: str, rows: np.ndarray, total: int | None = None) -> None: ...


class Behind:
    """A sink that another one is written to from, in order, by a thread of its own, at most `late` pieces later.

    What the writing raises is raised by one of the next calls, at the latest where the block ends. Rows that were
    given are not to be changed.

    >>> class Printed:
    ...     def append(self, name, rows, total=None):
    ...         print(name, rows.tolist())
    >>> with Behind(Printed()) as sink:
    ...     sink.append("logits", np.array([1, 2]))
    logits [1, 2]
    """

    def __init__(self, sink: Sink, late: int = 8):
        self._sink = sink
        self._late = late
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writing")
        self._pieces: deque[Future] = deque()

    def __enter__(self) -> "Behind":
        return self

    def append(self, name: str, rows: np.ndarray, total: int | None = None) -> None:
        """The next rows of an array."""
        self._pieces.append(self._thread.submit(self._sink.append, name, rows, total))
        while len(self._pieces) > self._late or (self._pieces and self._pieces[0].done()):
            self._pieces.popleft().result()

    def __exit__(self, kind: Any, *_: Any) -> None:
        # Where the work itself failed, what is still to be written is of no use.
        self._thread.shutdown(cancel_futures=kind is not None)
        while kind is None and self._pieces:
            self._pieces.popleft().result()
