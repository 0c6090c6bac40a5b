"""The default vector index: FAISS over a byte a number; exact while that is fast, then trained.

It finds candidates. Their scores are taken from the stored vectors later: a byte is enough here.
"""

import logging
import threading
from pathlib import Path
from typing import ClassVar, Self

import faiss
import numpy as np

from index.types import Ids, Matrix
from index.vectors.lists import UNIT, Ending, centres, go_on, inverted_file, known, parameters
from index.vectors.turns import Turns

log = logging.getLogger(__name__)

SLICE = 256
"""Vectors that are added in one turn: a search waits a few milliseconds at most."""


class FaissIndex:
    """An inverted file; with a single list it is an exact search, and needs no training.

    FAISS forbids searching while it is changed, hence the turns. Training makes another inverted
    file beside the one that is searched; what changes meanwhile is noted, and copied last.
    """

    trained_from: ClassVar[int] = 200_000
    """Vectors that are all looked at: in 2 ms of one core. With more, lists of them are learnt."""
    per_list: ClassVar[int] = 500
    """Vectors in a list, about; the number of lists is a power of two."""

    def __init__(self, dim: int) -> None:
        self._index = inverted_file(np.zeros((1, dim), np.float32))
        self._turns = Turns()
        self._changing = threading.Lock()  # one change at a time; a search does not wait for it
        self._training: threading.Thread | None = None
        self._touched: list[Ids] = []  # what has changed since the training began
        self._added = 0  # since the last training, or since it was loaded

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def add(self, ids: Ids, vectors: Matrix) -> None:
        """Add rows; an id that is already there is replaced."""
        with self._changing:
            for low in range(0, len(ids), SLICE):
                part = ids[low : low + SLICE]
                rows = vectors[low : low + SLICE] * UNIT
                with self._turns.changing():
                    self._index.remove_ids(faiss.IDSelectorArray(part))
                    self._index.add_with_ids(rows, part)
            self._changed(ids)
            self._added += len(ids)

    def remove(self, ids: Ids) -> None:
        """Remove rows; unknown ids are ignored."""
        with self._changing:
            with self._turns.changing():
                self._index.remove_ids(faiss.IDSelectorArray(ids))
            self._changed(ids)

    def search(self, vectors: Matrix, k: int, allowed: Ids | None = None) -> tuple[Ids, Matrix]:
        """The `k` best ids and scores a row, best first, padded with -1 and -inf."""
        # FAISS spreads questions over threads, never one question; it is set for each thread apart.
        faiss.omp_set_num_threads(1)
        with self._turns.reading():
            chosen = parameters(self._index, allowed)
            scores, ids = self._index.search(vectors * UNIT, k, params=chosen)
        return ids, np.where(ids < 0, -np.inf, scores / UNIT**2).astype(np.float32)

    def ids(self) -> Ids:
        """Every id in the index."""
        with self._turns.reading():
            return known(self._index)

    def tend(self, *, wait: bool = False) -> None:
        """Train, beside the searches, where the collection has outgrown what was learnt."""
        with self._changing:
            if self._training is None and self._outgrown():
                self._touched = []
                self._training = threading.Thread(target=self._train, name="training")
                self._training.start()
            running = self._training
        if wait and running:
            running.join()

    def save(self, path: Path) -> None:
        """Write the index to one file."""
        with self._changing:
            faiss.write_index(self._index, str(path))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote; the caller has checked the file's digest."""
        index = cls(1)
        index._index = faiss.read_index(str(path))
        return index

    @classmethod
    def about(cls, size: int) -> str:
        """How so many vectors are searched, and what would change it."""
        if size < cls.trained_from:
            return f"exact over {size:,} vectors; trained from {cls.trained_from:,} on"
        return (
            f"trained: {cls._lists(size):,} lists of {size:,} vectors; learnt again at twice that"
        )

    # -- inside -------------------------------------------------------------------------------

    @classmethod
    def _lists(cls, size: int) -> int:
        return int(2 ** round(np.log2(max(size / cls.per_list, 1))))

    def _outgrown(self) -> bool:
        """Whether it has doubled since it learnt its lists, or all of it may have been replaced."""
        size = len(self)
        if size < self.trained_from:
            return False
        return self._lists(size) > self._index.nlist or self._added >= size

    def _changed(self, ids: Ids) -> None:
        if self._training:
            self._touched.append(ids)

    def _train(self) -> None:
        """Make the next inverted file from this one's vectors, and put it in its place."""
        try:
            ids = self.ids()
            trained = inverted_file(centres(self._some, ids, self._lists(len(ids))))
            for low in range(0, len(ids), SLICE):
                go_on()
                trained.add_with_ids(*self._some(ids[low : low + SLICE])[::-1])
            with self._changing:
                touched = np.unique(np.concatenate([np.empty(0, np.int64), *self._touched]))
                trained.remove_ids(faiss.IDSelectorArray(touched))
                trained.add_with_ids(*self._some(touched)[::-1])
                with self._turns.changing():
                    self._index = trained
                self._added = 0
            log.info("the vectors are searched in %d lists now", trained.nlist)
        except Ending:
            log.info("training was given up, because the program ends")
        finally:
            with self._changing:
                self._training, self._touched = None, []

    def _some(self, ids: Ids) -> tuple[Ids, Matrix]:
        """The vectors of these ids as they are kept, and the ids that are there."""
        with self._turns.reading():
            try:
                return ids, np.asarray(self._index.reconstruct_batch(ids), np.float32)
            except RuntimeError:  # at least one is gone: FAISS does not say which
                there = ids[np.isin(ids, known(self._index))]
                return there, np.asarray(self._index.reconstruct_batch(there), np.float32)
