"""From what the pipeline and the store hand out to the contract's JSON."""

import time
import uuid
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cache, partial
from typing import TypeVar

from api.conditions import Request
from api.schemas import (
    AnswerOut,
    AnswerShort,
    AskRequest,
    AskResponse,
    AskTiming,
    Citation,
    Models,
    PassageOut,
    QueryOut,
    Quote,
    Range,
    SearchRequest,
    SearchResponse,
    Sentence,
    Timing,
)
from api.schemas_articles import ArticleListed, WriteOut
from index.corpus import Corpus
from index.errors import NotFound
from index.store import PassageStore
from index.tables import Listed
from index.types import Article, Hit, Written
from qa.read import closest_sentence
from qa.types import Answer, Found, Span

CONTEXT = 32
"""Characters around a quote, enough to find it again in a changed page."""

PASSAGE_BYTES = 4000
"""In memory, for each passage of a reply, beside its text."""

Row = TypeVar("Row", Hit, Span)
Reply = TypeVar("Reply", AskResponse, SearchResponse)


def story_id(sha256: str) -> str:
    """The same for articles with the same text."""
    return f"sty_{sha256[:16]}"


def asked(
    answer: Answer, request: AskRequest, corpus: Corpus, *, reader: str, start: float
) -> AskResponse:
    """The reply to a question that was asked at `start`."""
    spans = answer.spans[: request.limit]
    text_of = cache(partial(_text, corpus.store))
    answers = [_answer(span, request, text_of) for span in spans]
    best = answers[0] if answers else None
    cited = _places(spans)
    hits = _with_cited(answer.found.hits, cited, request)
    total = _since(start)
    return AskResponse(
        id=_answer_id(),
        answered=best is not None,
        query=QueryOut(
            text=request.q, rewritten=None if answer.question == request.q else answer.question
        ),
        answer=best and AnswerShort(text=best.text, confidence=best.confidence),
        answers=answers,
        passages=_passages(hits, cited, explain=request.explain),
        warnings=_warnings(request, total),
        timing_ms=AskTiming(total=total, **_stages(answer.timing, "embed", "retrieve", "read")),
        model=Models(embed=corpus.embedder.name, read=reader),
        generation=corpus.generation,
    )


def searched(
    found: Found, request: SearchRequest, generation: int, *, start: float
) -> SearchResponse:
    """The reply to a search that was asked at `start`."""
    hits = _distinct(found.hits, request)[: request.limit]
    best = {hit.passage.id: [closest_sentence(hit)] for hit in hits}
    total = _since(start)
    return SearchResponse(
        query=QueryOut(text=request.q, rewritten=None),
        passages=_passages(hits, best, explain=request.explain),
        total=found.total,
        warnings=_warnings(request, total),
        timing_ms=Timing(total=total, **_stages(found.timing, "embed", "retrieve")),
        generation=generation,
    )


def again(reply: Reply, *, start: float) -> Reply:
    """A reply that was made before, to a question that was asked at `start`."""
    stages = dict.fromkeys(type(reply.timing_ms).model_fields, 0.0)
    timing = reply.timing_ms.model_copy(update={**stages, "total": _since(start)})
    changed: dict[str, object] = {"timing_ms": timing, "cached": True}
    if isinstance(reply, AskResponse):
        changed["id"] = _answer_id()
    return reply.model_copy(update=changed)


def size(reply: AskResponse | SearchResponse) -> int:
    """About how many bytes of memory it takes: its texts, and the objects around them."""
    return sum(PASSAGE_BYTES + len(one.text) for one in reply.passages)


def only_answering(answer: Answer) -> Found:
    """Only the hits that hold an answer of the confidence that was asked for."""
    kept = _places(answer.spans)
    hits = tuple(hit for hit in answer.found.hits if hit.passage.id in kept)
    return replace(answer.found, hits=hits)


def written(article: Article, result: Written) -> WriteOut:
    """The reply to one article that was sent."""
    return WriteOut(**asdict(result), story_id=story_id(article.sha256), warnings=[])


def listed(row: Listed) -> ArticleListed:
    """An article without its text."""
    return ArticleListed(**asdict(row), story_id=story_id(row.sha256))


