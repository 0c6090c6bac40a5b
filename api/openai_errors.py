"""OpenAIErrors: on the OpenAI-compatible routes a problem leaves as an error of OpenAI's shape."""

import re

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import MEDIA_TYPE, Problem
from api.schemas_openai_out import ErrorOut, Fault

PATHS = re.compile(r"/v1/(chat|embeddings|models)(/.*)?", re.DOTALL)
CODES = {
    "unauthenticated": "invalid_api_key",
    "invalid_parameter": "invalid_value",
    "rate_limited": "rate_limit_exceeded",
    "overloaded": "rate_limit_exceeded",
}
"""Where OpenAI has a name of its own; elsewhere the problem's code stands."""


class OpenAIErrors:
    """Turns every problem that comes from inside on those paths, whoever made it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not PATHS.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        body = b""

        async def send_turned(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and _is_problem(message):
                start = message
            elif start is None:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body"):
                    await _turned(start, body, scope)(scope, receive, send)

        await self._app(scope, receive, send_turned)


def error(problem: Problem, *, found: bool = True) -> ErrorOut:
    """A problem in OpenAI's terms; `found` tells a model that is missing from a missing route."""
    fault = problem.errors[0] if problem.errors else None
    code = CODES.get(problem.code, problem.code)
    param = _dotted(fault.pointer) if fault else None
    if problem.status == 404 and found:
        code, param = "model_not_found", "model"
    # With the parameter's name: chats show the message alone.
    told = ": ".join(filter(None, (param, fault.detail))) if fault else problem.detail
    return ErrorOut(
        error=Fault(
            message=told,
            type=_type(problem.status),
            param=param or None,
            code=code,
        )
    )


def _turned(start: Message, body: bytes, scope: Scope) -> Response:
    problem = Problem.model_validate_json(body)
    turned = error(problem, found="route" in scope).model_dump_json()
    # OpenAI has no 422: a value that cannot be used is a bad request there.
    status = 400 if problem.status == 422 else problem.status
    kept = {
        name: value
        for name, value in Headers(raw=start["headers"]).items()
        if name not in ("content-type", "content-length")
    }
    return Response(turned, status, kept, media_type="application/json")


def _is_problem(start: Message) -> bool:
    return Headers(raw=start["headers"]).get("content-type") == MEDIA_TYPE


def _type(status: int) -> str:
    if status >= 500:
        return "server_error"
    return "rate_limit_error" if status == 429 else "invalid_request_error"


def _dotted(pointer: str) -> str:
    """`/messages/0/content` -> `messages[0].content`."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    return "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in parts).lstrip(".")
