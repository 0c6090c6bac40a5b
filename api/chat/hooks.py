"""The addresses at which chat tools call: read, proved, and only then parsed."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError
from starlette.datastructures import Headers

from api.chat.proof import Forged
from api.errors import problem_of, respond
from api.parameters import ONLY_DECLARED
from api.problems import problem
from api.state import TheService
from index.errors import TooLarge

MOST = 256 * 1024
"""Bytes of a body; the longest that any tool sends is far below."""


class Door(Protocol):
    """One chat tool: how it proves itself, and how it is answered."""

    name: str

    async def verify(self, body: bytes, headers: Headers) -> None:
        """Raise Forged unless the tool sent exactly these bytes."""
        ...

    async def receive(self, body: bytes) -> Response:
        """The response, in time; raises ValidationError, or Forged where the time is in the body.

        Headers are left out: most tools do not sign them.
        """
        ...


def router(doors: Iterable[Door]) -> APIRouter:
    """A route for each door; where there is none, the address is unknown."""
    made = APIRouter(prefix="/hooks", dependencies=[ONLY_DECLARED])
    for door in doors:
        made.add_api_route(
            f"/{door.name}", _endpoint(door), methods=["POST"], include_in_schema=False
        )
    return made


async def read(request: Request) -> bytes:
    """The body as it came; raises TooLarge."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST:
            raise TooLarge(f"a chat's request may have {MOST:,} bytes at most")
    return bytes(body)


def fields(body: bytes) -> dict[str, str]:
    """The fields of a form that have a value."""
    return dict(parse_qsl(body.decode(errors="replace")))


def _endpoint(door: Door) -> Callable[..., Awaitable[Response]]:
    # The service is asked for because nothing can be answered, or remembered as seen, before it is
    # there: the tool gets a 503 and tries again.
    async def receive(request: Request, _service: TheService) -> Response:
        body = await read(request)
        try:
            await door.verify(body, request.headers)
            return await door.receive(body)
        except Forged as error:
            return respond(problem("unauthenticated", f"{door.name}: {error}"))
        except ValidationError as error:
            return respond(problem_of(error))

    return receive
