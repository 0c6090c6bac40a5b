"""Every error that reaches a client: one table from types to codes, and the answers made of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.problems import MEDIA_TYPE, STATUSES, Fault, Problem, problem
from index import errors

ONE, MANY = "<article>", "<articles>"
"""Tags of the union that POST /v1/articles takes; they are no part of a pointer."""
FAULTS = 100
"""The most that are told of one request."""

CODES: dict[type[Exception], str] = {
    errors.InvalidInput: "invalid_parameter",
    errors.NotFound: "not_found",
    errors.NotReady: "not_ready",
    errors.NotAllowed: "forbidden",
    errors.Overloaded: "overloaded",
    errors.TooLarge: "payload_too_large",
    errors.StorageFull: "storage_full",
    errors.IndexMismatch: "conflict",
    errors.IndexLocked: "conflict",
    errors.IndexDamaged: "engine_unavailable",
    errors.ModelUnavailable: "engine_unavailable",
    errors.Unreachable: "engine_unavailable",
    errors.MissingExtra: "engine_unavailable",
}
"""What is not here is `internal`, and nothing is told about it."""

EXPECTED: tuple[type[Exception], ...] = (
    errors.ServiceError,
    RequestValidationError,
    HTTPException,
)
"""What the application answers itself."""


class UnsupportedMediaType(HTTPException):
    """The body is of a kind that the route does not read."""

    def __init__(self, wanted: str) -> None:
        super().__init__(415, f"send it as {wanted}")


def problem_of(error: Exception) -> Problem:
    """What a client is told about an error."""
    if isinstance(error, RequestValidationError):
        return _unusable(error)
    if isinstance(error, ValidationError):
        return _invalid(error.errors(include_url=False), skip=0)
    if isinstance(error, UnsupportedMediaType):
        return problem("unsupported_media_type", error.detail)
    if isinstance(error, HTTPException):
        return problem(STATUSES.get(error.status_code, "internal"), _unread(error.__cause__))
    code = CODES.get(type(error), "internal")
    if code == "internal":
        return problem(code)
    pointer = getattr(error, "pointer", "")
    return problem(code, str(error), *([Fault(pointer=pointer, detail=str(error))] * bool(pointer)))


def respond(found: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """A problem as a response, with the headers that its status asks for."""
    extra = dict(headers or {})
    if found.status in (429, 503):
        extra.setdefault("Retry-After", "1")
    if found.status == 401:
        extra.setdefault("WWW-Authenticate", 'Bearer realm="dateline"')
    return Response(found.model_dump_json(), found.status, extra, media_type=MEDIA_TYPE)


async def answer(_request: Request, error: Exception) -> Response:
    """FastAPI's exception handler for all of `EXPECTED`."""
    return respond(problem_of(error), getattr(error, "headers", None))


def _unread(cause: BaseException | None) -> str:
    """Why FastAPI could not read a body, which it does not say itself."""
    if isinstance(cause, RecursionError):
        return "the JSON is nested too deeply"
    if isinstance(cause, UnicodeDecodeError):
        byte = cause.object[cause.start]
        return f"the body is not UTF-8: byte 0x{byte:02x} at offset {cause.start}"
    return ""


def _unusable(error: RequestValidationError) -> Problem:
    # FastAPI leaves a body as bytes only where its content type is not JSON.
    if isinstance(error.body, bytes):
        return problem("unsupported_media_type", "send it as application/json")
    return _invalid(error.errors(), skip=1)


def _invalid(found: Sequence[Any], *, skip: int) -> Problem:
    """Pydantic's errors as one problem; `skip` leaves out FastAPI's "body" or "query"."""
    first = found[0]
    if first["type"] == "json_invalid":
        reason = first.get("ctx", {}).get("error", first["msg"])
        place = f" at character {first['loc'][1]}" if len(first["loc"]) > 1 else ""
        return problem("malformed_json", f"{reason}{place}")
    faults = [
        Fault(
            pointer=_pointer(item["loc"][skip:]),
            detail=item["msg"].removeprefix("Value error, "),
        )
        for item in found[:FAULTS]
    ]
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    where = faults[0].pointer and f"{faults[0].pointer}: "
    return problem("invalid_parameter", f"{where}{faults[0].detail}{more}", *faults)


def _pointer(location: Sequence[str | int]) -> str:
    parts = [str(part) for part in location if part not in (ONE, MANY)]
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)
