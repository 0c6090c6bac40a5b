"""/v1/ask and /v1/search, in the form that the client would like best."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from api import conditions, render
from api.conversations import named
from api.negotiation import EVENTS, JSON, MARKDOWN, TEXT, preferred
from api.parameters import ONLY_DECLARED, documented, read_as
from api.schemas import (
    AskQuery,
    AskRequest,
    AskResponse,
    SearchQuery,
    SearchRequest,
    SearchResponse,
)
from api.state import Asked
from qa.pipeline import Embedded

Reply = TypeVar("Reply", AskResponse, SearchResponse)

router = APIRouter(prefix="/v1", tags=["questions"], dependencies=[ONLY_DECLARED])


def ask_events(answer: AskResponse) -> str:
    """An answer as server-sent events: meta, sources, answer, done."""
    return _events(
        answer,
        meta={"id", "query", "model", "generation"},
        sources={"passages"},
        answer={"answered", "answer", "answers", "warnings", "generated"},
        done={"timing_ms", "cached"},
    )


def search_events(found: SearchResponse) -> str:
    """What was found as server-sent events: meta, sources, done."""
    return _events(
        found,
        meta={"query", "generation"},
        sources={"passages", "total"},
        done={"timing_ms", "warnings", "cached"},
    )


def _events(reply: BaseModel, /, **parts: set[str]) -> str:
    return "".join(
        f"event: {name}\ndata: {reply.model_dump_json(include=fields)}\n\n"
        for name, fields in parts.items()
    )


ASK_FORMS: Mapping[str, Callable[[AskResponse], str]] = {
    JSON: AskResponse.model_dump_json,
    TEXT: render.ask_text,
    MARKDOWN: render.ask_markdown,
    EVENTS: ask_events,
}
SEARCH_FORMS: Mapping[str, Callable[[SearchResponse], str]] = {
    JSON: SearchResponse.model_dump_json,
    TEXT: render.search_text,
    MARKDOWN: render.search_markdown,
    EVENTS: search_events,
}


def _documented(forms: Mapping[str, Any]) -> dict[int | str, dict[str, Any]]:
    texts = {kind: {"schema": {"type": "string"}} for kind in forms if kind != JSON}
    return {200: {"content": texts}}


@router.get(
    "/ask",
    response_model=AskResponse,
    responses=_documented(ASK_FORMS),
    openapi_extra=documented(AskQuery),
)
async def get_ask(request: Request) -> Response:
    """Answer a question, with the exact place of the answer in its article.

    A conversation completes the question, but only a POST goes on with it.
    """
    body = AskRequest.model_construct(**dict(read_as(AskQuery, request)))
    return await _ask(body, request, remember=False)


@router.post("/ask", response_model=AskResponse, responses=_documented(ASK_FORMS))
async def post_ask(body: AskRequest, request: Request) -> Response:
    """Answer a question, with a filter, weights or a budget of time."""
    return await _ask(body, request, remember=True)


@router.get(
    "/search",
    response_model=SearchResponse,
    responses=_documented(SEARCH_FORMS),
    openapi_extra=documented(SearchQuery),
)
async def get_search(request: Request) -> Response:
    """Find the passages that fit best."""
    body = SearchRequest.model_construct(**dict(read_as(SearchQuery, request)))
    return await _search(body, request)


@router.post("/search", response_model=SearchResponse, responses=_documented(SEARCH_FORMS))
async def post_search(body: SearchRequest, request: Request) -> Response:
    """Find the passages that fit best, with a filter, weights or a budget of time."""
    return await _search(body, request)


async def _ask(body: AskRequest, request: Request, *, remember: bool) -> Response:
    asked = Asked.of(request)
    work = partial(_answer, body, request, asked, remember=remember)
    return await asked.admission.respond(request, work)


async def _search(body: SearchRequest, request: Request) -> Response:
    asked = Asked.of(request)
    work = partial(_find, body, request, asked, time.perf_counter())
    if conditions.slow(body) or asked.service.knows(body):
        return await asked.admission.respond(request, work)
    return await asked.admission.respond_together(request, body, work)


def _answer(body: AskRequest, request: Request, asked: Asked, *, remember: bool) -> Response:
    answer = asked.service.ask(_own(body), remember=remember)
    asked.metrics.outcome(answered=answer.answered)
    asked.metrics.stages(answer.timing_ms.model_dump())
    return _reply(answer, ASK_FORMS, request)


def _find(
    body: SearchRequest,
    request: Request,
    asked: Asked,
    start: float,
    embedded: Embedded | None = None,
) -> Response:
    found = asked.service.search(body, embedded, start=start)
    asked.metrics.stages(found.timing_ms.model_dump())
    return _reply(found, SEARCH_FORMS, request)


def _own(body: AskRequest) -> AskRequest:
    """With a name that is no other door's: nobody learns here what was asked in a chat room."""
    if body.conversation is None:
        return body
    return body.model_copy(update={"conversation": named("http", body.conversation)})


def _reply(reply: Reply, forms: Mapping[str, Callable[[Reply], str]], request: Request) -> Response:
    kind = preferred(",".join(request.headers.getlist("accept")), list(forms))
    stages = reply.timing_ms.model_dump(exclude={"total"})
    spent = [f"{name};dur={value:g}" for name, value in stages.items()]
    headers = {
        "Server-Timing": "cached" if reply.cached else ", ".join(spent),
        "Vary": "Accept",
    }
    return Response(forms[kind](reply), headers=headers, media_type=kind)
