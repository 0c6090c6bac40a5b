"""From a model's logits to the spans that it would answer with."""

import re
from collections.abc import Sequence

import numpy as np
from tokenizers import Encoding

from index.types import Matrix
from qa.types import Mark

LONGEST = 30
"""Tokens of an answer."""
TRIED = 20
"""Starts, and ends, that are combined."""
KEPT = 3
"""Spans of one window."""
BREAK = re.compile(r"\n\s*\n")
"""Between paragraphs."""


def marks(
    starts: Matrix,
    ends: Matrix,
    places: Sequence[tuple[int, int] | None],
    no_answer: float = 0.0,
    *,
    text: str = "",
) -> tuple[Mark, ...]:
    """The best spans that do not overlap, best first; none goes over a blank line of `text`.

    `starts` and `ends` are logits, of shape (tokens,); `places[i]` is the place in the window of
    the word that token `i` belongs to, None where no answer may be; `no_answer` is what a start and
    an end together are compared with.
    """
    able = np.array([token for token, word in enumerate(places) if word is not None])
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
        begin, end = places[first[row]], places[last[column]]
        if begin is None or end is None:  # never: both are able
            continue
        mark = Mark(begin[0], end[1], float(sums[row, column]))
        if BREAK.search(text, mark.start, mark.end):
            continue
        if all(mark.end <= one.start or one.end <= mark.start for one in found):
            found.append(mark)
        if len(found) == KEPT:
            break
    return tuple(found)


def words(piece: Encoding, head: int) -> list[tuple[int, int] | None]:
    """For each token of the second text the place of its whole word behind the first `head`."""
    whole: dict[int, tuple[int, int]] = {}
    for word, side, (start, end) in zip(
        piece.word_ids, piece.sequence_ids, piece.offsets, strict=True
    ):
        if word is not None and side == 1:
            first, last = whole.get(word, (start, end))
            whole[word] = (min(first, start), max(last, end))
    return [
        (whole[word][0] - head, whole[word][1] - head)
        if word is not None and side == 1 and whole[word][0] >= head
        else None
        for word, side in zip(piece.word_ids, piece.sequence_ids, strict=True)
    ]


def merged(readings: Sequence[tuple[Mark, ...]]) -> tuple[Mark, ...]:
    """The best of several overlapping pieces of one window."""
    found: list[Mark] = []
    for mark in sorted((one for each in readings for one in each), key=lambda one: -one.score):
        if all(mark.end <= one.start or one.end <= mark.start for one in found):
            found.append(mark)
    return tuple(found[:KEPT])
