"""Pipeline: the two things that every front door offers, search and ask."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from index.filters import Filter
from index.types import Matrix
from qa.read import PASSAGES_READ
from qa.retrieve import HybridRetriever, Weights
from qa.types import Answer, Found, Reader
from qa.wording import searchable

READINGS = 4
"""At once; others wait. Each has all processors while it is in the model, so two leave them idle in
between: of 24 callers on 2 cores, two at once serve 50 a second, four 59, all of them 61."""


RETRIEVALS = 2
"""At once; Python runs one at a time in any case, and more only wake each other up."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """A question's vector, of shape (dim,), and the seconds that it was waited for."""

    vector: Matrix
    seconds: float


class Pipeline:
    """A retriever and a reader, asked one question at a time, from any thread."""

    def __init__(
        self, retriever: HybridRetriever, reader: Reader, *, readings: int = READINGS
    ) -> None:
        self.retriever = retriever
        self.reader = reader
        self._retrieving = threading.BoundedSemaphore(RETRIEVALS)
        self._reading = threading.BoundedSemaphore(readings)

    def search(
        self,
        question: str,
        *,
        k: int = 10,
        where: Filter | None = None,
        weights: Weights | None = None,
        rerank: bool = False,
        embedded: Embedded | None = None,
    ) -> Found:
        """The passages that fit best; `rerank` lets the reader put the first of them in order.

        `embedded` is the question, where it has been embedded with others.
        """
        text = searchable(question)
        embedded = embedded or self._embedded(text)
        timing, vector = {"embed": embedded.seconds}, embedded.vector
        with _timed(timing, "retrieve"), self._retrieving:
            wanted = max(k, PASSAGES_READ) if rerank else k
            hits, total = self.retriever.retrieve(
                text, vector, wanted, where=where, weights=weights
            )
        if rerank:
            with _timed(timing, "read"), self._reading:
                hits = list(self.reader.read(text, hits).hits[:k])
        return Found(question, tuple(hits), total, timing)

    def ask(
        self,
        question: str,
        *,
        k: int = 3,
        where: Filter | None = None,
        weights: Weights | None = None,
        min_confidence: float | None = None,
        budget_ms: float | None = None,
    ) -> Answer:
        """Up to `k` answers that are sure enough, with the passages they were looked for in.

        Of `budget_ms` the reader has what finding them leaves.
        """
        start = time.perf_counter()
        found = self.search(question, k=max(k, PASSAGES_READ), where=where, weights=weights)
        timing = dict(found.timing)
        with _timed(timing, "read"), self._reading:
            left = budget_ms and max(budget_ms - (time.perf_counter() - start) * 1000, 1.0)
            read = self.reader.read(searchable(question), found.hits, budget_ms=left)
        threshold = self.reader.threshold if min_confidence is None else min_confidence
        given = tuple(span for span in read.spans if span.confidence >= threshold)[:k]
        best = max((span.confidence for span in read.spans), default=0.0)
        return Answer(question, given, replace(found, hits=read.hits), best, timing)

    def _embedded(self, text: str) -> Embedded:
        start = time.perf_counter()
        vector = self.retriever.corpus.embedder.embed_queries([text])[0]
        return Embedded(vector, time.perf_counter() - start)


@contextmanager
def _timed(timing: dict[str, float], stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    timing[stage] = time.perf_counter() - start
