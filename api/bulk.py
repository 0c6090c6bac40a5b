"""Imports: JSON Lines in, a JSON line of result out for each, without holding either in memory."""

import logging
from codecs import BOM_UTF8
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import anyio
from anyio import CapacityLimiter, to_thread
from anyio.abc import ObjectSendStream
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.errors import problem_of
from api.problems import Problem
from api.schemas_articles import ArticleIn, LineOut, WriteOut
from api.service import Service
from index.errors import ServiceError, TooLarge
from index.sources.jsonl import line_limit
from index.types import Article

log = logging.getLogger(__name__)

WAITING = 10_000
"""Batches of results kept for a client that sends everything before it reads anything."""


class LineProblem(BaseModel):
    """What is wrong with one line of an import; the others are not touched by it."""

    line: int
    error: Problem


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not blank, with its number from 1; no bytes where it was too long."""

    number: int
    data: bytes | None


class Import(Response):
    """Reads the request's lines and answers each, the next ones while these are being sent.

    A batch is what arrived while the one before was stored, up to the server's 64 kB: a hundred
    passages or so. Starlette's StreamingResponse would eat the request's body while it looks for a
    disconnect.
    """

    media_type = "application/jsonl"

    def __init__(
        self, request: Request, service: Service, turns: CapacityLimiter, *, max_article: int
    ) -> None:
        """Imports, and whatever else writes, take turns after each batch."""
        super().__init__()
        self._turns = turns
        del self.headers["content-length"]
        self._chunks = request.stream()
        self._service = service
        self._max_line = line_limit(max_article)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        results, waiting = anyio.create_memory_object_stream[bytes](WAITING)
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        async with anyio.create_task_group() as tasks, waiting:
            tasks.start_soon(self._read, results)
            # Not before there is a result: a client may wait for "100 Continue" with its body.
            first = await anext(aiter(waiting), b"")
            await send(start)
            await send({"type": "http.response.body", "body": first, "more_body": True})
            async for part in waiting:
                await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _read(self, results: ObjectSendStream[bytes]) -> None:
        async with results:
            try:
                async for batch in batches(self._chunks, max_line=self._max_line):
                    part = await to_thread.run_sync(
                        import_lines, self._service, batch, limiter=self._turns
                    )
                    await results.send(part)
            except ClientDisconnect:
                log.info("the client left during an import; what came before is stored")


async def batches(chunks: AsyncIterator[bytes], *, max_line: int) -> AsyncIterator[list[Line]]:
    """The lines that ended in each chunk of a body; of one that is too long nothing is kept."""
    buffer = bytearray()
    number, too_long = 1, False
    async for chunk in chunks:
        batch: list[Line | None] = []
        *ended, rest = chunk.split(b"\n")
        for piece in ended:
            buffer += piece
            batch.append(_line(number, buffer, too_long=too_long or len(buffer) > max_line))
            buffer.clear()
            number, too_long = number + 1, False
        buffer += rest
        if len(buffer) > max_line:
            buffer.clear()
            too_long = True
        if filled := [line for line in batch if line]:
            yield filled
    if last := _line(number, buffer, too_long=too_long):
        yield [last]


def import_lines(service: Service, batch: Sequence[Line]) -> bytes:
    """Store what can be stored; the result lines, in the order of what came in."""
    parsed = [_parsed(service, line) for line in batch]
    stored = service.add_each([item for item in parsed if isinstance(item, Article)])
    results = [next(stored) if isinstance(item, Article) else item for item in parsed]
    return b"".join(
        _result(line.number, result) for line, result in zip(batch, results, strict=True)
    )


def _line(number: int, data: bytearray, *, too_long: bool) -> Line | None:
    if too_long:
        return Line(number, None)
    return Line(number, bytes(data)) if data.strip() else None


def _parsed(service: Service, line: Line) -> Article | Exception:
    try:
        if line.data is None:
            raise TooLarge("the line is longer than an article may be")
        return service.checked(ArticleIn.model_validate_json(line.data.removeprefix(BOM_UTF8)))
    except (ValidationError, ServiceError) as error:
        return error
    except Exception as error:
        log.exception("line %d could not be read", line.number)
        return error


def _result(number: int, result: WriteOut | Exception) -> bytes:
    reply: BaseModel
    if isinstance(result, Exception):
        reply = LineProblem(line=number, error=problem_of(result))
    else:
        reply = LineOut(line=number, **result.model_dump())
    return reply.model_dump_json().encode() + b"\n"
