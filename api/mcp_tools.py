"""The tools of the Model Context Protocol: what each takes, gives, and how that reads as text."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from api import display, render
from api.conversations import named
from api.doors import Desk
from api.fields import no_nul
from api.schemas import (
    AskQuery,
    AskRequest,
    AskResponse,
    Input,
    SearchQuery,
    SearchRequest,
    SearchResponse,
)
from api.schemas_articles import ArticleList, ArticleOut, ListQuery

Key = Annotated[str, StringConstraints(min_length=1, max_length=1004), AfterValidator(no_nul)]
"""An article's id, or `ext:` and up to 1,000 characters of the publisher's own."""


class ArticleQuery(Input):
    """The arguments of `get_article`."""

    id: Key = Field(
        description="As an answer, a passage or the list names it; `ext:` and the publisher's own "
        "id will do as well.",
        examples=["art_2b8e0f6c1d9a47f3b5e1"],
    )
    start: int = Field(0, ge=0, description="The first character to give.")
    length: int = Field(20_000, ge=1, le=100_000, description="The most characters to give.")


class ArticlePart(ArticleOut):
    """An article with its text, or with the part of it that was asked for."""

    start: int = Field(description="Where `text` starts in the whole text.")
    end: int = Field(description="Where `text` ends; the whole has `characters` of them.")


@dataclass(frozen=True, slots=True)
class Tool:
    """One thing that a model can ask for."""

    title: str
    about: str
    takes: type[Input]
    gives: type[BaseModel]
    call: Callable[[Desk, Any], BaseModel]
    text: Callable[[Any], str]


def ask(desk: Desk, given: AskQuery) -> AskResponse:
    """As POST /v1/ask, with conversations that are no other door's."""
    talk = {"conversation": named("mcp", given.conversation)} if given.conversation else {}
    return desk.ask(AskRequest.model_validate({**given.model_dump(by_alias=True), **talk}))


def search(desk: Desk, given: SearchQuery) -> SearchResponse:
    """As POST /v1/search."""
    return desk.search(SearchRequest.model_validate(given.model_dump(by_alias=True)))


def get_article(desk: Desk, given: ArticleQuery) -> ArticlePart:
    """As GET /v1/articles/{id}, with no more text than a model can take; raises NotFound."""
    found = desk.article(given.id)
    start = min(given.start, len(found.text))
    text = found.text[start : start + given.length]
    about = found.model_dump(exclude={"text"})
    return ArticlePart(**about, text=text, start=start, end=start + len(text))


def list_articles(desk: Desk, given: ListQuery) -> ArticleList:
    """As GET /v1/articles."""
    return desk.articles(given.limit, given.cursor)


def part_text(part: ArticlePart) -> str:
    """What is known about an article, then its text or the part of it."""
    whole = part.end - part.start == part.characters
    place = "" if whole else f"Characters {part.start} to {part.end} of {part.characters}.\n\n"
    return place + display.article(part)


def list_text(found: ArticleList) -> str:
    """A line an article, and how to go on."""
    rows = "".join(map(display.row, found.data)) or "No articles.\n"
    more = f"\nMore with cursor={found.next_cursor}\n" if found.next_cursor else ""
    return f"{rows}{more}"


TOOLS: Mapping[str, Tool] = {
    "ask": Tool(
        "Answer a question",
        "Answer a question from the stored news articles. An answer is a piece of an article, word "
        "for word, with its place there and the probability that it is right. Where nothing "
        "answers, `answered` is false and the closest passages are given.",
        AskQuery,
        AskResponse,
        ask,
        render.ask_text,
    ),
    "search": Tool(
        "Find passages",
        "Find the passages of the stored news articles that fit a question or some words best.",
        SearchQuery,
        SearchResponse,
        search,
        render.search_text,
    ),
    "get_article": Tool(
        "Read an article",
        "Read one stored article, or a part of a long one, by its id.",
        ArticleQuery,
        ArticlePart,
        get_article,
        part_text,
    ),
    "list_articles": Tool(
        "List the articles",
        "List the stored articles without their texts, a page at a time, in the order of ids.",
        ListQuery,
        ArticleList,
        list_articles,
        list_text,
    ),
}
