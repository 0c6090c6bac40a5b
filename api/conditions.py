"""From a request's parameters to what the pipeline takes: one filter, and weights."""

from datetime import datetime

from api.fields import instant
from api.schemas import AskRequest, SearchRequest
from index.errors import InvalidInput
from index.filters import Filter, compile_filter
from qa.retrieve import Weights

Request = AskRequest | SearchRequest


def where(request: Request) -> Filter | None:
    """One filter of from, to, source, lang and `filter`; None when nothing is asked for."""
    tests: list[Filter] = [
        {name: {"eq": value}}
        for name, value in (("source", request.source), ("lang", request.lang))
        if value is not None
    ]
    if period := _period(request):
        tests.append({"published_at": period})
    if request.filter is not None:
        compile_filter(request.filter)  # by itself, so that its pointers are the client's
        tests.append(request.filter)
    return {"and": tests} if tests else None


def weights(request: Request) -> Weights | None:
    """The weights of this question, where any were given."""
    if request.weights is None:
        return None
    found = Weights(**request.weights.model_dump(exclude_none=True))
    if not (found.dense or found.sentence or found.lexical):
        raise InvalidInput("one weight at least must be more than 0", pointer="/weights")
    return found


def slow(request: SearchRequest) -> bool:
    """Whether more than the usual few milliseconds may be needed: to read, filter or look on."""
    if request.rerank or request.min_confidence is not None or request.collapse != "none":
        return True
    filters = (request.filter, request.from_, request.to, request.source, request.lang)
    return any(one is not None for one in filters)


def _period(request: Request) -> dict[str, datetime]:
    start = None if request.from_ is None else instant(request.from_)
    end = None if request.to is None else instant(request.to, last=True)
    if start and end and start > end:
        raise InvalidInput("from is later than to", pointer="/from")
    return {name: value for name, value in (("gte", start), ("lte", end)) if value}
