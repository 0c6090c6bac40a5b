"""Doors as they stand in the application, with the tools' own servers played by a local one."""

import json
import random
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.chat import hooks
from api.chat.asking import Asker
from api.chat.outbox import Outbox
from api.errors import EXPECTED, answer
from api.schemas import AskRequest, AskResponse
from api.service import Service
from tests.api.wire import Request

GENEVA = "who will meet in Geneva?"
UNKNOWN = "zebra"
PROBLEM = "application/problem+json"

SMUGGLED = (
    "The trawler carried <!channel> <!here> <@U123> @everyone @here @all @**all** @channel "
    "[free](javascript:alert(1)) [more](https://evil.example/x) <https://evil.example|bank> "
    "https://evil.example/a www.evil.example evil.example <script>alert(1)</script> "
    "&lt;script&gt; &#64;all <b>x</b> *b* _i_ `c` ~s~ ||p|| #**general** /start $$x$$ "
    "\u202egpj.exe \x1b[31m herring\x07."
)
FORBIDDEN = (
    "<!channel",
    "<!here",
    "<@U123",
    "@everyone",
    "@here",
    "@all",
    "@**",
    "@channel",
    "](javascript",
    "](https://evil",
    "<https://evil",
    "https://evil",
    "www.evil",
    "evil.example",
    "<script",
    "&lt;script",
    "&#64;all",
    "<b>x",
    "\u202e",
    "\x1b",
    "\x07",
)


class Remote:
    """The tool's own server: keeps what it is sent."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.response = httpx.Response(200, json={"ok": True})
        self.error: Exception | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.error:
            raise self.error
        return self.response

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(request.content) for request in self.requests]


class House:
    """One door with what is behind it; questions can be made to wait."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.asked: list[AskRequest] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.remote = Remote()
        self.asker = Asker(self.ask)
        self.outbox = Outbox(httpx.MockTransport(self.remote))

    def ask(self, request: AskRequest) -> AskResponse:
        self.asked.append(request)
        assert self.may_answer.wait(20)
        return self.service.ask(request)

    def app(self, door: hooks.Door) -> FastAPI:
        @asynccontextmanager
        async def lifespan(_api: FastAPI) -> AsyncIterator[None]:
            yield
            self.may_answer.set()
            await self.outbox.close(20)
            await self.asker.close(20)

        api = FastAPI(lifespan=lifespan)
        api.state.service = self.service
        api.include_router(hooks.router([door]))
        for kind in EXPECTED:
            api.add_exception_handler(kind, answer)
        return api

    def client(self, door: hooks.Door) -> TestClient:
        """What was promised is done when it is left."""
        return TestClient(self.app(door))


def assert_harmless(shown: str) -> None:
    """Nothing in it is a mention, link, tag or control character."""
    assert "herring" in shown
    found = [text for text in FORBIDDEN if text in shown]
    assert found == [], shown


def mutated(rng: random.Random, value: bytes) -> bytes:
    """Another value: a bit, a byte or a piece of it changed, left out or put in."""
    place = rng.randrange(len(value) + 1)
    length = rng.choice((1, 1, 2, 8))
    found = value
    while found == value:
        match rng.randrange(5):
            case 0 if place < len(value):
                flipped = value[place] ^ (1 << rng.randrange(8))
                found = value[:place] + bytes([flipped]) + value[place + 1 :]
            case 1:
                found = value[:place]
            case 2:
                found = value[:place] + value[place + length :]
            case 3:
                found = value[:place] + rng.randbytes(length) + value[place:]
            case _:
                found = value + value[: rng.randrange(1, len(value) + 1)]
        place = rng.randrange(len(value) + 1)
    return found


def forgeries(genuine: Request, count: int) -> Iterator[Request]:
    """Requests in which the body, which is signed, or a header of the proof is another one."""
    rng = random.Random(7)
    body, headers = genuine
    for _ in range(count):
        part = rng.choice(("body", *headers))
        if part == "body":
            yield mutated(rng, body), headers
        elif rng.random() < 0.1:
            yield body, {name: value for name, value in headers.items() if name != part}
        else:
            yield body, {**headers, part: mutated(rng, headers[part])}


def guesses(genuine: Request, token: bytes, count: int) -> Iterator[Request]:
    """Requests in which the token is another one, and often the rest as well."""
    rng = random.Random(8)
    body, headers = genuine
    done = 0
    while done < count:
        guess = mutated(rng, token)
        forged = body.replace(token, guess)
        if rng.random() < 0.5:
            forged = mutated(rng, forged)
        proof = {name: value.replace(token, guess) for name, value in headers.items()}
        if token not in forged and token not in b"".join(proof.values()):
            done += 1
            yield forged, proof
