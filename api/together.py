"""Together: what comes together is done together, all of it in one thread.

A thread for each would only hand Python's lock around: 16 callers get a fifth fewer answers so.
Nobody waits for company: a group is what waits when its turn comes.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Generic, TypeVar, cast

from index.batch import LARGEST
from index.errors import NotReady

Item = TypeVar("Item")
Ready = TypeVar("Ready")
Result = TypeVar("Result")

GROUPS = 2
"""At once: one is in the model while another is searched for."""


@dataclass(slots=True)
class _Waiting(Generic[Item, Ready, Result]):
    item: Item
    finish: Callable[[Ready], Result]
    future: asyncio.Future[Result]
    context: Context
    """So that what is logged in the thread has the request's id."""
    failure: Exception | None = field(default_factory=lambda: NotReady("it was interrupted"))
    result: Result | None = None

    def work(self, ready: Ready) -> None:
        try:
            self.result = self.context.run(self.finish, ready)
            self.failure = None
        except Exception as error:  # noqa: BLE001 -- it is raised again where it is waited for
            self.failure = error

    def tell(self) -> None:
        if self.future.done():  # whoever waited has given up
            return
        if self.failure is not None:
            self.future.set_exception(self.failure)
        else:
            self.future.set_result(cast(Result, self.result))


class Together(Generic[Item, Ready, Result]):
    """Used from one event loop; `prepare` makes a whole group ready, one group at a time."""

    def __init__(
        self, prepare: Callable[[Sequence[Item]], Sequence[Ready]], threads: Executor
    ) -> None:
        self._prepare = prepare
        self._threads = threads
        self._turn = threading.Lock()
        self._waiting: deque[_Waiting[Item, Ready, Result]] = deque()
        self._running = 0
        self._closed = False

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def close(self) -> None:
        """Whoever waits is told that it is over, and so is whoever comes later."""
        self._closed = True
        self._begin()

    async def __call__(self, item: Item, finish: Callable[[Ready], Result]) -> Result:
        """What `finish` makes of what was prepared; raises what either of them raises."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(item, finish, future, copy_context()))
        self._begin()
        return await future

    def _begin(self) -> None:
        if self._closed:
            for one in self._next():
                one.failure = NotReady("the service is shutting down")
                one.tell()
        elif self._waiting and self._running < GROUPS:
            self._running += 1
            self._threads.submit(self._work, asyncio.get_running_loop())

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        group: list[_Waiting[Item, Ready, Result]] = []
        try:
            with self._turn:
                group += self._next()
                ready = self._prepare([one.item for one in group]) if group else ()
            for one, prepared in zip(group, ready, strict=True):
                one.work(prepared)
        except Exception as error:  # noqa: BLE001 -- it is raised again by everybody's own call
            for one in group:
                one.failure = error
        finally:
            loop.call_soon_threadsafe(self._end, group)

    def _next(self) -> Iterator[_Waiting[Item, Ready, Result]]:
        """Those that still wait, as many as the model takes in one call; none who has given up."""
        for _ in range(min(len(self._waiting), LARGEST)):
            one = self._waiting.popleft()
            if not one.future.done():
                yield one

    def _end(self, group: Sequence[_Waiting[Item, Ready, Result]]) -> None:
        self._running -= 1
        self._begin()
        for one in group:
            one.tell()
