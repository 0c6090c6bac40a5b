"""What every request passes through: id, keys, measuring, headers and the last resort."""

import hmac
import logging
import re
import time
import uuid
from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from api.errors import respond
from api.metrics import Metrics
from api.problems import MEDIA_TYPE, STATUSES, problem

log = logging.getLogger(__name__)

REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
OPEN = frozenset(("/", "/docs", "/openapi.json", "/livez", "/readyz", "/version"))
QUESTIONS = frozenset(("/v1/ask", "/v1/search", "/v1/chat/completions", "/v1/embeddings"))
HOOKS = "/hooks/"
"""Chat tools call here; each has a secret of its own in place of a key, and is no browser."""
OPEN_BELOW = ("/static/", "/problems/", HOOKS)
SECURITY = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class RequestId:
    """Takes a caller's X-Request-Id or makes one; logs and the response carry it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in SECURITY.items():
                    headers.setdefault(name, value)
            await send(message)

        # HEAD is GET without the body, which the server leaves out by itself.
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        with bound_contextvars(request_id=request_id):
            await self._app({**scope, "method": method}, receive, send_with_id)


class Observed:
    """Logs and counts each request by the template of its route, never with what was asked."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()
        status = 499  # as nginx has it: the client went away before the answer

        async def send_timed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                total = (time.perf_counter() - start) * 1000
                MutableHeaders(scope=message).append("Server-Timing", f"total;dur={total:.1f}")
            await send(message)

        try:
            await self._app(scope, receive, send_timed)
        finally:
            self._record(scope, status, time.perf_counter() - start)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in METHODS else "OTHER"
        route = getattr(scope.get("route"), "path", "unmatched")
        self._metrics.request(method=method, route=route, status=status, seconds=seconds)
        fields = {"method": method, "route": route, "status": status}
        log.info("request", extra={**fields, "ms": round(seconds * 1000, 1)})


class LastResort:
    """Sees to it that every error leaves as a problem, foreseen or not, and never as a trace."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = replaced = False

        async def send_problem(message: Message) -> None:
            nonlocal started, replaced
            if message["type"] == "http.response.start":
                started = True
                if replaced := _is_foreign_error(message):
                    found = problem(STATUSES[message["status"]])
                    await respond(found)(scope, receive, send)
            if not replaced:
                await send(message)

        try:
            await self._app(scope, receive, send_problem)
        except Exception:
            log.exception("unforeseen error")
            if not started:
                await respond(problem("internal"))(scope, receive, send)


class SameSite:
    """Lets no page of another site write here: a browser sends such requests on its own.

    What a key is not needed for, a stranger's page could otherwise do from behind the firewall.
    Pages of `origins` may ask, and no more than that.
    """

    def __init__(self, app: ASGIApp, origins: Sequence[str] = ()) -> None:
        self._app = app
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._may(scope):
            await self._app(scope, receive, send)
        else:
            found = problem("forbidden", "A page of another site may not do that.")
            await respond(found)(scope, receive, send)

    def _may(self, scope: Scope) -> bool:
        if scope["method"] in SAFE or scope["path"].startswith(HOOKS) or not _is_foreign(scope):
            return True
        return scope["path"] in QUESTIONS and Headers(scope=scope).get("origin") in self._origins


class Keys:
    """Lets nobody in without one of the keys, but for what is open; before the body is read."""

    def __init__(self, app: ASGIApp, keys: Sequence[str]) -> None:
        self._app = app
        self._keys = [key.encode() for key in keys]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._may(scope):
            await self._app(scope, receive, send)
        else:
            await respond(problem("unauthenticated"))(scope, receive, send)

    def _may(self, scope: Scope) -> bool:
        if not self._keys or scope["path"] in OPEN or scope["path"].startswith(OPEN_BELOW):
            return True
        given = _key(Headers(scope=scope))
        # All are compared, so that the time does not tell which one it was.
        return sum(hmac.compare_digest(given, key) for key in self._keys) > 0


def _key(headers: Headers) -> bytes:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    given = token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")
    return given.encode("latin-1")


def _is_foreign(scope: Scope) -> bool:
    """Whether a browser says that the request comes from another site than this one."""
    headers = Headers(scope=scope)
    site = headers.get("sec-fetch-site", "").lower()
    if site in ("cross-site", "same-origin"):  # a proxy may have put another name into Host
        return site == "cross-site"
    origin = headers.get("origin")
    return origin is not None and _host(origin) != headers.get("host", "").lower()


def _host(origin: str) -> str:
    return origin.partition("://")[2].lower()


def _is_foreign_error(start: Message) -> bool:
    """Made by the framework itself, such as its plain-text 413.

    Other protocols that are spoken here have errors of their own, in JSON.
    """
    kind = Headers(scope=start).get("content-type", "")
    ours = kind in (MEDIA_TYPE, "application/json")
    return start["status"] in STATUSES and start["status"] != 400 and not ours
