"""From a model's logits to the spans that it would answer with."""

from collections.abc import Sequence

import numpy as np

from index.types import Matrix
from qa.types import Mark

LONGEST = 30
"""Tokens of an answer."""
TRIED = 20
"""Starts, and ends, that are combined."""
KEPT = 3
"""Spans of one window."""


def marks(
    starts: Matrix, ends: Matrix, words: Sequence[tuple[int, int] | None], no_answer: float = 0.0
) -> tuple[Mark, ...]:
    """The best spans that do not overlap, best first.

    `starts` and `ends` are logits, of shape (tokens,); `words[i]` is the place in the window of the
    word that token `i` belongs to, None where no answer may be; `no_answer` is what a start and an
    end together are compared with.
    """
    able = np.array([place for place, word in enumerate(words) if word is not None])
    if not len(able):
        return ()
    first = able[np.argsort(-starts[able], kind="stable")[:TRIED]]
    last = able[np.argsort(-ends[able], kind="stable")[:TRIED]]
    sums = starts[first][:, None] + ends[last][None, :] - no_answer
    length = last[None, :] - first[:, None]
    rows, columns = np.nonzero((length >= 0) & (length < LONGEST))
    found: list[Mark] = []
    for place in np.argsort(-sums[rows, columns], kind="stable"):
        row, column = rows[place], columns[place]
        begin, end = words[first[row]], words[last[column]]
        if begin is None or end is None:  # never: both are able
            continue
        mark = Mark(begin[0], end[1], float(sums[row, column]))
        if all(mark.end <= one.start or one.end <= mark.start for one in found):
            found.append(mark)
        if len(found) == KEPT:
            break
    return tuple(found)


def merged(readings: Sequence[tuple[Mark, ...]]) -> tuple[Mark, ...]:
    """The best of several overlapping pieces of one window."""
    found: list[Mark] = []
    for mark in sorted((one for each in readings for one in each), key=lambda one: -one.score):
        if all(mark.end <= one.start or one.end <= mark.start for one in found):
            found.append(mark)
    return tuple(found[:KEPT])
