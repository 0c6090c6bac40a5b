import asyncio
import logging

import pytest

from api.chat.pending import Pending


def test_what_is_under_way_is_waited_for_at_the_end() -> None:
    done: list[int] = []

    async def work(number: int) -> None:
        await asyncio.sleep(0.01)
        done.append(number)

    async def run() -> int:
        pending = Pending()
        for number in range(3):
            pending.start(work(number))
        before = len(pending)
        await pending.close(10)
        assert len(pending) == 0
        return before

    assert asyncio.run(run()) == 3
    assert done == [0, 1, 2]


def test_what_takes_too_long_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        pending = Pending()
        task = pending.start(asyncio.sleep(60))
        await pending.close(0.01)
        assert task.cancelled()

    with caplog.at_level(logging.WARNING):
        asyncio.run(run())
    assert caplog.messages == ["gave up 1 answers to chats that were still under way"]


def test_an_error_that_nobody_waits_for_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise RuntimeError

    async def run() -> None:
        pending = Pending()
        pending.start(fail())
        await pending.close(1)
        await pending.close(1)

    asyncio.run(run())
    assert caplog.messages == []
