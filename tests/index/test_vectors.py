import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.types import VectorIndex
from index.vectors.exact import ExactIndex
from index.vectors.faiss import FaissIndex

DIM = 16
BYTE = 2e-2
"""How far off a score is whose rows are rounded to bytes, at so few dimensions."""


def rows(count: int, seed: int = 0) -> np.ndarray:
    found = np.random.default_rng(seed).normal(size=(count, DIM)).astype(np.float32)
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found.astype(np.float16).astype(np.float32)


class Small(FaissIndex):
    """Trained from the start of a test's collection on."""

    trained_from = 40
    per_list = 8


@pytest.fixture(params=[ExactIndex, FaissIndex, Small])
def index(request: pytest.FixtureRequest) -> VectorIndex:
    return request.param(DIM)


def test_the_reference_orders_by_inner_product() -> None:
    index = ExactIndex(2)
    index.add(np.array([7, 3, 5]), np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32))
    ids, scores = index.search(np.array([[1, 0]], np.float32), 4)
    assert ids.tolist() == [[7, 5, 3, -1]]
    assert scores[0, :3].tolist() == pytest.approx([1, 0.6, 0])


def test_an_empty_index_finds_nothing(index: VectorIndex) -> None:
    ids, scores = index.search(rows(1), 3)
    assert ids.tolist() == [[-1, -1, -1]]
    assert (scores == -np.inf).all()
    index.remove(np.array([1]))
    assert len(index) == 0


def test_an_id_that_is_added_again_is_replaced(index: VectorIndex) -> None:
    vectors = rows(2)
    index.add(np.array([1]), vectors[:1])
    index.add(np.array([1]), vectors[1:])
    assert len(index) == 1
    ids, scores = index.search(vectors[1:], 2)
    assert ids.tolist() == [[1, -1]]
    assert scores[0, 0] == pytest.approx(1, abs=2e-2)


def test_a_saved_index_is_the_same_when_loaded(index: VectorIndex, tmp_path: Path) -> None:
    index.add(np.arange(50) * 3, rows(50))
    index.tend(wait=True)
    index.save(tmp_path / "file")
    again = type(index).load(tmp_path / "file")
    assert sorted(again.ids()) == sorted(index.ids())
    assert (again.search(rows(3, 1), 7)[0] == index.search(rows(3, 1), 7)[0]).all()


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["add", "remove", "tend"]), st.lists(st.integers(0, 90), max_size=40)
        ),
        max_size=12,
    ),
    st.lists(st.integers(0, 90), max_size=30),
    st.integers(1, 10),
)
def test_faiss_agrees_with_the_reference_after_any_history(
    steps: list[tuple[str, list[int]]], allowed: list[int], k: int
) -> None:
    ours, reference = Small(DIM), ExactIndex(DIM)
    for number, (step, keys) in enumerate(steps):
        ids = np.unique(np.array(keys, np.int64))
        for index in (ours, reference):
            if step == "add":
                index.add(ids, rows(len(ids), number))
            elif step == "remove":
                index.remove(ids)
            else:
                index.tend(wait=number % 2 == 0)
    assert sorted(ours.ids()) == sorted(reference.ids())
    question = rows(2, 99)
    for within in (None, np.unique(np.array(allowed, np.int64))):
        found, scores = ours.search(question, k, within)
        expected, best = reference.search(question, k, within)
        assert np.allclose(scores, best, atol=BYTE)
        known = np.where(np.isinf(best), -9 - np.arange(k), best)
        gaps = np.abs(np.diff(known, axis=1)) > 2 * BYTE  # such may stand in either order
        if gaps.all():
            assert (found[:, :-1] == expected[:, :-1]).all()
    ours.tend(wait=True)


def test_a_large_collection_is_trained_and_agrees_with_the_reference() -> None:
    ours, reference = Small(DIM), ExactIndex(DIM)
    for index in (ours, reference):
        index.add(np.arange(4000), rows(4000))
        index.tend(wait=True)
    assert ours._index.nlist == 512
    found, expected = (index.search(rows(50, 1), 10)[0] for index in (ours, reference))
    shared = [len(set(a) & set(b)) / 10 for a, b in zip(found, expected, strict=True)]
    assert np.mean(shared) > 0.5  # gaussian noise has no neighbourhoods; of texts it is more
    allowed = np.arange(0, 4000, 37)
    found, expected = (index.search(rows(9, 2), 3, allowed)[0] for index in (ours, reference))
    assert np.mean(found == expected) > 0.9


def test_it_is_trained_again_when_it_has_doubled_or_been_replaced() -> None:
    index = Small(DIM)
    index.add(np.arange(64), rows(64))
    index.tend(wait=True)
    first = index._index
    index.add(np.arange(64, 84), rows(20))
    index.tend(wait=True)
    assert index._index is first
    index.add(np.arange(84, 130), rows(46))
    index.tend(wait=True)
    second = index._index
    assert second is not first
    for low in range(130, 330, 100):
        index.remove(np.arange(low - 100, low))
        index.add(np.arange(low, low + 100), rows(100))
    index.tend(wait=True)
    assert index._index is not second


def test_searches_and_changes_go_on_during_training() -> None:
    index, question = Small(DIM), rows(1, 5)
    index.add(np.arange(3000), rows(3000))
    ends, failures = threading.Event(), []
    gone = np.zeros(4000, bool)

    def search() -> None:
        while not ends.is_set():
            before = gone.copy()
            ids, scores = index.search(question, 20)
            if (ids < 0).any() or before[ids].any() or not np.isfinite(scores).all():
                failures.append(ids)

    searching = threading.Thread(target=search)
    searching.start()
    for number in range(40):
        index.tend()
        ids = np.arange(3000 + 20 * number, 3020 + 20 * number)
        index.add(ids, rows(20, number))
        removed = index.search(question, 3)[0][0]
        index.remove(removed)
        gone[removed] = True
        ours = index.search(rows(20, number), 1, ids)[0][:, 0]
        assert set(ours) <= set(ids) - set(removed)
    index.tend(wait=True)
    ends.set()
    searching.join()
    assert not failures
    assert index._index.nlist > 1
    assert sorted(index.ids()) == np.flatnonzero(~gone[: 3000 + 800]).tolist()


@pytest.mark.parametrize("engine", [ExactIndex, FaissIndex])
def test_it_says_how_it_searches(engine: type[VectorIndex]) -> None:
    assert engine.about(12_000).startswith("exact over 12,000 vectors")


def test_it_says_what_would_change_how_it_searches() -> None:
    assert "trained from 200,000 on" in FaissIndex.about(12_000)
    assert "2,048 lists of 1,000,000 vectors" in FaissIndex.about(1_000_000)
