"""Admission: how many questions are answered at once, how many may wait, and who is turned away."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import copy_context
from typing import TypeVar

from anyio import CapacityLimiter
from fastapi import Request, Response

from api.schemas import SearchRequest
from api.together import Together
from index.errors import Overloaded
from qa.pipeline import Embedded

T = TypeVar("T")
Embed = Callable[[Sequence[SearchRequest]], Sequence[Embedded]]

THREADS = 24
"""Questions in work at once: as many as fill a batch of the model, and no more. They wait for each
other most of the time; more threads would only pass Python's lock around."""
GONE = 499
"""The status in the log of a client that left, as nginx has it."""


class Admission:
    """Threads for questions, which no other work gets; the loop that takes requests never waits.

    `waiting` is how many questions may wait for a thread; the next one is told to come back.
    """

    def __init__(self, embed: Embed, *, waiting: int, threads: int = THREADS) -> None:
        self._most = waiting
        self._threads = asyncio.Semaphore(threads)
        self._pool = ThreadPoolExecutor(threads, "question")
        self._together = Together[SearchRequest, Embedded, Response](embed, self._pool)
        self.waiting = 0
        self.writes = CapacityLimiter(1)
        """For what writes: the store takes one at a time, and the others wait without a thread."""
        self.plumbing = CapacityLimiter(1)
        """For /metrics, which are wanted most when all other threads are taken."""

    def queued(self) -> int:
        """How many questions wait: for a thread, or for their group's turn."""
        return self.waiting + len(self._together)

    async def respond(self, request: Request, work: Callable[[], Response]) -> Response:
        """What `work` gives; nothing for a client that has gone while it waited."""
        return await self._respond(request, lambda: self._run(work))

    async def respond_together(
        self, request: Request, search: SearchRequest, finish: Callable[[Embedded], Response]
    ) -> Response:
        """What `finish` makes of a search that is embedded with others, in their thread."""
        return await self._respond(request, lambda: self._together(search, finish))

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` gives."""
        async with self._turn():
            return await self._run(work)

    def close(self) -> None:
        """Nothing new is begun; what is under way ends by itself."""
        self._together.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[bool]:
        """A thread's worth of work, and whether it had to be waited for; raises Overloaded."""
        waits = self._threads.locked()
        if waits and self.waiting >= self._most:
            raise Overloaded("too many questions at once: try again in a moment")
        self.waiting += waits
        try:
            await self._threads.acquire()
        finally:
            self.waiting -= waits
        try:
            yield waits
        finally:
            self._threads.release()

    async def _respond(self, request: Request, work: Callable[[], Awaitable[Response]]) -> Response:
        async with self._turn() as waited:
            if waited and await request.is_disconnected():
                return Response(status_code=GONE)
            return await work()

    async def _run(self, work: Callable[[], T]) -> T:
        # With the request's context, so that what is logged there has its id.
        return await asyncio.get_running_loop().run_in_executor(
            self._pool, copy_context().run, work
        )
