"""The application: routes, error answers and the layers that every request passes through."""

import ipaddress
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
import uvicorn
from anyio import to_thread
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.middleware.cors import CORSMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from api import docs, openai, routes, routes_articles, routes_mcp, routes_site
from api.admission import Admission
from api.build import build_doors, build_service
from api.chat import hooks
from api.chat.asking import Asker
from api.chat.outbox import Outbox
from api.errors import EXPECTED, answer
from api.hosts import Hosts
from api.metrics import Metrics
from api.middleware import Keys, LastResort, Observed, RequestId, SameSite
from api.openai_errors import OpenAIErrors
from api.service import Service
from api.settings import Settings
from api.state import asking
from api.version import version
from index.processor import share_heaps

log = logging.getLogger(__name__)

OTHER_THREADS = 8
"""For what is no question and writes nothing: articles that are read, pages."""
LAST_ANSWERS = 5.0
"""Seconds for what chats were promised, at the end."""
ABOUT = "Answers questions from news articles, with the exact place in the source."


def create_app(
    settings: Settings,
    service: Service | None = None,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
) -> ASGIApp:
    """The application; it builds its service when it starts, unless it is given one.

    `transport` carries what is sent to chat tools, in place of the network.
    """
    metrics = Metrics()
    app: ASGIApp = build_api(settings, metrics, service, transport=transport)
    app = Keys(app, settings.api_keys)
    app = SameSite(app, settings.cors_origins)
    app = Hosts(app, settings.allowed_hosts, keyed=bool(settings.api_keys))
    app = LastResort(app)
    app = OpenAIErrors(app)
    if settings.cors_origins:
        app = _for_pages_of(settings.cors_origins, app)
    app = Observed(app, metrics)
    return RequestId(app)


def build_api(
    settings: Settings,
    metrics: Metrics,
    service: Service | None = None,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
) -> FastAPI:
    """The routes alone, for the OpenAPI document and for what is mounted beside them."""

    @asynccontextmanager
    async def lifespan(api: FastAPI) -> AsyncIterator[None]:
        warn_if_open(settings)
        ready = service
        if ready is None:
            ready = await run_in_threadpool(build_service, settings)
        await run_in_threadpool(ready.warm_up)
        to_thread.current_default_thread_limiter().total_tokens = OTHER_THREADS
        admission = Admission(ready.embedded, waiting=settings.queue)
        async with routes_mcp.speaking(ready, metrics, admission) as api.state.mcp:
            api.state.service, api.state.admission = ready, admission
            yield
            await outbox.close(LAST_ANSWERS)
            await asker.close(LAST_ANSWERS)
            api.state.service = None
        admission.close()
        if ready is not service:
            await run_in_threadpool(ready.close)

    api = FastAPI(
        title="Dateline",
        version=version(),
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        max_body_size=settings.max_body_bytes,
    )
    api.state.settings, api.state.metrics, api.state.service = settings, metrics, None
    asker, outbox = Asker(asking(api.state)), Outbox(transport)
    for router in (
        routes.router,
        routes_articles.router,
        openai.router,
        routes_mcp.router,
        routes_site.router,
        hooks.router(build_doors(settings, asker, outbox)),
    ):
        api.include_router(router)
    api.mount("/static", StaticFiles(directory=routes_site.WEB))
    for kind in EXPECTED:
        api.add_exception_handler(kind, answer)
    api.openapi = lambda: docs.openapi(api)  # type: ignore[method-assign]
    return api


def _for_pages_of(origins: Sequence[str], app: ASGIApp) -> ASGIApp:
    """Tells browsers that pages of these origins may read what is answered; others ask in vain."""
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=("GET", "POST"),
        allow_headers=("Authorization", "Content-Type", "X-API-Key", "X-Request-Id"),
        expose_headers=("X-Request-Id", "Server-Timing", "Retry-After"),
    )


def serve(settings: Settings, service: Service | None = None) -> None:
    """Answer requests until the process is told to stop."""
    share_heaps()
    uvicorn.run(
        create_app(settings, service),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )


def warn_if_open(settings: Settings) -> None:
    """Say so where everyone who reaches the machine may read, write and delete."""
    if not settings.api_keys and not _is_loopback(settings.host):
        log.warning("anyone who reaches %s may read and write: set QA_API_KEYS", settings.host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
