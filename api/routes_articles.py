"""/v1/articles: write, import, list, read and remove."""

import sys
from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Body, Query, Request, Response
from pydantic import BaseModel, Discriminator, Field, Tag
from starlette.exceptions import HTTPException

from api.bulk import Import
from api.errors import MANY, ONE, UnsupportedMediaType
from api.parameters import ONLY_DECLARED
from api.schemas_articles import (
    EXAMPLE,
    ArticleIn,
    ArticleList,
    ArticleOut,
    LineOut,
    ListQuery,
    WriteOut,
    WritesOut,
)
from api.state import TheAdmission, TheService, TheSettings

router = APIRouter(prefix="/v1/articles", tags=["articles"], dependencies=[ONLY_DECLARED])

JSON_LINES = (
    "application/jsonl",
    "application/x-ndjson",
    "application/ndjson",
    "application/x-jsonlines",
    "application/json-lines",
)
"""Not text/plain, nor none: any page on the web can send those here without asking first."""


def _one_or_many(value: object) -> str:
    return MANY if isinstance(value, list) else ONE


Articles = Annotated[
    Annotated[ArticleIn, Tag(ONE)] | Annotated[list[ArticleIn], Field(max_length=1000), Tag(MANY)],
    Discriminator(_one_or_many),
    Body(
        openapi_examples={
            "one": {"summary": "One article", "value": EXAMPLE},
            "array": {"summary": "Up to 1,000", "value": [EXAMPLE]},
        }
    ),
]


@router.post("", status_code=201, responses={200: {"model": WriteOut | WritesOut}})
async def write(body: Articles, service: TheService, admission: TheAdmission) -> Response:
    """Store one article or an array, none where one is wrong; unchanged ones change nothing."""
    many = isinstance(body, list)
    add = partial(service.add, body if isinstance(body, list) else [body], single=not many)
    results = await to_thread.run_sync(add, limiter=admission.writes)
    reply: BaseModel = WritesOut(data=results) if many else results[0]
    created = any(result.result == "created" for result in results)
    return _json(reply, 201 if created else 200)


@router.post(
    "/import",
    # The lines are streamed, so there is no need for a limit; each of them has one.
    max_body_size=sys.maxsize,
    response_model=LineOut,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {kind: {"schema": {"type": "string"}} for kind in JSON_LINES},
        }
    },
)
async def import_articles(
    request: Request, service: TheService, settings: TheSettings, admission: TheAdmission
) -> Import:
    """Store the articles of JSON Lines; a line of result for each, once it is on the disk."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in JSON_LINES:
        raise UnsupportedMediaType(" or ".join(JSON_LINES[:2]))
    return Import(request, service, admission.writes, max_article=settings.max_article_bytes)


@router.api_route("/import", methods=["GET", "DELETE"], include_in_schema=False)
async def no_import() -> None:
    """Before the routes of articles, which would look for one with that id."""
    raise HTTPException(405, headers={"Allow": "POST"})


@router.get("", response_model=ArticleList)
def listing(query: Annotated[ListQuery, Query()], service: TheService) -> Response:
    """A page of what is stored."""
    return _json(service.articles(query.limit, query.cursor))


# Ids may hold slashes: a caller's own is often a URL.
@router.get("/{id:path}/text", response_class=Response)
def text(id: str, request: Request, service: TheService) -> Response:  # noqa: A002
    """The text of an article, exactly as it was stored; all offsets point into it."""
    article = service.article(id)
    tag = f'"{article.sha256}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    known = {part.strip().removeprefix("W/") for part in _header(request, "if-none-match")}
    if known & {tag, "*"}:
        return Response(status_code=304, headers=headers)
    return Response(article.text, headers=headers, media_type="text/plain")


@router.get("/{id:path}", response_model=ArticleOut)
def article(id: str, service: TheService) -> Response:  # noqa: A002
    """One article with its text; `ext:` and your own id will do as well."""
    return _json(service.article(id))


@router.delete("/{id:path}", status_code=204)
async def delete(id: str, service: TheService, admission: TheAdmission) -> None:  # noqa: A002
    """Remove an article for good."""
    await to_thread.run_sync(service.delete, id, limiter=admission.writes)


def _header(request: Request, name: str) -> list[str]:
    return ",".join(request.headers.getlist(name)).split(",")


def _json(reply: BaseModel, status: int = 200) -> Response:
    return Response(reply.model_dump_json(), status, media_type="application/json")
