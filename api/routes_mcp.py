"""/mcp: the Model Context Protocol over streamable HTTP, each request by itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import APIRouter, Request
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.admission import Admission
from api.errors import UnsupportedMediaType
from api.mcp import Protocol
from api.metrics import Metrics
from api.negotiation import JSON
from api.parameters import ONLY_DECLARED
from api.schemas import AskResponse, SearchResponse
from api.service import Service
from api.state import TheService

MAX_BYTES = 1_000_000
"""Of a request; a question has a thousand characters."""

router = APIRouter(dependencies=[ONLY_DECLARED], include_in_schema=False)


class Exchange(Response):
    """A response that is written by the protocol's own application."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__()
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


# No GET, as the protocol allows: nothing here is told without being asked for.
@router.post("/mcp", max_body_size=MAX_BYTES, response_class=Response)
async def exchange(request: Request, _service: TheService) -> Exchange:
    """One message of the protocol and its answer, both JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON:
        raise UnsupportedMediaType(JSON)
    return Exchange(request.app.state.mcp)


@asynccontextmanager
async def speaking(
    service: Service, metrics: Metrics, admission: Admission
) -> AsyncIterator[ASGIApp]:
    """The protocol's own application; it keeps nothing between two requests."""
    manager = StreamableHTTPSessionManager(
        Protocol(service, partial(_count, metrics), admission.run).server(),
        json_response=True,
        stateless=True,
        max_request_body_size=MAX_BYTES,
    )
    async with manager.run():
        yield manager.handle_request


def _count(metrics: Metrics, found: BaseModel) -> None:
    if isinstance(found, AskResponse):
        metrics.outcome(answered=found.answered)
    if isinstance(found, AskResponse | SearchResponse):
        metrics.stages(found.timing_ms.model_dump())