def stories(hits: Iterable[Hit]) -> int:
    """How many different texts they come from."""
    return len({hit.passage.sha256 for hit in hits})


def _distinct(rows: Sequence[Row], request: Request) -> list[Row]:
    """All, or the best of each story where that was asked for."""
    if request.collapse == "none":
        return list(rows)
    best: dict[str, Row] = {}
    for row in rows:
        best.setdefault(row.passage.sha256, row)
    return list(best.values())


def _places(spans: Iterable[Span]) -> dict[int, list[tuple[int, int]]]:
    """Of each passage that answers, where it does."""
    places: dict[int, list[tuple[int, int]]] = {}
    for span in spans:
        for one in (span, *span.also):
            places.setdefault(one.passage.id, []).append((one.start, one.end))
    return places


def _with_cited(hits: Sequence[Hit], cited: Container[int], request: Request) -> list[Hit]:
    """The best hits, among them in any case those that answers were taken from."""
    cited_first = sorted(hits, key=lambda hit: hit.passage.id not in cited)
    kept = {hit.passage.id for hit in _distinct(cited_first, request)[: request.limit]}
    return [hit for hit in hits if hit.passage.id in kept]


def _answer(span: Span, request: Request, text_of: Callable[[str], str]) -> AnswerOut:
    cited = _distinct([span, *span.also], request)
    citation, *also = (_citation(one, text_of) for one in cited)
    return AnswerOut(
        text=span.text, confidence=span.confidence, score=span.score, citation=citation, also=also
    )


def _citation(span: Span, text_of: Callable[[str], str]) -> Citation:
    passage = span.passage
    text, offset = _surroundings(span, text_of)
    low, high = span.start - offset, span.end - offset
    first, last = span.sentence
    return Citation(
        article_id=passage.article_id,
        sha256=passage.sha256,
        passage_id=f"psg_{passage.id}",
        title=passage.title,
        source=passage.source,
        url=passage.url,
        published_at=passage.published_at,
        start=span.start,
        end=span.end,
        quote=Quote(
            exact=span.text,
            prefix=text[max(0, low - CONTEXT) : low],
            suffix=text[high : high + CONTEXT],
        ),
        sentence=Sentence(text=passage.slice(first, last), start=first, end=last),
    )


def _surroundings(span: Span, text_of: Callable[[str], str]) -> tuple[str, int]:
    """A text that holds the span's context, with its offset: the passage's own where it does.

    Also where the article has changed since.
    """
    passage = span.passage
    before = passage.start <= max(0, span.start - CONTEXT)
    if before and span.end + CONTEXT <= passage.end:
        return passage.text, passage.start
    text = text_of(passage.article_id)
    if text[passage.start : passage.end] != passage.text:
        return passage.text, passage.start
    return text, 0


def _text(store: PassageStore, article_id: str) -> str:
    try:
        return store.article(article_id).text
    except NotFound:
        return ""


def _passages(
    hits: Iterable[Hit], marks: Mapping[int, Sequence[tuple[int, int]]], *, explain: bool
) -> list[PassageOut]:
    return [
        PassageOut(
            id=f"psg_{hit.passage.id}",
            article_id=hit.passage.article_id,
            rank=rank,
            score=hit.score,
            text=hit.passage.text,
            start=hit.passage.start,
            end=hit.passage.end,
            title=hit.passage.title,
            source=hit.passage.source,
            url=hit.passage.url,
            published_at=hit.passage.published_at,
            highlights=[
                Range(start=start, end=end) for start, end in marks.get(hit.passage.id, ())
            ],
            story_id=story_id(hit.passage.sha256),
            explain=dict(hit.parts) if explain else None,
        )
        for rank, hit in enumerate(hits, start=1)
    ]


def _warnings(request: Request, total: float) -> list[str]:
    if request.budget_ms is None or total <= request.budget_ms:
        return []
    return [f"took {total:g} ms, more than the budget of {request.budget_ms} ms"]


def _stages(seconds: Mapping[str, float], *names: str) -> dict[str, float]:
    return {name: round(seconds.get(name, 0.0) * 1000, 2) for name in names}


def _answer_id() -> str:
    return f"ans_{uuid.uuid4().hex}"


def _since(start: float) -> float:
    return round((time.perf_counter() - start) * 1000, 2)
