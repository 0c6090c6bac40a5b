import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
import structlog

from api.together import GROUPS, Together
from index.batch import LARGEST
from index.errors import NotReady

PATIENT = 30.0


class Model:
    """Doubles numbers, a group at a time, and stops before the next where it is told to."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.inside = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.go_on.set()
        self._one = threading.Lock()

    def __call__(self, items: Sequence[int]) -> list[int]:
        assert self._one.acquire(blocking=False), "two groups at once"
        try:
            self.groups.append(list(items))
            self.inside.release()
            assert self.go_on.wait(PATIENT)
            if -1 in items:
                raise ValueError("no such number")
            return [2 * item for item in items]
        finally:
            self._one.release()


Numbers = Together[int, int, str]


def running(scenario: Callable[[Numbers, Model], Awaitable[None]]) -> Model:
    model = Model()

    async def run() -> None:
        with ThreadPoolExecutor(GROUPS) as threads:
            try:
                await scenario(Numbers(model, threads), model)
            finally:
                model.go_on.set()

    asyncio.run(run())
    return model


async def held(together: Numbers, model: Model) -> asyncio.Task[str]:
    """Who is in the model until it is told to go on."""
    model.go_on.clear()
    first = asyncio.create_task(together(0, str))
    assert await asyncio.to_thread(model.inside.acquire, timeout=PATIENT)
    return first


def many(together: Numbers, numbers: Sequence[int]) -> list[asyncio.Task[str]]:
    return [asyncio.create_task(together(number, str)) for number in numbers]


def test_who_comes_alone_waits_for_nobody() -> None:
    async def scenario(together: Numbers, _model: Model) -> None:
        assert [await together(number, str) for number in (1, 2)] == ["2", "4"]

    assert running(scenario).groups == [[1], [2]]


def test_those_who_wait_are_one_group_and_everybody_gets_their_own() -> None:
    async def scenario(together: Numbers, model: Model) -> None:
        first = await held(together, model)
        waiting = many(together, [1, 2, 3])
        await asyncio.sleep(0)
        model.go_on.set()
        assert await asyncio.gather(first, *waiting) == ["0", "2", "4", "6"]

    assert running(scenario).groups == [[0], [1, 2, 3]]


def test_a_group_has_an_end() -> None:
    async def scenario(together: Numbers, model: Model) -> None:
        first = await held(together, model)
        waiting = many(together, range(1, 2 * LARGEST))
        await asyncio.sleep(0)
        model.go_on.set()
        await asyncio.gather(first, *waiting)

    sizes = [len(group) for group in running(scenario).groups]
    assert sizes == [1, LARGEST, LARGEST - 1]


def test_the_next_group_is_in_the_model_while_one_is_finished() -> None:
    async def scenario(together: Numbers, model: Model) -> None:
        finishing, finish = threading.Event(), threading.Event()

        def slowly(number: int) -> str:
            finishing.set()
            assert finish.wait(PATIENT)
            return str(number)

        first = asyncio.create_task(together(1, slowly))
        assert await asyncio.to_thread(finishing.wait, PATIENT)
        assert await together(2, str) == "4"
        finish.set()
        assert await first == "2"

    assert running(scenario).groups == [[1], [2]]


def test_an_error_of_one_is_no_others() -> None:
    def broken(number: int) -> str:
        raise KeyError(number)

    async def scenario(together: Numbers, model: Model) -> None:
        first = await held(together, model)
        waiting = [asyncio.create_task(together(1, broken)), *many(together, [2])]
        await asyncio.sleep(0)
        model.go_on.set()
        found = await asyncio.gather(first, *waiting, return_exceptions=True)
        assert [type(one) for one in found] == [str, KeyError, str]

    running(scenario)


def test_an_error_in_the_model_is_its_groups_and_the_next_goes_on() -> None:
    async def scenario(together: Numbers, model: Model) -> None:
        first = await held(together, model)
        waiting = many(together, [1, -1])
        await asyncio.sleep(0)
        model.go_on.set()
        assert await first == "0"
        for one in waiting:
            with pytest.raises(ValueError, match="no such number"):
                await one
        assert await together(3, str) == "6"

    running(scenario)


class Panic(BaseException):
    """What Rust's libraries raise where they break."""


def test_what_is_no_exception_leaves_nobody_with_nothing() -> None:
    def broken(_: int) -> str:
        raise Panic

    async def scenario(together: Numbers, model: Model) -> None:
        first = await held(together, model)
        waiting = [*many(together, [1]), asyncio.create_task(together(2, broken))]
        await asyncio.sleep(0)
        waiting += many(together, [3])
        await asyncio.sleep(0)
        model.go_on.set()
        found = await asyncio.gather(first, *waiting, return_exceptions=True)
        assert [type(one) for one in found] == [str, str, NotReady, NotReady]
        assert await together(3, str) == "6"

    running(scenario)


def test_those_who_wait_are_told_of_the_end() -> None:
    async def scenario(together: Numbers, model: Model) -> None:
        first = await held(together, model)
        waiting = many(together, [1, 2])
        await asyncio.sleep(0)
        assert len(together) == 2
        together.close()
        model.go_on.set()
        for one in waiting:
            with pytest.raises(NotReady, match="shutting down"):
                await one
        with pytest.raises(NotReady, match="shutting down"):
            await together(3, str)
        assert await first == "0"

    assert running(scenario).groups[:1] == [[0]]


def test_who_gives_up_leaves_the_others_theirs() -> None:
    async def scenario(together: Numbers, model: Model) -> None:
        first = await held(together, model)
        one, other = many(together, [1, 2])
        await asyncio.sleep(0)
        one.cancel()
        await asyncio.sleep(0)
        model.go_on.set()
        assert await asyncio.gather(first, other) == ["0", "4"]
        assert await together(3, str) == "6"

    assert running(scenario).groups == [[0], [2], [3]]


def test_what_is_logged_belongs_to_its_request() -> None:
    def context(_: int) -> str:
        return str(structlog.contextvars.get_contextvars())

    async def scenario(together: Numbers, model: Model) -> None:
        first = await held(together, model)
        waiting = []
        for name in ("r1", "r2"):
            with structlog.contextvars.bound_contextvars(request_id=name):
                waiting.append(asyncio.create_task(together(1, context)))
        await asyncio.sleep(0)
        model.go_on.set()
        assert await asyncio.gather(*waiting) == ["{'request_id': 'r1'}", "{'request_id': 'r2'}"]
        await first

    running(scenario)


def test_whatever_comes_is_answered() -> None:
    async def scenario(together: Numbers, _model: Model) -> None:
        async def caller(own: range) -> None:
            for number in own:
                assert await together(number, str) == str(2 * number)

        await asyncio.gather(*(caller(range(low, low + 50)) for low in range(0, 2000, 50)))

    groups = running(scenario).groups
    assert sorted(number for group in groups for number in group) == list(range(2000))
    assert all(groups)
