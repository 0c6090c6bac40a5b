"""Coded vectors: as the store keeps them, four bytes of scale a row, then a byte a number."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.types import Ids, Matrix

MOST = 127
"""What the largest number of a row becomes; cosines are off by less than 0.001 for it."""
HEAD = np.dtype("<f4")


@dataclass(frozen=True, slots=True)
class Coded:
    """Rows of small integers, each with the number that they are multiplied by."""

    codes: npt.NDArray[np.int8]
    scales: Matrix

    @classmethod
    def of(cls, rows: Matrix) -> "Coded":
        """These rows, rounded."""
        largest = np.abs(rows).max(axis=1, initial=0)
        scales = (largest / MOST).astype(np.float32)
        divisor = np.where(scales > 0, scales, 1)[:, None]
        return cls(np.rint(rows / divisor).astype(np.int8), scales)

    @classmethod
    def parsed(cls, blobs: Iterable[bytes], dim: int) -> "Coded":
        """What `packed` gave for some passages, in one piece; raises ValueError."""
        return cls.unpacked(
            np.frombuffer(b"".join(blobs), np.uint8).reshape(-1, HEAD.itemsize + dim)
        )

    @classmethod
    def unpacked(cls, raw: npt.NDArray[np.uint8]) -> "Coded":
        """Rows of bytes as `packed` gives them, one after the other."""
        scales = raw[:, : HEAD.itemsize].copy().view(HEAD)[:, 0]
        return cls(raw[:, HEAD.itemsize :].view(np.int8), scales.astype(np.float32, copy=False))

    def packed(self) -> bytes:
        """Row after row, the scale before its numbers."""
        heads = self.scales.astype(HEAD)[:, None].view(np.uint8)
        return np.concatenate([heads, self.codes.view(np.uint8)], axis=1).tobytes()

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, places: Ids) -> "Coded":
        return Coded(self.codes[places], self.scales[places])

    def rows(self) -> Matrix:
        """As they were, but for the rounding."""
        return self.codes.astype(np.float32) * self.scales[:, None]

    def dot(self, vector: Matrix) -> Matrix:
        """The inner product of each row with a vector."""
        # Not @: OpenBLAS would have a thread of its own spin beside it, a third of all the work.
        return np.asarray(
            np.vecdot(self.codes.astype(np.float32), vector) * self.scales, np.float32
        )


@dataclass(frozen=True, slots=True)
class Stored:
    """The vectors of some passages: of each its own, then one a sentence."""

    ids: Ids
    """In order; those that are gone are left out."""
    starts: Ids
    """Where in `vectors` each passage's own is."""
    vectors: Coded

    @classmethod
    def of(cls, ids: Ids, matrices: Sequence[Matrix]) -> "Stored":
        """A matrix a passage: its own row, then one a sentence."""
        sizes = np.array([len(one) for one in matrices], np.int64)
        return cls(ids, np.cumsum(sizes) - sizes, Coded.of(np.concatenate(matrices)))
