import asyncio
import threading
import time

import pytest

from api.chat.asking import BUSY, FAILED, SLOW, USAGE, Asker, Message, Unanswered
from api.schemas import AskRequest, AskResponse
from api.service import Service
from index.errors import Overloaded

GENEVA = Message("who will meet in Geneva?", "1", "tool:a/b")


def test_a_question_is_one_line_of_what_can_be_seen() -> None:
    assert Message(" who\n\tis \u202e\x1b[31mit?\0 ", "1").question == "who is it?"


@pytest.mark.parametrize("text", ["", " \n", "\u202e\0"])
def test_nothing_cannot_be_asked(text: str) -> None:
    assert Message(text, "1").fault == USAGE


def test_a_thousand_characters_can_be_asked() -> None:
    assert Message("x" * 1000, "1").fault == ""
    assert "1,001" in Message("x" * 1001, "1").fault


def test_the_talk_is_named_and_copies_of_a_story_are_left_out(shared_service: Service) -> None:
    asked: list[AskRequest] = []

    def ask(request: AskRequest) -> AskResponse:
        asked.append(request)
        return shared_service.ask(request)

    async def run() -> None:
        asker = Asker(ask)
        assert (await asker.ask(GENEVA)).answered
        await asker.ask(Message("harbour", "2"), limit=8)

    asyncio.run(run())
    assert asked == [
        AskRequest(q=GENEVA.text, limit=3, collapse="story", conversation="tool:a/b"),
        AskRequest(q="harbour", limit=8, collapse="story"),
    ]


def test_a_message_is_new_once(shared_service: Service) -> None:
    asker = Asker(shared_service.ask)
    assert asker.is_new(GENEVA)
    assert not asker.is_new(GENEVA)


def reasons(asker: Asker, count: int, patience: float | None) -> list[str]:
    async def run() -> list[str]:
        questions = [asker.ask(GENEVA, patience=patience) for _ in range(count)]
        found = await asyncio.gather(*questions, return_exceptions=True)
        return [str(one) if isinstance(one, Unanswered) else type(one).__name__ for one in found]

    return asyncio.run(run())


def test_so_many_at_once_and_no_more(shared_service: Service) -> None:
    running, most = 0, 0
    lock = threading.Lock()

    def ask(request: AskRequest) -> AskResponse:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1
        return shared_service.ask(request)

    found = reasons(Asker(ask, threads=2, most=5), 8, None)
    assert found == ["AskResponse"] * 5 + [BUSY] * 3
    assert most == 2


def test_a_question_that_was_not_waited_for_still_counts(shared_service: Service) -> None:
    free = threading.Event()

    def ask(request: AskRequest) -> AskResponse:
        assert free.wait(10)
        return shared_service.ask(request)

    async def run() -> None:
        asker = Asker(ask, most=1)
        with pytest.raises(Unanswered, match=SLOW):
            await asker.ask(GENEVA, patience=0.01)
        with pytest.raises(Unanswered, match=BUSY):
            await asker.ask(GENEVA)
        free.set()
        await asker.close(10)
        assert (await asker.ask(GENEVA)).answered

    asyncio.run(run())


@pytest.mark.parametrize("error", [RuntimeError, TimeoutError, ValueError])
def test_an_error_is_logged_and_not_told(
    error: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    def ask(request: AskRequest) -> AskResponse:
        raise error("secret")

    assert reasons(Asker(ask), 1, 10) == [FAILED]
    assert "secret" in caplog.text


def test_too_much_to_do_behind_it_is_told_as_such(caplog: pytest.LogCaptureFixture) -> None:
    def ask(_request: AskRequest) -> AskResponse:
        raise Overloaded("secret")

    assert reasons(Asker(ask), 1, None) == [BUSY]
    assert caplog.text == ""
