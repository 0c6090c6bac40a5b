"""The OpenAI-compatible routes: chat completions, models and embeddings."""

import base64
import re
import time
from collections.abc import Generator, Iterator
from functools import partial

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from api.generate import Writer
from api.metrics import Metrics
from api.negotiation import EVENTS, JSON
from api.openai_reply import Reply, behind, tokens, understood
from api.openai_stream import EventStream, Head, events, usage
from api.openai_turns import turns
from api.openai_written import quoted, written
from api.parameters import ONLY_DECLARED
from api.schemas import AskRequest, AskResponse
from api.schemas_openai import ChatIn, EmbeddingsIn
from api.schemas_openai_out import (
    ChatOut,
    Choice,
    Embedding,
    Embeddings,
    ErrorOut,
    MessageOut,
    ModelList,
    ModelOut,
    Usage,
)
from api.service import Service
from api.state import TheAdmission, TheMetrics, TheService
from api.telling import Telling, whole
from index.errors import InvalidInput, NotFound
from index.types import Matrix

CHAT = "dateline"
"""The name of what answers."""
PASSAGES = 5
"""That a language model is given, where there is one; fewer of them are cited."""
STARTED = int(time.time())
HOST = re.compile(r"(?:[\w.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?", re.ASCII)

router = APIRouter(
    prefix="/v1",
    tags=["openai"],
    dependencies=[ONLY_DECLARED],
    responses={"default": {"model": ErrorOut, "description": "What went wrong"}},
)


@router.get("/models", response_model=ModelList)
def models(service: TheService) -> Response:
    """What may be named as `model`: the one that answers, and the one that embeds."""
    return _json(ModelList(data=[_model(name) for name in _names(service)]))


@router.get("/models/{id:path}", response_model=ModelOut)
def model(id: str, service: TheService) -> Response:  # noqa: A002
    """One of them."""
    if id not in _names(service):
        raise _unknown(id)
    return _json(_model(id))


@router.post(
    "/chat/completions",
    response_model=ChatOut,
    responses={200: {"content": {EVENTS: {"schema": {"type": "string"}}}}},
)
async def complete(
    body: ChatIn,
    request: Request,
    service: TheService,
    metrics: TheMetrics,
    admission: TheAdmission,
) -> Response:
    """Answer the user's last message from the articles, with marks and sources."""
    if body.model != CHAT:
        raise _unknown(body.model, instead=CHAT)
    return await admission.respond(request, partial(_completed, body, request, service, metrics))


@router.post("/embeddings", response_model=Embeddings)
async def embed(
    body: EmbeddingsIn, request: Request, service: TheService, admission: TheAdmission
) -> Response:
    """A unit vector for each text, from the model that the search uses; made as for a question."""
    if body.model != service.embedder:
        raise _unknown(body.model, instead=service.embedder)
    return await admission.respond(request, partial(_embedded, body, service))


def _completed(body: ChatIn, request: Request, service: Service, metrics: Metrics) -> Response:
    answer = _asked(body, service)
    metrics.outcome(answered=answer.answered)
    metrics.stages(answer.timing_ms.model_dump())
    head = Head(f"chatcmpl-{answer.id.removeprefix('ans_')}", int(time.time()), body.model)
    telling = _telling(answer, _site(request), service.writer, live=bool(body.stream))
    asked = sum(tokens(one.text) for one in body.messages)
    if body.stream:
        counted = body.stream_options is not None and bool(body.stream_options.include_usage)
        return EventStream(events(head, Telling(telling), asked, counted=counted))
    return _json(_completion(head, whole(telling)[1], asked))


def _embedded(body: EmbeddingsIn, service: Service) -> Response:
    rows = service.embed(body.input)
    if body.dimensions not in (None, rows.shape[1]):
        message = f"the model {body.model} has {rows.shape[1]} dimensions, no other number"
        raise InvalidInput(message, pointer="/dimensions")
    count = sum(map(tokens, body.input))
    in_base64 = body.encoding_format == "base64"
    return _json(
        Embeddings(
            data=list(_vectors(rows, in_base64=in_base64)),
            model=body.model,
            usage=Usage(prompt_tokens=count, total_tokens=count),
        )
    )


def _asked(body: ChatIn, service: Service) -> AskResponse:
    """The answer to the last message of the user, completed from those before it."""
    # No name of a conversation: there is none that two users could not share.
    fields = {"q": body.question, "limit": PASSAGES, "collapse": "story"}
    request = AskRequest.model_validate({**fields, "follow_up": body.follow_up})
    return service.ask(request, earlier=turns(body.earlier))


def _telling(
    answer: AskResponse, site: str, writer: Writer | None, *, live: bool
) -> Generator[str, None, Reply]:
    lead = understood(answer)
    if lead:
        yield lead
    if writer and answer.answered:
        said = yield from written(answer, site, writer, live=live)
    else:
        said = yield from quoted(answer, site)
    return behind(lead, said)


def _completion(head: Head, said: Reply, asked: int) -> ChatOut:
    message = MessageOut(content=said.content, annotations=said.annotations)
    return ChatOut(
        id=head.id,
        created=head.created,
        model=head.model,
        choices=[Choice(message=message)],
        usage=usage(asked, said),
        citations=said.citations,
    )


def _vectors(rows: Matrix, *, in_base64: bool) -> Iterator[Embedding]:
    for index, row in enumerate(rows):
        packed = base64.b64encode(row.astype("<f4").tobytes()).decode()
        yield Embedding(index=index, embedding=packed if in_base64 else row.tolist())


def _names(service: Service) -> tuple[str, str]:
    return CHAT, service.embedder


def _model(name: str) -> ModelOut:
    return ModelOut(id=name, created=STARTED)


def _unknown(name: str, *, instead: str = "") -> NotFound:
    hint = f", only `{instead}`" if instead else ""
    return NotFound(f"there is no model `{name}` for this{hint}")


def _site(request: Request) -> str:
    """Where the client finds this service; nothing, where it does not say so in earnest."""
    host = request.headers.get("host", "")
    return f"{request.scope['scheme']}://{host}" if HOST.fullmatch(host) else ""


def _json(body: BaseModel) -> Response:
    return Response(body.model_dump_json(), media_type=JSON)
