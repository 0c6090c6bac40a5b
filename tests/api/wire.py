"""Requests put into an application without a server between: ten thousand in seconds."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import ASGIApp

Request = tuple[bytes, Mapping[str, bytes]]
"""A body and its headers."""
Response = tuple[int, bytes]


def answers_to(app: ASGIApp, path: str, requests: Iterable[Request]) -> dict[int, int]:
    """How often each status was given; an exception in the application is raised here."""
    statuses: dict[int, int] = {}
    for status, _ in responses_to(app, ((path, *request) for request in requests)):
        statuses[status] = statuses.get(status, 0) + 1
    return statuses


def responses_to(
    app: ASGIApp, requests: Iterable[tuple[str, bytes, Mapping[str, bytes]]]
) -> list[Response]:
    """What each request to a path got, one after the other, between the start and the end."""

    async def send_all() -> list[Response]:
        async with _running(app):
            return [await _send(app, *request) for request in requests]

    return asyncio.run(send_all())


@asynccontextmanager
async def _running(app: ASGIApp) -> AsyncIterator[None]:
    events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    done: asyncio.Queue[Any] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}}
    task = asyncio.create_task(app(scope, events.get, done.put))  # type: ignore[arg-type]
    for kind in ("startup", "shutdown"):
        await events.put({"type": f"lifespan.{kind}"})
        assert (await done.get())["type"] == f"lifespan.{kind}.complete"
        if kind == "startup":
            yield
    await task


async def _send(app: ASGIApp, path: str, body: bytes, headers: Mapping[str, bytes]) -> Response:
    status, said = 0, b""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status, said
        status = message.get("status", status)
        said += message.get("body", b"")

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "server": ("testserver", 80),
        "client": ("testclient", 1),
        "headers": [(name.lower().encode(), value) for name, value in headers.items()],
    }
    await app(scope, receive, send)
    return status, said
