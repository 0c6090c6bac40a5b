"""Slack's own framework beside our door: both believe the same requests, and read the same."""

import time

import pytest
from fastapi import FastAPI, Request, Response
from slack_bolt.adapter.fastapi.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from starlette.testclient import TestClient

from api.chat.slack import Slack
from api.chat.slack_blocks import MORE
from api.chat.slack_payloads import question
from tests.api.chat.callers import SECRET, slack, slack_command, slack_event
from tests.api.chat.house import GENEVA, House
from tests.api.chat.test_slack import pressed

CHALLENGE = b'{"token":"x","challenge":"3eZbrw1aBm2rZgRNFdxV","type":"url_verification"}'


def bolt(read: list[str]) -> FastAPI:
    """An application made with the framework; it keeps what it is asked."""

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-1")  # noqa: S106

    app = AsyncApp(signing_secret=SECRET, authorize=authorize, process_before_response=True)

    @app.event("app_mention")
    @app.event("message")
    async def said(event: dict[str, str]) -> None:
        read.append(question(event["text"]).strip())

    @app.command("/ask")
    async def commanded(ack: object, command: dict[str, str]) -> None:
        await ack()  # type: ignore[operator]
        read.append(command["text"])

    @app.action(MORE)
    async def wanted(ack: object, action: dict[str, str]) -> None:
        await ack()  # type: ignore[operator]
        read.append(action["value"])

    api, handler = FastAPI(), AsyncSlackRequestHandler(app)

    @api.post("/hooks/slack")
    async def receive(request: Request) -> Response:
        return await handler.handle(request)  # type: ignore[no-any-return]

    return api


DIRECT = {"type": "message", "channel_type": "im", "channel": "D1"}


@pytest.mark.parametrize(
    "body",
    [
        slack_event(GENEVA),
        slack_event(GENEVA, **DIRECT),
        slack_command(GENEVA),
        pressed(GENEVA),
    ],
)
def test_both_read_the_same_question(house: House, body: bytes) -> None:
    read: list[str] = []
    content, headers = slack(body)
    door = Slack(SECRET, house.asker, house.outbox, token="xoxb-1")  # noqa: S106
    for client in (TestClient(bolt(read)), house.client(door)):
        with client:
            sent = client.post("/hooks/slack", content=content, headers=headers)
            assert (sent.status_code, sent.content) == (200, b"")
    assert read == [request.q for request in house.asked] == [GENEVA]


@pytest.mark.parametrize(
    ("seconds", "body", "more", "status"),
    [
        (0, CHALLENGE, {}, 200),
        (-200, CHALLENGE, {}, 200),
        (-310, CHALLENGE, {}, 401),
        (310, CHALLENGE, {}, 401),
        (0, CHALLENGE + b" ", {}, 401),
        (0, CHALLENGE, {"x-slack-signature": b"v0=0"}, 401),
        (0, CHALLENGE, {"x-slack-signature": b""}, 401),
        (0, CHALLENGE, {"x-slack-request-timestamp": b"0"}, 401),
    ],
)
def test_both_believe_the_same_requests(
    house: House, seconds: float, body: bytes, more: dict[str, bytes], status: int
) -> None:
    _, headers = slack(CHALLENGE, time.time() + seconds)
    door = Slack(SECRET, house.asker, house.outbox)
    said = []
    for client in (TestClient(bolt([])), house.client(door)):
        with client:
            sent = client.post("/hooks/slack", content=body, headers=headers | more)
            assert sent.status_code == status
            said.append(sent.json() if status == 200 else None)
    assert said[0] == said[1]
