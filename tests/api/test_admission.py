import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest
import structlog
from fastapi import Request, Response

from api.admission import Admission
from api.schemas import SearchRequest
from index.errors import Overloaded
from qa.pipeline import Embedded

PATIENT = 30.0
NOTHING = Embedded(np.zeros(2, np.float32), 0)


class Work:
    """Goes on when it is told to."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.done = 0

    def __call__(self) -> Response:
        self.begun.release()
        assert self.go_on.wait(PATIENT)
        self.done += 1
        return Response("done")


def request(*, gone: bool = False) -> Request:
    async def receive() -> dict[str, Any]:
        if not gone:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    return Request({"type": "http", "method": "GET", "path": "/", "headers": []}, receive)


async def until(reached: Callable[[], bool]) -> None:
    for _ in range(30_000):
        if reached():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never came")


def running(
    scenario: Callable[[Admission, Work], Awaitable[None]], *, threads: int = 1, waiting: int = 2
) -> None:
    async def run() -> None:
        admission = Admission(
            lambda searches: [NOTHING] * len(searches), threads=threads, waiting=waiting
        )
        work = Work()
        try:
            await scenario(admission, work)
        finally:
            work.go_on.set()
            admission.close()

    asyncio.run(run())


def test_so_many_wait_and_the_next_is_turned_away() -> None:
    async def scenario(admission: Admission, work: Work) -> None:
        tasks = [asyncio.create_task(admission.respond(request(), work)) for _ in range(3)]
        await until(lambda: admission.waiting == 2)
        with pytest.raises(Overloaded, match="too many questions"):
            await admission.respond(request(), work)
        with pytest.raises(Overloaded):
            await admission.run(work)
        work.go_on.set()
        assert [response.body for response in await asyncio.gather(*tasks)] == [b"done"] * 3
        assert admission.waiting == 0
        assert (await admission.respond(request(), work)).body == b"done"

    running(scenario)


def test_threads_work_side_by_side() -> None:
    async def scenario(admission: Admission, work: Work) -> None:
        tasks = [asyncio.create_task(admission.run(work)) for _ in range(3)]
        for _ in range(3):
            assert await asyncio.to_thread(work.begun.acquire, timeout=PATIENT)
        assert admission.waiting == 0
        work.go_on.set()
        await asyncio.gather(*tasks)

    running(scenario, threads=3)


def test_nothing_is_done_for_a_client_that_left_while_it_waited() -> None:
    async def scenario(admission: Admission, work: Work) -> None:
        first = asyncio.create_task(admission.respond(request(), work))
        await until(lambda: work.begun.acquire(blocking=False))
        second = asyncio.create_task(admission.respond(request(gone=True), work))
        third = asyncio.create_task(admission.respond(request(), work))
        await until(lambda: admission.waiting == 2)
        work.go_on.set()
        found = await asyncio.gather(first, second, third)
        assert [response.status_code for response in found] == [200, 499, 200]
        assert work.done == 2

    running(scenario)


def test_searches_count_among_those_at_once_and_nothing_is_done_for_one_that_left() -> None:
    async def scenario(admission: Admission, work: Work) -> None:
        def search(*, gone: bool = False) -> asyncio.Task[Response]:
            finish = lambda _: work()  # noqa: E731
            return asyncio.create_task(
                admission.respond_together(request(gone=gone), SearchRequest(q="rain"), finish)
            )

        first = search()
        await until(lambda: work.begun.acquire(blocking=False))
        others = [search(gone=True), asyncio.create_task(admission.respond(request(), work))]
        await until(lambda: admission.waiting == 2)
        with pytest.raises(Overloaded):
            await search()
        work.go_on.set()
        found = await asyncio.gather(first, *others)
        assert [response.status_code for response in found] == [200, 499, 200]
        assert work.done == 2

    running(scenario)


def test_an_error_is_the_callers_and_gives_the_thread_back() -> None:
    def broken() -> Response:
        raise ValueError("broken")

    async def scenario(admission: Admission, work: Work) -> None:
        work.go_on.set()
        for _ in range(2):
            with pytest.raises(ValueError, match="broken"):
                await admission.respond(request(), broken)
        assert (await admission.respond(request(), work)).body == b"done"

    running(scenario)


def test_a_caller_that_is_cancelled_waits_no_more() -> None:
    async def scenario(admission: Admission, work: Work) -> None:
        first = asyncio.create_task(admission.run(work))
        await until(lambda: work.begun.acquire(blocking=False))
        second = asyncio.create_task(admission.run(work))
        await until(lambda: admission.waiting == 1)
        second.cancel()
        await until(second.done)
        assert admission.waiting == 0
        work.go_on.set()
        await first
        assert work.done == 1

    running(scenario)


def test_what_is_logged_in_a_thread_belongs_to_its_request() -> None:
    async def scenario(admission: Admission, _work: Work) -> None:
        with structlog.contextvars.bound_contextvars(request_id="r1"):
            found = await admission.run(structlog.contextvars.get_contextvars)
        assert found == {"request_id": "r1"}

    running(scenario)
