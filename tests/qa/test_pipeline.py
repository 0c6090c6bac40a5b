import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from index.types import Hit
from qa.pipeline import Pipeline
from qa.types import Read, Reader, Span


def test_search_says_what_was_found_and_how_long_it_took(pipeline: Pipeline) -> None:
    found = pipeline.search("who is in Geneva?", k=2)
    assert found.hits[0].passage.title == "US, Russia to meet"
    assert len(found.hits) == 2
    assert found.total == 3
    assert set(found.timing) == {"embed", "retrieve"}


def test_ask_gives_the_answers_that_are_sure_enough(pipeline: Pipeline) -> None:
    answer = pipeline.ask("officials meet Russian counterparts in Geneva", k=3)
    assert "Russian counterparts" in answer.spans[0].text
    assert answer.confidence == answer.spans[0].confidence >= pipeline.reader.threshold
    assert set(answer.timing) == {"embed", "retrieve", "read"}


def test_ask_abstains_and_still_shows_the_passages(pipeline: Pipeline) -> None:
    answer = pipeline.ask("which dinosaurs lived longest?")
    assert answer.spans == ()
    assert len(answer.found.hits) == 3
    assert answer.confidence < pipeline.reader.threshold


def test_another_threshold_can_be_asked_for(pipeline: Pipeline) -> None:
    assert len(pipeline.ask("dinosaurs", k=2, min_confidence=0.0).spans) == 2
    assert pipeline.ask("officials in Geneva", min_confidence=1.0).spans == ()


class Slow:
    """Reads when it is told to, and notes how many read at once."""

    def __init__(self, reader: Reader) -> None:
        self.name, self.threshold = reader.name, reader.threshold
        self.go_on = threading.Event()
        self.begun = threading.Semaphore(0)
        self.within = self.most = 0
        self._lock = threading.Lock()

    def read(self, question: str, hits: Sequence[Hit], *, budget_ms: float | None = None) -> Read:
        with self._lock:
            self.within += 1
            self.most = max(self.most, self.within)
        self.begun.release()
        assert self.go_on.wait(30)
        with self._lock:
            self.within -= 1
        return Read((), tuple(hits))

    def evidence(self, question: str, hits: Sequence[Hit]) -> list[tuple[Span, dict[str, float]]]:
        raise NotImplementedError


def test_so_many_read_at_once_and_no_more(pipeline: Pipeline) -> None:
    slow = Slow(pipeline.reader)
    pipeline = Pipeline(pipeline.retriever, slow, readings=2)
    with ThreadPoolExecutor(6) as threads:
        asked = [threads.submit(pipeline.ask, "who is in Geneva?") for _ in range(3)]
        ranked = [threads.submit(pipeline.search, "harbour", rerank=True) for _ in range(3)]
        for _ in range(2):
            assert slow.begun.acquire(timeout=30)
        slow.go_on.set()
        assert all(len(future.result(30).found.hits) == 3 for future in asked)
        assert all(len(future.result(30).hits) == 3 for future in ranked)
    assert slow.most == 2
