"""How often each group is drawn: a byte for each group and resample, which few groups keep in memory and many on disk.

2,000 resamples of 50,000 groups are 100 MB, of a million 2 GB; a job holds some of their rows at a time.
"""

import os
from collections.abc import Iterator
from functools import cached_property
from tempfile import TemporaryFile, gettempdir
from typing import BinaryIO
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

HELD = 1 << 24  # bytes in memory; and of a block of rows
Rows = NDArray[np.int64]


class Times:
    """Counts [r g], more than 255 of which do not happen; read by rows, as an array of them.

    >>> Times(3, 2, seed=0)[:].sum(axis=1)
    array([2, 2, 2], dtype=uint64)
    """

    def __init__(self, resamples: int, groups: int, seed: int | list[int]):
        self.shape = (resamples, groups)
        self._seed = seed
        self._held: NDArray[np.uint8] | None = None
        if resamples * groups <= HELD:
            self._held = np.array(list(self._drawn()), np.uint8).reshape(self.shape)

    def __getitem__(self, rows: slice | Rows) -> NDArray[np.uint8]:
        if self._held is not None:
            return self._held[rows]
        numbers = np.arange(self.shape[0])[rows]
        found = np.empty((len(numbers), self.shape[1]), np.uint8)
        for row, number in zip(found, numbers.tolist(), strict=True):
            os.preadv(self._file.fileno(), [row.data], number * len(row))
        return found

    def blocks(self) -> Iterator[tuple[slice, NDArray[np.uint8]]]:
        """Some rows after the other, at least one block."""
        size = max(HELD // max(self.shape[1], 1), 1)
        for start in range(0, max(self.shape[0], 1), size):
            part = slice(start, start + size)
            yield part, self[part]

    def of(self, codes: Rows) -> NDArray[np.uint8]:
        """The counts of some groups, [r codes]."""
        return np.concatenate([times[:, codes] for _, times in self.blocks()])

    @cached_property
    def _file(self) -> BinaryIO:
        """Without a name: it goes with the process, however that ends."""
        file: BinaryIO = TemporaryFile()  # noqa: SIM115 (closed with this object)
        finalize(self, file.close)
        try:
            for row in self._drawn():
                file.write(row.data)
            file.flush()
        except OSError as error:
            raise OSError(error.errno, error.strerror, gettempdir()) from error
        return file

    def _drawn(self) -> Iterator[NDArray[np.uint8]]:
        random = np.random.default_rng(self._seed)
        size = self.shape[1]
        for _ in range(self.shape[0]):
            yield np.bincount(random.integers(0, size, size), minlength=size).astype(np.uint8)
