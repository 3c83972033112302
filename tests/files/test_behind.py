"""Rows that a thread writes: all of them, in order, and errors are not lost."""

import threading
import time

import numpy as np
import pytest

from wsol.files.behind import Behind


class Slow:
    def __init__(self, fails_at: int = -1):
        self.found, self.fails_at, self.threads = [], fails_at, set()

    def append(self, name, rows, total=None):
        time.sleep(0.002)
        self.threads.add(threading.get_ident())
        if len(self.found) == self.fails_at:
            raise OSError("disk full")
        self.found.append((name, int(rows[0]), total))


def test_all_is_written_in_order_by_one_other_thread():
    slow = Slow()
    with Behind(slow, late=3) as sink:
        for i in range(20):
            sink.append("ab"[i % 2], np.array([i]), 20)
            assert len(slow.found) >= i - 3  # never further behind
    assert slow.found == [("ab"[i % 2], i, 20) for i in range(20)]
    assert len(slow.threads) == 1 and threading.get_ident() not in slow.threads


@pytest.mark.parametrize("at", [0, 9])
def test_what_the_writing_raises_is_raised(at):
    with pytest.raises(OSError, match="disk full"), Behind(Slow(fails_at=at), late=3) as sink:
        for i in range(10):
            sink.append("a", np.array([i]))


def test_an_error_of_the_work_stays_its_own():
    with pytest.raises(KeyError, match="work"), Behind(Slow(fails_at=1)) as sink:
        sink.append("a", np.array([0]))
        sink.append("a", np.array([1]))
        raise KeyError("work")
