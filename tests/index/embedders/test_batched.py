import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from index.embedders.batched import SLICE_S, BatchedEmbedder, Pace
from index.embedders.hashing import HashingEmbedder
from index.errors import NotReady
from index.types import Matrix, Spans

TEXTS = ["Dockers won a rise.", "The harbour of Östmere reopened on Monday.", "", "Rain. Snow."]
TITLES = ["Strike ends", "", "Only a title", "Weather " * 50]
SENTENCES = [[(0, 19)], [(0, 42)], [], [(0, 5), (6, 11)]]
A_CHARACTER_S = 0.0001


class Recording:
    """Real vectors; notes who was embedded together, and takes its time by a clock of its own."""

    def __init__(self) -> None:
        self.inner = HashingEmbedder()
        self.name, self.dim = self.inner.name, self.inner.dim
        self.at_once = 1
        self.calls: list[list[str]] = []
        self.now = 0.0

    def embed_queries(self, texts: Sequence[str]) -> Matrix:
        self._take(texts, texts)
        return self.inner.embed_queries(texts)

    def embed_passages(
        self, titles: Sequence[str], texts: Sequence[str], sentences: Sequence[Spans]
    ) -> tuple[Matrix, list[Matrix]]:
        self._take(texts, [title[:200] + text for title, text in zip(titles, texts, strict=True)])
        return self.inner.embed_passages(titles, texts, sentences)

    def _take(self, texts: Sequence[str], read: Sequence[str]) -> None:
        self.calls.append(list(texts))
        self.now += A_CHARACTER_S * len(read) * max(map(len, read))


@pytest.fixture
def recording() -> Recording:
    return Recording()


@pytest.fixture
def batched(recording: Recording) -> BatchedEmbedder:
    return BatchedEmbedder(recording, remembered=2, clock=lambda: recording.now)


def test_it_goes_by_the_name_of_what_it_wraps(batched: BatchedEmbedder) -> None:
    assert (batched.name, batched.dim) == ("hashing-256", 256)


def test_passages_get_the_vectors_that_they_always_got(batched: BatchedEmbedder) -> None:
    whole, parts = batched.embed_passages(TITLES, TEXTS, SENTENCES)
    expected, pieces = HashingEmbedder().embed_passages(TITLES, TEXTS, SENTENCES)
    np.testing.assert_array_equal(whole, expected)
    assert len(parts) == len(pieces)
    for part, piece in zip(parts, pieces, strict=True):
        np.testing.assert_array_equal(part, piece)


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_questions_get_the_vectors_that_they_always_got(
    batched: BatchedEmbedder, count: int
) -> None:
    rows = batched.embed_queries(TEXTS[:count])
    np.testing.assert_array_equal(rows, HashingEmbedder().embed_queries(TEXTS[:count]))


def test_slices_are_as_large_as_their_time_allows(
    batched: BatchedEmbedder, recording: Recording
) -> None:
    texts = ["x" * length for length in (60, 30, 30, 30, 30, 30, 10, 10, 10)]
    batched.embed_passages([""] * 9, texts, [[]] * 9)
    # Nothing is known before the first; then a slice has room for 150 characters, padded.
    assert [[len(text) for text in call] for call in recording.calls] == [
        [60],
        [30, 30, 30, 30, 30],
        [10, 10, 10],
    ]


def test_a_passage_is_never_divided(batched: BatchedEmbedder, recording: Recording) -> None:
    batched.embed_passages(["", ""], ["x" * 5000, "x" * 5000], [[], []])
    assert [len(call) for call in recording.calls] == [1, 1]


def test_as_many_passages_go_at_once_as_the_embedder_likes(recording: Recording) -> None:
    recording.at_once = 4
    batched = BatchedEmbedder(recording, clock=lambda: recording.now)
    batched.embed_passages([""] * 10, ["x" * 60] * 10, [[]] * 10)
    assert [len(call) for call in recording.calls] == [4, 4, 2]


def test_the_pace_is_learnt_and_one_slow_slice_is_forgotten() -> None:
    pace = Pace()
    assert pace.fits(100) == 1
    pace.learn(100, 1, SLICE_S / 10)
    assert pace.fits(100) == 10
    pace.learn(100, 1, SLICE_S * 10)
    assert pace.fits(100) == 1
    for _ in range(20):
        pace.learn(100, 1, SLICE_S / 10)
    assert pace.fits(100) in (9, 10)


def test_the_pace_counts_what_goes_at_once_as_one() -> None:
    pace = Pace(4)
    assert pace.fits(100) == 4
    pace.learn(100, 8, SLICE_S)  # twice four
    assert pace.fits(100) == 8
    pace.learn(100, 1, SLICE_S * 100)
    assert pace.fits(100) == 4


def test_the_last_questions_are_remembered(batched: BatchedEmbedder, recording: Recording) -> None:
    first = batched.embed_queries(["rain"])
    again = batched.embed_queries(["rain"])
    np.testing.assert_array_equal(first, again)
    for text in ("snow", "hail", "rain"):
        batched.embed_queries([text])
    assert recording.calls == [["rain"], ["snow"], ["hail"], ["rain"]]
    assert batched.remembered() == (1, 4)


def test_questions_that_are_waited_for_go_in_one_call_but_for_those_remembered(
    batched: BatchedEmbedder, recording: Recording
) -> None:
    batched.embed_queries(["rain"])
    found = batched.embed_waiting(["snow", "rain", "hail", "snow"])
    assert recording.calls == [["rain"], ["snow", "hail"]]
    expected = HashingEmbedder().embed_queries(["snow", "rain", "hail", "snow"])
    np.testing.assert_array_equal(found, expected)
    assert batched.embed_waiting([]) == []
    batched.embed_queries(["hail"])
    assert len(recording.calls) == 2


def test_what_is_remembered_cannot_be_changed(batched: BatchedEmbedder) -> None:
    with pytest.raises(ValueError, match="read-only"):
        batched.embed_queries(["rain"])[0] += 1


def test_nothing_is_remembered_where_that_is_not_wanted(recording: Recording) -> None:
    batched = BatchedEmbedder(recording)
    for _ in range(2):
        batched.embed_queries(["rain"])
    assert recording.calls == [["rain"], ["rain"]]


def test_questions_of_many_threads_come_out_right_beside_passages() -> None:
    batched = BatchedEmbedder(HashingEmbedder())
    questions = [f"who was in place {number}?" for number in range(200)]
    start = threading.Barrier(21)

    def ask(part: list[str]) -> list[Matrix]:
        start.wait(30)
        return [batched.embed_queries([text])[0] for text in part]

    with ThreadPoolExecutor(21) as pool:
        asked = [pool.submit(ask, questions[low : low + 10]) for low in range(0, 200, 10)]
        start.wait(30)
        whole, _ = batched.embed_passages([""] * 200, questions, [[]] * 200)
        found = np.stack([row for future in asked for row in future.result(30)])
    expected = HashingEmbedder().embed_queries(questions)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(whole, expected)
    assert batched.load().batched == 200


def test_an_error_of_the_model_is_told_and_leaves_it_free(recording: Recording) -> None:
    batched = BatchedEmbedder(recording)
    with pytest.raises(IndexError):
        batched.embed_passages(["one"], ["text"], [])
    assert len(batched.embed_queries(["rain"])) == 1


def test_nothing_is_embedded_after_the_end(batched: BatchedEmbedder) -> None:
    batched.close()
    with pytest.raises(NotReady):
        batched.embed_queries(["rain"])
    with pytest.raises(NotReady):
        batched.embed_passages(["one"], ["text"], [[]])
