"""The default vector index: FAISS, exact inner product over 16-bit floats."""

import threading
from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np

from index.types import Ids, Matrix

# FAISS spreads questions over threads, never one question: with one at a time more threads only
# wait for each other (measured on a busy machine: 75 ms a search with OpenMP's default, 1 without).
faiss.omp_set_num_threads(1)


class FaissIndex:
    """`IndexIDMap2` over a 16-bit scalar quantiser: half the memory of float32, no training.

    FAISS forbids searching while it is changed, hence the lock.
    """

    def __init__(self, dim: int) -> None:
        flat = faiss.IndexScalarQuantizer(
            dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        self._index: Any = faiss.IndexIDMap2(flat)
        self._highest = -1
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def add(self, ids: Ids, vectors: Matrix) -> None:
        """Add rows; an id that is already there is replaced."""
        with self._lock:
            # To look for ids takes a pass over all rows: not for those that never were there.
            if ids.min(initial=self._highest + 1) <= self._highest:
                self._index.remove_ids(faiss.IDSelectorBatch(ids))
            self._index.add_with_ids(np.ascontiguousarray(vectors), ids)
            self._highest = max(self._highest, int(ids.max(initial=-1)))

    def remove(self, ids: Ids) -> None:
        """Remove rows; unknown ids are ignored."""
        with self._lock:
            self._index.remove_ids(faiss.IDSelectorBatch(ids))

    def search(self, vectors: Matrix, k: int, allowed: Ids | None = None) -> tuple[Ids, Matrix]:
        """The `k` best ids and scores a row, best first, padded with -1 and -inf."""
        parameters = None
        if allowed is not None:
            parameters = faiss.SearchParameters(  # type: ignore[call-arg]
                sel=faiss.IDSelectorBatch(allowed)
            )
        with self._lock:
            scores, ids = self._index.search(vectors, k, params=parameters)
        return ids, np.where(ids < 0, -np.inf, scores).astype(np.float32)

    def rows(self, ids: Ids) -> Matrix:
        """The vectors of these ids, a row each; NaN for an unknown id."""
        with self._lock:
            try:
                return np.asarray(self._index.reconstruct_batch(ids), np.float32)
            except RuntimeError:  # at least one is gone: FAISS does not say which
                known = np.isin(ids, faiss.vector_to_array(self._index.id_map))
                result = np.full((len(ids), self._index.d), np.nan, np.float32)
                if known.any():
                    result[known] = self._index.reconstruct_batch(ids[known])
                return result

    def ids(self) -> Ids:
        """Every id in the index."""
        with self._lock:
            return np.asarray(faiss.vector_to_array(self._index.id_map), np.int64)

    def save(self, path: Path) -> None:
        """Write the index to one file."""
        with self._lock:
            faiss.write_index(self._index, str(path))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote; the caller has checked the file's digest."""
        index = cls.__new__(cls)
        index._index = faiss.read_index(str(path))
        index._lock = threading.Lock()
        index._highest = int(index.ids().max(initial=-1))
        return index
