"""The reference vector index: numpy, exact, in memory; every engine is tested against it."""

from pathlib import Path
from typing import Self

import numpy as np

from index.types import Ids, Matrix


class ExactIndex:
    """Brute-force inner product over one float32 matrix."""

    def __init__(self, dim: int) -> None:
        self._ids: Ids = np.empty(0, np.int64)
        self._rows: Matrix = np.empty((0, dim), np.float32)

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, ids: Ids, vectors: Matrix) -> None:
        """Add rows; an id that is already there is replaced."""
        keep = ~np.isin(self._ids, ids)
        self._ids = np.concatenate([self._ids[keep], ids])
        self._rows = np.concatenate([self._rows[keep], vectors])

    def remove(self, ids: Ids) -> None:
        """Remove rows; unknown ids are ignored."""
        keep = ~np.isin(self._ids, ids)
        self._ids, self._rows = self._ids[keep], self._rows[keep]

    def search(self, vectors: Matrix, k: int, allowed: Ids | None = None) -> tuple[Ids, Matrix]:
        """The `k` best ids and scores a row, best first, padded with -1 and -inf."""
        ids, rows = self._ids, self._rows
        if allowed is not None:
            keep = np.isin(ids, allowed)
            ids, rows = ids[keep], rows[keep]
        scores = vectors @ rows.T
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        found = np.full((len(vectors), k), -1, np.int64)
        best = np.full((len(vectors), k), -np.inf, np.float32)
        found[:, : order.shape[1]] = ids[order]
        best[:, : order.shape[1]] = np.take_along_axis(scores, order, axis=1)
        return found, best

    def tend(self, *, wait: bool = False) -> None:
        """Nothing is ever due."""

    def ids(self) -> Ids:
        """Every id in the index."""
        return self._ids

    def save(self, path: Path) -> None:
        """Write ids and rows as one numpy archive."""
        with path.open("wb") as file:
            np.savez(file, ids=self._ids, rows=self._rows)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote; nothing in it is executed."""
        with np.load(path, allow_pickle=False) as archive:
            index = cls(archive["rows"].shape[1])
            index._ids, index._rows = archive["ids"], archive["rows"]
        return index

    @classmethod
    def about(cls, size: int) -> str:
        """Always in the same way."""
        return f"exact over {size:,} vectors, in numpy"
