"""BatchedEmbedder: an embedder for many threads; questions share its calls and go before passages.

Passages go in slices of some milliseconds, which begin while no question is in the model.
"""

import time
from collections.abc import Callable, Sequence
from typing import cast

import numpy as np

from index.batch import Batcher, Load
from index.cache import Cache
from index.types import Embedder, Matrix, Spans

SLICE_S = 0.015
"""What a slice should take; a passage is never divided."""
INERTIA = 0.7
"""How much the pace known before counts beside the one just measured."""
LONGEST_TITLE = 200
"""Characters of a title that embedders read."""


class Pace:
    """How many texts are computed in a slice's time, learnt from the slices before."""

    def __init__(self, at_once: int = 1) -> None:
        """So many texts take hardly longer than one."""
        self._at_once = at_once
        self._each = 0.0  # seconds a character, of which the longest text's count for every text

    def fits(self, longest: int) -> int:
        """How many texts of this length; as many as go at once in any case."""
        times = max(1, round(SLICE_S / (self._each * longest))) if self._each else 1
        return times * self._at_once

    def learn(self, longest: int, texts: int, seconds: float) -> None:
        """What a slice took, of so many texts of up to so many characters."""
        measured = seconds / (longest * -(-texts // self._at_once))
        self._each = INERTIA * self._each + (1 - INERTIA) * measured if self._each else measured


class BatchedEmbedder:
    """Any embedder of which one thread may embed a question while another embeds passages.

    The vectors of so many questions are remembered; `clock` gives seconds.
    """

    def __init__(
        self,
        embedder: Embedder,
        *,
        remembered: int = 0,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.name = embedder.name
        self.dim = embedder.dim
        self._embedder = embedder
        self._clock = clock
        self._batcher = Batcher[str, Matrix](embedder.embed_queries)
        self._vectors = Cache[Matrix](remembered)
        self._question_pace, self._passage_pace = Pace(), Pace(getattr(embedder, "at_once", 1))

    def embed_queries(self, texts: Sequence[str]) -> Matrix:
        """A row a question. Several at once are nobody's question that waits for an answer."""
        if len(texts) == 1:
            return self.embed_waiting(texts)[0][None]
        rows = np.empty((len(texts), self.dim), np.float32)

        def embed(part: list[int]) -> None:
            rows[part] = self._embedder.embed_queries([texts[i] for i in part])

        self._in_slices([len(text) for text in texts], embed, self._question_pace)
        return rows

    def embed_waiting(self, texts: Sequence[str]) -> list[Matrix]:
        """A vector of shape (dim,) a question, where somebody waits for each: all in one call."""
        found = {text: self._vectors.get(text) for text in texts}
        new = [text for text, vector in found.items() if vector is None]
        for text, row in zip(new, self._batcher(new) if new else [], strict=True):
            vector = row.copy()  # not a view that keeps the whole batch
            vector.setflags(write=False)
            self._vectors.put(text, vector, vector.nbytes)
            found[text] = vector
        return [cast(Matrix, found[text]) for text in texts]

    def embed_passages(
        self, titles: Sequence[str], texts: Sequence[str], sentences: Sequence[Spans]
    ) -> tuple[Matrix, list[Matrix]]:
        """A row a passage, and for each a row a sentence."""
        whole = np.empty((len(texts), self.dim), np.float32)
        parts = [whole[:0]] * len(texts)

        def embed(part: list[int]) -> None:
            rows, pieces = self._embedder.embed_passages(
                [titles[i] for i in part], [texts[i] for i in part], [sentences[i] for i in part]
            )
            for i, row, piece in zip(part, rows, pieces, strict=True):
                whole[i], parts[i] = row, piece

        heads = [min(len(title), LONGEST_TITLE) for title in titles]
        sizes = [a + len(b) for a, b in zip(heads, texts, strict=True)]
        self._in_slices(sizes, embed, self._passage_pace)
        return whole, parts

    def load(self) -> Load:
        """What waits for the model, and what was done."""
        return self._batcher.load()

    def remembered(self) -> tuple[int, int]:
        """How many questions were remembered, and how many were not."""
        return self._vectors.hits, self._vectors.misses

    def close(self) -> None:
        """Whoever waits for the model is told that it is over."""
        self._batcher.close()

    def _in_slices(
        self, sizes: Sequence[int], embed: Callable[[list[int]], None], pace: Pace
    ) -> None:
        """All texts, those of like length together, with the model in turns with the questions."""
        left = sorted(range(len(sizes)), key=lambda i: sizes[i])
        while left:
            with self._batcher.slice():
                longest, start = max(sizes[left[-1]], 1), self._clock()
                fit = min(pace.fits(longest), len(left))
                part = [left.pop() for _ in range(fit)]
                embed(part)
                pace.learn(longest, len(part), self._clock() - start)
