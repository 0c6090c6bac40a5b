"""Late chunking: a passage's sentences get the mean of their own token vectors from one pass.

arXiv 2409.04701. What every model that runs it has in common.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from index.types import Matrix, Spans

TITLE_CHARACTERS = 200
"""Of a title that stand before the passage; more would push the passage out of the window."""


def heads(titles: Sequence[str]) -> list[str]:
    """What stands before each passage."""
    return [f"{title[:TITLE_CHARACTERS]}\n" if title else "" for title in titles]


def mean_by_sentence(tokens: Matrix, offsets: Any, spans: Spans, whole: Matrix) -> Matrix:
    """Rows of one passage's sentences; one that was cut off takes the passage's vector."""
    starts, ends = offsets[:, 0], offsets[:, 1]
    rows = np.empty((len(spans), tokens.shape[1]), np.float32)
    for row, (low, high) in zip(rows, spans, strict=True):
        inside = (starts >= low) & (ends <= high) & (ends > starts)
        row[:] = tokens[inside].mean(axis=0) if inside.any() else whole
    return unit(rows)


def unit(rows: Matrix) -> Matrix:
    """The rows at length one."""
    norms = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.maximum(norms, 1e-12), np.float32)
