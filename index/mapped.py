"""MappedVectors: of every passage its own vector and its sentences', in one file mapped to memory.

Made from the store, which has the same rows a passage at a time: a question looks at more than a
hundred passages, and SQLite takes ten times as long to hand them out as to copy them from here.
"""

import mmap
import os
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from index import derived
from index.coded import HEAD, Coded, Stored
from index.types import Ids

ROWS, PLACES = "vectors.rows", "vectors.npy"
LARGE = 400_000_000
"""Bytes of the file from which on what was read is let go of after each search, in 0.3 ms. With a
row Linux may map the two megabytes around it: all of a file of 2.7 GB after ten searches."""


class _Places(NamedTuple):
    """What a search needs, replaced as a whole by every change: a search keeps what it began with.

    The arrays have an entry a passage, in the order of ids.
    """

    ids: Ids
    starts: Ids
    """The row of each passage's own vector."""
    counts: Ids
    """Of its rows."""
    rows: npt.NDArray[np.uint8]
    memory: mmap.mmap | None
    """Where the rows are; none where there are none."""


class MappedVectors:
    """Rows are only ever added at the end; those of a removed passage become zeros.

    Without a file it is a nameless one. One thread changes it, any number read.
    """

    def __init__(self, dim: int, file: IO[bytes] | None = None) -> None:
        """`file` is closed by `close`."""
        self._width = HEAD.itemsize + dim
        self._file: IO[bytes] = file or TemporaryFile()  # noqa: SIM115 -- it is kept
        none = np.empty(0, np.int64)
        self._places = _Places(none, none, none, *self._mapped())

    @classmethod
    def create(cls, dim: int, path: Path) -> Self:
        """An empty one in this folder."""
        return cls(dim, (path / ROWS).open("w+b"))

    @classmethod
    def load(cls, dim: int, path: Path, *, write: bool) -> Self:
        """What `save` wrote; the caller has checked the files' digests. Raises ValueError."""
        ids, starts, counts = np.load(path / PLACES, allow_pickle=False)
        file = (path / ROWS).open("r+b" if write else "rb")
        try:
            one = cls(dim, file)
        except ValueError:
            file.close()
            raise
        one._places = one._places._replace(ids=ids, starts=starts, counts=counts)
        return one

    def save(self, path: Path) -> None:
        """Write what is in memory only, and see to it that all is on the disk."""
        if len(self._places.rows) > 2 * self._places.counts.sum():
            self._compact(path / ROWS)
        derived.sync(path / ROWS)
        derived.write_atomically(path / PLACES, self._write_places)

    def close(self) -> None:
        """Let go of the file; what was mapped of it stays readable."""
        self._file.close()

    def __len__(self) -> int:
        return len(self._places.ids)

    def __getitem__(self, ids: Ids) -> Stored:
        """All vectors of these passages, in the order of ids; those that are gone are left out."""
        known, starts, counts, rows, memory = self._places
        found = np.searchsorted(known, ids)
        found = found[known.take(found, mode="clip") == ids] if len(known) else found[:0]
        sizes = counts[found]
        firsts = np.cumsum(sizes) - sizes
        chosen = np.repeat(starts[found] - firsts, sizes) + np.arange(sizes.sum())
        vectors = Coded.unpacked(rows[chosen])
        if memory and len(memory) > LARGE:
            memory.madvise(mmap.MADV_DONTNEED)  # only here: the system keeps what is in its memory
        return Stored(known[found], firsts, vectors)

    def add(self, new: Stored) -> None:
        """Add passages, whose ids are higher than all that were ever added."""
        if not len(new.ids):
            return
        old = self._places
        end = self._file.seek(0, os.SEEK_END) // self._width
        self._file.write(new.vectors.packed())
        self._file.flush()
        counts = np.diff(new.starts, append=len(new.vectors))
        self._places = _Places(
            np.concatenate([old.ids, new.ids]),
            np.concatenate([old.starts, end + new.starts]),
            np.concatenate([old.counts, counts]),
            *self._mapped(),
        )

    def remove(self, ids: Ids) -> None:
        """Remove passages, and overwrite their rows; unknown ids are ignored."""
        known, starts, counts, rows, memory = self._places
        gone = np.isin(known, ids)
        self._places = _Places(known[~gone], starts[~gone], counts[~gone], rows, memory)
        for start, count in zip(starts[gone].tolist(), counts[gone].tolist(), strict=True):
            self._file.seek(start * self._width)
            self._file.write(bytes(count * self._width))
        self._file.flush()

    # -- inside -------------------------------------------------------------------------------

    def _mapped(self) -> tuple[npt.NDArray[np.uint8], mmap.mmap | None]:
        size = os.fstat(self._file.fileno()).st_size
        if not size:  # which cannot be mapped
            return np.empty((0, self._width), np.uint8), None
        memory = mmap.mmap(self._file.fileno(), size, access=mmap.ACCESS_READ)
        return np.frombuffer(memory, np.uint8).reshape(-1, self._width), memory

    def _compact(self, path: Path) -> None:
        """Leave out the rows of what is gone; searches go on with the old file."""
        ids, starts, counts, rows, _ = self._places

        def write(new: Path) -> None:
            with new.open("wb") as file:
                for start, count in zip(starts.tolist(), counts.tolist(), strict=True):
                    file.write(rows[start : start + count].tobytes())

        derived.write_atomically(path, write)
        self._file.close()
        self._file = path.open("r+b")
        self._places = _Places(ids, np.cumsum(counts) - counts, counts, *self._mapped())

    def _write_places(self, path: Path) -> None:
        with path.open("wb") as file:
            np.save(file, np.stack(self._places[:3]), allow_pickle=False)
