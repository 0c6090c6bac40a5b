import asyncio
import json
from collections.abc import Coroutine
from typing import Any

import httpx
import pytest

from api.chat.outbox import Outbox
from tests.api.chat.house import Remote

URL = "https://hooks.example/T0/secret-token"


def send(remote: Remote, work: Coroutine[Any, Any, None] | None = None) -> None:
    async def run() -> None:
        outbox = Outbox(httpx.MockTransport(remote))
        outbox.promise(work or outbox.send("POST", URL, {"text": "ü"}, headers={"X-A": "b"}))
        await outbox.close(5)

    asyncio.run(run())


def test_a_message_is_sent_as_json(caplog: pytest.LogCaptureFixture) -> None:
    remote = Remote()
    send(remote)
    (request,) = remote.requests
    assert (request.method, str(request.url)) == ("POST", URL)
    assert request.headers["x-a"] == "b"
    assert json.loads(request.content) == {"text": "ü"}
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (httpx.Response(404), "HTTP 404"),
        (httpx.Response(302, headers={"location": "https://elsewhere.example"}), "HTTP 302"),
        (httpx.Response(200, json={"ok": False, "error": "not_in_channel"}), "not_in_channel"),
    ],
)
def test_a_refusal_is_logged(
    response: httpx.Response, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    remote = Remote()
    remote.response = response
    send(remote)
    assert caplog.messages == [f"a chat did not take the answer: {reason}"]
    assert len(remote.requests) == 1


@pytest.mark.parametrize("content", [b"", b"ok", b"[]", b'{"ok": true}', b"\xff"])
def test_anything_else_in_a_200_will_do(content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    remote = Remote()
    remote.response = httpx.Response(200, content=content)
    send(remote)
    assert caplog.messages == []


@pytest.mark.parametrize("error", [httpx.ConnectError("secret-token"), httpx.ReadTimeout("x")])
def test_a_tool_that_cannot_be_reached_is_logged_without_its_address(
    error: httpx.HTTPError, caplog: pytest.LogCaptureFixture
) -> None:
    remote = Remote()
    remote.error = error
    send(remote)
    assert caplog.messages == [f"a chat could not be answered: {type(error).__name__}"]
    assert "secret-token" not in caplog.text


def test_an_unforeseen_error_is_logged_and_not_raised(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise RuntimeError("unforeseen")

    send(Remote(), fail())
    assert caplog.messages == ["an answer to a chat failed"]
    assert "unforeseen" in caplog.text


def test_after_the_end_it_can_be_used_again() -> None:
    async def run(remote: Remote) -> None:
        outbox = Outbox(httpx.MockTransport(remote))
        for _ in range(2):
            await outbox.send("POST", URL, {})
            await outbox.close(1)

    remote = Remote()
    asyncio.run(run(remote))
    assert len(remote.requests) == 2
