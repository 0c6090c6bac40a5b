"""Batcher: many callers, one model call at a time, and what can wait lets questions go first.

No thread stands behind it, and nobody waits for company: who finds the model free calls it for all
that wait, then hands it on. So a question that comes alone goes straight through, and under load
the batches fill by themselves.

What can wait begins while no question is in the model, and goes in slices: a question that comes
meanwhile does not wait for the slice's end, it shares the processors with it. Waiting was tried: a
passage cannot be divided, and with PyTorch's 45 ms for one a question took 57 ms in place of 24.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from index.errors import NotReady, Overloaded

Item = TypeVar("Item")
Result = TypeVar("Result")

LARGEST = 32
"""Questions in one call: more of them make all wait longer, and gain nothing on a CPU."""
MOST = 1024
"""Questions that wait; a server refuses long before that."""
PATIENCE = 8
"""Batches of questions that may go before a slice which waits; then it goes beside the next one, so
that ingest never stands still."""


@dataclass(frozen=True, slots=True)
class Load:
    """What waits now, and what was done so far."""

    questions: int = 0
    slices: int = 0
    batches: int = 0
    batched: int = 0
    """Questions in all those batches."""


class _Caller(Generic[Item, Result]):
    """Somebody in the queue: woken with a result, with a failure, or to use the model."""

    __slots__ = ("_wakeup", "done", "failure", "items", "results")

    def __init__(self, items: Sequence[Item] = ()) -> None:
        self.items = items
        self.results: list[Result] = []
        self.failure: Exception | None = None
        self.done = False
        self._wakeup = threading.Lock()
        self._wakeup.acquire()

    def wait(self) -> None:
        self._wakeup.acquire()

    def wake(self) -> None:
        """Once and no more: whoever does has taken the caller out of the queue."""
        self._wakeup.release()

    def fail(self, failure: Exception) -> None:
        self.failure, self.done = failure, True

    def outcome(self) -> list[Result]:
        if self.failure is not None:
            raise self.failure
        return self.results


class Batcher(Generic[Item, Result]):
    """One model for any number of threads.

    `compute` is never called by two at once, and of all slices there is one at a time, but the one
    may be at work beside the other.
    """

    def __init__(
        self,
        compute: Callable[[list[Item]], Iterable[Result]],
        *,
        largest: int = LARGEST,
        most: int = MOST,
    ) -> None:
        self._compute = compute
        self._largest = largest
        self._most = most
        self._lock = threading.Lock()
        self._questions: deque[_Caller[Item, Result]] = deque()
        self._slices: deque[_Caller[Item, Result]] = deque()
        # Questions wait only while one is asking, slices while one is asking or slicing.
        self._asking = self._slicing = False
        self._passed_over = 0
        self._closed = False
        self._batches = self._batched = 0

    def __call__(self, items: Sequence[Item]) -> list[Result]:
        """What the model makes of each, all in one call.

        Raises Overloaded, or what the model raised for its batch.
        """
        caller = _Caller[Item, Result](items)
        if not self._asks_at_once(caller):
            caller.wait()
        if not caller.done:
            self._lead(caller)
        return caller.outcome()

    @contextmanager
    def slice(self) -> Iterator[None]:
        """A moment for work that can wait; it begins when no question is in the model."""
        caller = _Caller[Item, Result]()
        if not self._slices_at_once(caller):
            caller.wait()
            caller.outcome()
        try:
            yield
        finally:
            self._end_slice()

    def load(self) -> Load:
        """As it is now."""
        with self._lock:
            return Load(self._waiting(), len(self._slices), self._batches, self._batched)

    def close(self) -> None:
        """Whoever waits is told that it is over, and so is whoever comes later."""
        with self._lock:
            self._closed = True
            callers = [*self._questions, *self._slices]
            self._questions.clear()
            self._slices.clear()
        for caller in callers:
            caller.fail(_closing())
            caller.wake()

    # -- inside -------------------------------------------------------------------------------

    def _asks_at_once(self, caller: _Caller[Item, Result]) -> bool:
        """Whether it may call the model; else it is in the queue."""
        with self._lock:
            self._check_open()
            if not self._asking:
                self._asking = True
                return True
            if self._waiting() >= self._most:
                raise Overloaded("too many questions at once: try again in a moment")
            self._questions.append(caller)
            return False

    def _slices_at_once(self, caller: _Caller[Item, Result]) -> bool:
        with self._lock:
            self._check_open()
            if not (self._asking or self._slicing):
                self._slicing = True
                return True
            self._slices.append(caller)
            return False

    def _waiting(self) -> int:
        return sum(len(caller.items) for caller in self._questions)

    def _check_open(self) -> None:
        if self._closed:
            raise _closing()

    def _lead(self, first: _Caller[Item, Result]) -> None:
        """One call of the model, for the first and for those that wait."""
        with self._lock:
            batch, size = [first], len(first.items)
            while self._questions and size + len(self._questions[0].items) <= self._largest:
                batch.append(self._questions.popleft())
                size += len(batch[-1].items)
            self._batches += 1
            self._batched += size
        try:
            self._answer(batch)
        finally:
            self._hand_on()
            for caller in batch[1:]:
                caller.wake()

    def _answer(self, batch: list[_Caller[Item, Result]]) -> None:
        for caller in batch:
            caller.fail(_interrupted())  # which stands only where not even an error comes
        try:
            items = [item for caller in batch for item in caller.items]
            results = [result for _, result in zip(items, self._compute(items), strict=True)]
            for caller in batch:
                caller.results = results[: len(caller.items)]
                del results[: len(caller.items)]
        except Exception as error:  # noqa: BLE001 -- it is raised again by everybody's own call
            for caller in batch:
                caller.fail(error)
        else:
            for caller in batch:
                caller.failure = None

    def _hand_on(self) -> None:
        """The model to the next question, or else to a slice."""
        with self._lock:
            question = self._questions.popleft() if self._questions else None
            self._asking = question is not None
            self._passed_over += self._asking and bool(self._slices)
            slice_ = self._next_slice()
        for caller in (question, slice_):
            if caller is not None:
                caller.wake()

    def _end_slice(self) -> None:
        with self._lock:
            self._slicing = False
            slice_ = self._next_slice()
        if slice_ is not None:
            slice_.wake()

    def _next_slice(self) -> _Caller[Item, Result] | None:
        if not self._slices or self._slicing:
            return None
        if self._asking and self._passed_over < PATIENCE:
            return None
        self._passed_over = 0
        self._slicing = True
        return self._slices.popleft()


def _closing() -> NotReady:
    return NotReady("the service is shutting down")


def _interrupted() -> NotReady:
    return NotReady("the model was interrupted")
