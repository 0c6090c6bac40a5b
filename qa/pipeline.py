"""Pipeline: the two things that every front door offers, search and ask."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from index.filters import Filter
from qa.read import PASSAGES_READ
from qa.retrieve import HybridRetriever, Weights
from qa.types import Answer, Found, Reader
from qa.wording import searchable


class Pipeline:
    """A retriever and a reader, asked one question at a time, from any thread."""

    def __init__(self, retriever: HybridRetriever, reader: Reader) -> None:
        self.retriever = retriever
        self.reader = reader

    def search(
        self,
        question: str,
        *,
        k: int = 10,
        where: Filter | None = None,
        weights: Weights | None = None,
    ) -> Found:
        """The passages that fit best."""
        timing: dict[str, float] = {}
        text = searchable(question)
        with _timed(timing, "embed"):
            vector = self.retriever.corpus.embedder.embed_queries([text])[0]
        with _timed(timing, "retrieve"):
            hits, total = self.retriever.retrieve(text, vector, k, where=where, weights=weights)
        return Found(question, tuple(hits), total, timing)

    def ask(
        self,
        question: str,
        *,
        k: int = 3,
        where: Filter | None = None,
        weights: Weights | None = None,
        min_confidence: float | None = None,
    ) -> Answer:
        """Up to `k` answers that are sure enough, with the passages they were looked for in."""
        found = self.search(question, k=max(k, PASSAGES_READ), where=where, weights=weights)
        timing = dict(found.timing)
        with _timed(timing, "read"):
            spans = self.reader.read(searchable(question), found.hits)
        threshold = self.reader.threshold if min_confidence is None else min_confidence
        given = tuple(span for span in spans if span.confidence >= threshold)[:k]
        best = max((span.confidence for span in spans), default=0.0)
        return Answer(question, given, found, best, timing)


@contextmanager
def _timed(timing: dict[str, float], stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    timing[stage] = time.perf_counter() - start
