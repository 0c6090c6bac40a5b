import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.batch import PATIENCE, Batcher, Load
from index.errors import NotReady, Overloaded

PATIENT = 30.0
"""Seconds; only a test that fails waits so long."""


class Model:
    """Doubles numbers, one batch at a time, and stops in the middle of one where it is told to."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.inside = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()
        self._one = threading.Lock()

    def __call__(self, items: list[int]) -> list[int]:
        assert self._one.acquire(blocking=False), "two calls at once"
        try:
            self.batches.append(items)
            self.inside.set()
            assert self.go_on.wait(PATIENT)
            if -1 in items:
                raise ValueError("no such number")
            return [2 * item for item in items]
        finally:
            self._one.release()


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(80) as pool:
        yield pool


def until(reached: Callable[[], bool]) -> None:
    """Wait for what other threads do; it is the order that matters, never the time."""
    for _ in range(30_000):
        if reached():
            return
        threading.Event().wait(0.001)
    raise AssertionError("it never came")


@contextmanager
def held(batcher: Batcher[int, int], model: Model, threads: ThreadPoolExecutor) -> Iterator[None]:
    """While the model is busy with the number 0."""
    model.go_on.clear()
    first = threads.submit(one, batcher, 0)
    assert model.inside.wait(PATIENT)
    try:
        yield
    finally:
        model.go_on.set()
    assert first.result(PATIENT) == 0


def asked(
    batcher: Batcher[int, int], threads: ThreadPoolExecutor, *items: int
) -> list[Future[int]]:
    """Questions that wait, one behind the other."""
    found = []
    for item in items:
        before = batcher.load().questions
        found.append(threads.submit(one, batcher, item))
        until(lambda before=before: batcher.load().questions > before)  # type: ignore[misc]
    return found


def slicing(
    batcher: Batcher[int, int], threads: ThreadPoolExecutor, model: Model, name: int
) -> Future[None]:
    """Work that waits for its turn, and is noted among the batches."""

    def work() -> None:
        with batcher.slice():
            model.batches.append([name])

    before = batcher.load().slices
    future = threads.submit(work)
    until(lambda: batcher.load().slices > before)
    return future


def one(batcher: Batcher[int, int], item: int) -> int:
    (found,) = batcher([item])
    return found


def results(futures: list[Future[int]]) -> list[int]:
    return [future.result(PATIENT) for future in futures]


def test_a_caller_that_comes_alone_calls_the_model_itself(model: Model) -> None:
    batcher = Batcher[int, int](model)
    assert [one(batcher, number) for number in (1, 2)] == [2, 4]
    assert model.batches == [[1], [2]]
    assert batcher.load() == Load(batches=2, batched=2)


def test_those_who_wait_share_one_call_in_their_order(
    model: Model, threads: ThreadPoolExecutor
) -> None:
    batcher = Batcher[int, int](model)
    with held(batcher, model, threads):
        waiting = asked(batcher, threads, 1, 2, 3)
        assert batcher.load() == Load(questions=3, batches=1, batched=1)
    assert results(waiting) == [2, 4, 6]
    assert model.batches == [[0], [1, 2, 3]]
    assert batcher.load() == Load(batches=2, batched=4)


def test_a_batch_has_an_end_and_the_next_begins_where_it_ended(
    model: Model, threads: ThreadPoolExecutor
) -> None:
    batcher = Batcher[int, int](model, largest=2)
    with held(batcher, model, threads):
        waiting = asked(batcher, threads, 1, 2, 3, 4, 5)
    assert results(waiting) == [2, 4, 6, 8, 10]
    assert model.batches == [[0], [1, 2], [3, 4], [5]]


def test_what_is_asked_together_is_computed_together_and_with_others(
    model: Model, threads: ThreadPoolExecutor
) -> None:
    batcher = Batcher[int, int](model, largest=4)
    assert batcher([1, 2, 3, 4, 5]) == [2, 4, 6, 8, 10]
    with held(batcher, model, threads):
        several = threads.submit(batcher, [1, 2])
        until(lambda: batcher.load().questions == 2)
        waiting = asked(batcher, threads, 3)
        more = threads.submit(batcher, [4, 5])
        until(lambda: batcher.load().questions == 5)
    assert (several.result(PATIENT), more.result(PATIENT)) == ([2, 4], [8, 10])
    assert results(waiting) == [6]
    assert model.batches == [[1, 2, 3, 4, 5], [0], [1, 2, 3], [4, 5]]
    assert batcher.load() == Load(batches=4, batched=11)


def test_a_full_queue_refuses_and_those_in_it_are_served(
    model: Model, threads: ThreadPoolExecutor
) -> None:
    batcher = Batcher[int, int](model, most=2)
    with held(batcher, model, threads):
        waiting = asked(batcher, threads, 1, 2)
        with pytest.raises(Overloaded, match="too many questions"):
            one(batcher, 3)
    assert results(waiting) == [2, 4]
    assert one(batcher, 3) == 6


def test_questions_go_before_what_can_wait(model: Model, threads: ThreadPoolExecutor) -> None:
    batcher = Batcher[int, int](model)
    with held(batcher, model, threads):
        slice_ = slicing(batcher, threads, model, -7)
        waiting = asked(batcher, threads, 1, 2)
    slice_.result(PATIENT)
    assert results(waiting) == [2, 4]
    assert model.batches == [[0], [1, 2], [-7]]


def test_a_question_does_not_wait_for_a_slice_and_the_next_slice_does(
    model: Model, threads: ThreadPoolExecutor
) -> None:
    batcher = Batcher[int, int](model)
    in_it, leave = threading.Event(), threading.Event()

    def work() -> None:
        with batcher.slice():
            in_it.set()
            assert leave.wait(PATIENT)
            model.batches.append([-1])

    first = threads.submit(work)
    assert in_it.wait(PATIENT)
    second = slicing(batcher, threads, model, -2)
    assert one(batcher, 1) == 2
    assert batcher.load().slices == 1
    leave.set()
    wait([first, second], PATIENT)
    assert model.batches == [[1], [-1], [-2]]


def test_what_can_wait_is_not_passed_over_for_ever(
    model: Model, threads: ThreadPoolExecutor
) -> None:
    sliced = threading.Event()

    def compute(items: list[int]) -> list[int]:
        if items[0] < PATIENCE:
            assert not sliced.is_set()
        if items[0] > PATIENCE:
            assert sliced.wait(PATIENT)
        return model(items)

    def work() -> None:
        with batcher.slice():
            sliced.set()

    batcher = Batcher[int, int](compute, largest=1)
    many = list(range(1, PATIENCE + 4))
    with held(batcher, model, threads):
        slice_ = threads.submit(work)
        until(lambda: batcher.load().slices == 1)
        waiting = asked(batcher, threads, *many)
    assert results(waiting) == [2 * number for number in many]
    slice_.result(PATIENT)


def test_an_error_reaches_its_own_batch_and_no_other(
    model: Model, threads: ThreadPoolExecutor
) -> None:
    batcher = Batcher[int, int](model, largest=2)
    with held(batcher, model, threads):
        waiting = asked(batcher, threads, 1, 2, -1, 3, 4, 5)
    assert results(waiting[:2]) == [2, 4]
    for future in waiting[2:4]:
        with pytest.raises(ValueError, match="no such number"):
            future.result(PATIENT)
    assert results(waiting[4:]) == [8, 10]


def test_a_model_that_gives_too_little_fails_for_all_of_its_batch(model: Model) -> None:
    batcher = Batcher[int, int](lambda items: items[1:])
    with pytest.raises(ValueError, match="shorter"):
        one(batcher, 1)


def test_an_error_in_a_slice_gives_the_model_back(model: Model) -> None:
    batcher = Batcher[int, int](model)
    with pytest.raises(RuntimeError, match="broken"), batcher.slice():
        raise RuntimeError("broken")
    with batcher.slice():
        assert one(batcher, 1) == 2


class Interrupted(BaseException):
    pass


def test_an_interrupted_call_leaves_nobody_waiting(
    model: Model, threads: ThreadPoolExecutor
) -> None:
    def compute(items: list[int]) -> list[int]:
        found = model(items)
        if 1 in items:
            raise Interrupted
        return found

    batcher = Batcher[int, int](compute)
    with held(batcher, model, threads):
        leader, other = asked(batcher, threads, 1, 2)
    with pytest.raises(Interrupted):
        leader.result(PATIENT)
    with pytest.raises(NotReady, match="interrupted"):
        other.result(PATIENT)
    assert one(batcher, 3) == 6


def test_closing_tells_those_who_wait_and_lets_a_call_end(
    model: Model, threads: ThreadPoolExecutor
) -> None:
    batcher = Batcher[int, int](model)
    with held(batcher, model, threads):
        slice_ = slicing(batcher, threads, model, -7)
        waiting = asked(batcher, threads, 1, 2)
        batcher.close()
        for future in (*waiting, slice_):
            with pytest.raises(NotReady, match="shutting down"):
                future.result(PATIENT)
    with pytest.raises(NotReady, match="shutting down"):
        one(batcher, 3)
    with pytest.raises(NotReady, match="shutting down"), batcher.slice():
        raise AssertionError("nobody gets here")
    assert model.batches == [[0]]


@settings(max_examples=40, deadline=None)
@given(
    questions=st.lists(st.integers(0, 99), max_size=60),
    slices=st.integers(0, 12),
    largest=st.integers(1, 8),
)
def test_whatever_comes_together_everybody_gets_their_own(
    questions: list[int], slices: int, largest: int
) -> None:
    model, alone = Model(), threading.Lock()
    batcher = Batcher[int, int](model, largest=largest)
    start = threading.Barrier(len(questions) + slices + 1)

    def ask(number: int) -> int:
        start.wait(PATIENT)
        return one(batcher, number)

    def work() -> None:
        start.wait(PATIENT)
        with batcher.slice():
            assert alone.acquire(blocking=False), "two slices at once"
            alone.release()

    with ThreadPoolExecutor(80) as pool:
        waiting = [pool.submit(ask, number) for number in questions]
        working = [pool.submit(work) for _ in range(slices)]
        start.wait(PATIENT)
        assert results(waiting) == [2 * number for number in questions]
        for future in working:
            future.result(PATIENT)
    assert sorted(itertools.chain(*model.batches)) == sorted(questions)
    assert all(len(batch) <= largest for batch in model.batches)
    assert batcher.load() == Load(batches=len(model.batches), batched=len(questions))
