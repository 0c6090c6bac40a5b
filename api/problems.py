"""Problems as RFC 9457 has them: the contract's codes, and the JSON that a client gets."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field
from structlog.contextvars import get_contextvars

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of problem: its status, its title and what a client can do about it."""

    status: int
    title: str
    advice: str


KINDS = {
    "malformed_json": Kind(
        400, "The body is not JSON", "Send one JSON value in UTF-8; the detail says what stops it."
    ),
    "unauthenticated": Kind(
        401, "A key is needed", "Send `Authorization: Bearer KEY` or `X-API-Key: KEY`."
    ),
    "forbidden": Kind(403, "Not allowed", "This key, or a page of another site, may not do that."),
    "not_found": Kind(404, "Not found", "Check the address and the id; /docs lists the routes."),
    "method_not_allowed": Kind(
        405, "Method not allowed", "The header Allow names the methods of this address."
    ),
    "conflict": Kind(409, "In conflict with what is stored", "Read the detail, then try again."),
    "payload_too_large": Kind(
        413,
        "Too large",
        "Send less at once: QA_MAX_BODY_MB limits a request, QA_MAX_ARTICLE_MB one article's text.",
    ),
    "unsupported_media_type": Kind(
        415, "This media type is not read here", "Send `Content-Type: application/json`."
    ),
    "misdirected": Kind(
        421,
        "Not served under this name",
        "Use another name of this server, or add this one to QA_ALLOWED_HOSTS.",
    ),
    "invalid_parameter": Kind(
        422, "A value cannot be used", "Each of `errors` points to a value and says what is wrong."
    ),
    "rate_limited": Kind(429, "Too many requests", "Wait as long as the header Retry-After says."),
    "overloaded": Kind(429, "Too busy", "Wait as long as the header Retry-After says."),
    "internal": Kind(
        500, "Something went wrong here", "Give the `request_id` to who runs this: the log has it."
    ),
    "not_ready": Kind(503, "Not ready yet", "GET /readyz answers 200 when it is."),
    "engine_unavailable": Kind(503, "The search engine does not answer", "Try again later."),
    "timeout": Kind(504, "Took too long", "Try again, or ask for less."),
    "storage_full": Kind(
        507,
        "The disk is full",
        "Make room, then send it again: what was stored before is not stored twice.",
    ),
}

STATUSES = {kind.status: code for code, kind in reversed(KINDS.items())}
"""From a status to its code, the first one where there are two."""


class Fault(BaseModel):
    """One value that is wrong, and why."""

    pointer: str = Field(description="A JSON pointer into the request.", examples=["/from"])
    detail: str = Field(examples=["is later than to"])


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)

    type: str = Field(examples=["/problems/invalid_parameter"])
    title: str = Field(examples=[KINDS["invalid_parameter"].title])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["/from: is later than to"])
    code: str = Field(examples=["invalid_parameter"])
    request_id: str | None = Field(examples=["4f0c6c5e0f3b4e6f9a53c1c06f6f4a6e"])
    errors: list[Fault] = []


def problem(code: str, detail: str = "", *faults: Fault) -> Problem:
    """The problem of that code; says what to do where there is nothing more exact to say."""
    kind = KINDS[code]
    return Problem(
        type=f"/problems/{code}",
        title=kind.title,
        status=kind.status,
        detail=_encodable(detail or kind.advice),
        code=code,
        request_id=get_contextvars().get("request_id"),
        errors=[Fault(pointer=_encodable(f.pointer), detail=_encodable(f.detail)) for f in faults],
    )


def _encodable(text: str) -> str:
    """Without lone surrogates, which a client's own words may hold and UTF-8 cannot."""
    return text.encode(errors="replace").decode()
