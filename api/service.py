"""Service: what the front doors offer, over HTTP and in the command line's own process."""

import logging
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast

from api import conditions, replies, shelf
from api.conversations import Conversations
from api.generate import Writer, with_text
from api.schemas import AskRequest, AskResponse, SearchRequest, SearchResponse
from api.schemas_articles import ArticleIn, ArticleList, ArticleOut, WriteOut
from api.settings import Settings
from index.batch import Load
from index.cache import Cache
from index.corpus import Corpus
from index.embedders.batched import BatchedEmbedder
from index.errors import InvalidInput, NotFound, TooLarge
from index.sources.jsonl import parse_fields
from index.tables import Counts
from index.types import Article, Hit, Matrix, Written
from qa.pipeline import Embedded, Pipeline
from qa.read import PASSAGES_READ
from qa.types import Answer, Found, Turn
from qa.wording import searchable

log = logging.getLogger(__name__)

STORY_FACTOR = 5
"""So many times the limit is looked at first where copies of a story are left out."""
MOST = 1000
"""Passages that are looked at in search of further stories."""
WARM_UP = "What happened today?"

Reply = TypeVar("Reply", AskResponse, SearchResponse)


@dataclass(frozen=True, slots=True)
class Activity:
    """What the model has to do, and how often something was known already: hits and misses."""

    model: Load = field(default_factory=Load)
    vectors: tuple[int, int] = (0, 0)
    replies: tuple[int, int] = (0, 0)


class Service:
    """One corpus and one pipeline, asked and answered in the contract's own terms."""

    def __init__(
        self,
        corpus: Corpus,
        pipeline: Pipeline,
        settings: Settings,
        *,
        writer: Writer | None = None,
        embedder: BatchedEmbedder | None = None,
    ) -> None:
        """`embedder` is the corpus' own, where many threads share it."""
        self.writer = writer
        self._embedder = embedder
        self._corpus = corpus
        self._pipeline = pipeline
        self._settings = settings
        self._conversations = Conversations(settings.conversation_minutes)
        self._cache = Cache[AskResponse | SearchResponse](settings.cache_entries)

    def ask(
        self, request: AskRequest, *, earlier: Sequence[Turn] = (), remember: bool = True
    ) -> AskResponse:
        """The answer to a question, with its citations and the best passages.

        Where a conversation is named, it completes the question, and what is asked and answered
        is part of it from then on, unless it is not to be remembered. Else `earlier` completes it.
        """
        start = time.perf_counter()
        completed = self._conversations.completed(request, earlier)
        reply = self._known(request, completed, lambda: self._asked(request, completed, start))
        if remember:
            self._conversations.remember(request, reply)
        return with_text(reply, self.writer) if request.generate else reply

    def search(
        self,
        request: SearchRequest,
        embedded: Embedded | None = None,
        *,
        start: float | None = None,
    ) -> SearchResponse:
        """The passages that fit best; `start` is when it was asked, by `time.perf_counter`."""
        start = time.perf_counter() if start is None else start
        return self._known(request, request, lambda: self._searched(request, start, embedded))

    def knows(self, request: SearchRequest) -> bool:
        """Whether it was asked before, so that the model is not needed."""
        return _key(request, request, self.generation) in self._cache

    def embedded(self, requests: Sequence[SearchRequest]) -> list[Embedded]:
        """Their questions, by one call of the model."""
        start = time.perf_counter()
        embed = self._embedder.embed_waiting if self._embedder else self.embed
        vectors = embed([searchable(one.q) for one in requests])
        seconds = time.perf_counter() - start
        return [Embedded(vector, seconds) for vector in vectors]

    def add(self, articles: Sequence[ArticleIn], *, single: bool = False) -> list[WriteOut]:
        """Store articles, all or, where one of them is wrong, none; on the disk when it returns.

        Raises InvalidInput or TooLarge, pointing into the array, or into the one article.
        """
        checked = [
            self.checked(item, pointer="" if single else f"/{place}")
            for place, item in enumerate(articles)
        ]
        written = self._stored(checked)
        return [replies.written(*pair) for pair in zip(checked, written, strict=True)]

    def checked(self, item: ArticleIn, *, pointer: str = "") -> Article:
        """An article as it will be stored; `pointer` is where it stands in what was sent."""
        size, limit = len(item.text.encode()), self._settings.max_article_bytes
        if size > limit:
            raise TooLarge(f"{pointer}/text has {size:,} bytes; the limit is {limit:,}")
        try:
            return parse_fields(item.model_dump())
        except InvalidInput as error:
            raise InvalidInput(str(error), pointer=pointer + error.pointer) from None

    def add_each(self, articles: Sequence[Article]) -> Iterator[WriteOut | Exception]:
        """Store what can be stored; the result or the reason for each, in its order."""
        done = 0
        try:
            # Not strict: what was written before an error must be told all the same.
            for article, result in zip(articles, self._stored(articles), strict=False):
                yield replies.written(article, result)
                done += 1
        except Exception as error:
            log.exception("an article could not be stored")
            if len(articles) == 1:
                yield error
                return
            for article in articles[done:]:
                yield from self.add_each([article])

    def embed(self, texts: Sequence[str]) -> Matrix:
        """A unit vector a text, as the search makes one of a question."""
        return self._corpus.embedder.embed_queries(texts)

    def articles(self, limit: int, cursor: str | None = None) -> ArticleList:
        """A page of what is stored, in the order of ids."""
        return shelf.articles(self._corpus.store, limit, cursor)

    def article(self, key: str) -> ArticleOut:
        """One article with its text; raises NotFound."""
        return shelf.article(self._corpus.store, key)

    def text(self, key: str) -> str:
        """One article's text, exactly as stored; raises NotFound."""
        return shelf.text(self._corpus.store, key)

    def delete(self, key: str) -> None:
        """Remove an article for good; raises NotFound."""
        try:
            if not self._corpus.remove([shelf.id_of(key)]):
                raise NotFound(f"there is no article {key}")
        finally:
            self._cache.forget()

    def counts(self) -> Counts:
        """How much is stored."""
        return self._corpus.store.counts()

    @property
    def generation(self) -> int:
        """Goes up by one with every write."""
        return self._corpus.generation

    @property
    def embedder(self) -> str:
        """The name of the embedding model."""
        return self._corpus.embedder.name

    @property
    def reader(self) -> str:
        """The name of what marks the answers."""
        return self._pipeline.reader.name

    def activity(self) -> Activity:
        """What goes on, for whoever runs the service."""
        model, vectors = Load(), (0, 0)
        if self._embedder:
            model, vectors = self._embedder.load(), self._embedder.remembered()
        return Activity(model, vectors, (self._cache.hits, self._cache.misses))

    def warm_up(self) -> None:
        """Ask once, so that the first caller does not wait for what is loaded late."""
        self._pipeline.ask(WARM_UP)

    def close(self) -> None:
        """Save the indexes and let go of the data directory."""
        if self.writer:
            self.writer.close()
        if self._embedder:
            self._embedder.close()
        self._corpus.close()

    def _asked(self, request: AskRequest, completed: AskRequest, start: float) -> AskResponse:
        # All that is read anyway, so that copies of an answer leave room for others.
        for k in _reaches(max(request.limit, PASSAGES_READ)):
            found = self._ask(completed, k)
            if _enough(request, found.found.hits, last=len(found.found.hits) < k):
                break
        return replies.asked(found, request, self._corpus, reader=self.reader, start=start)

    def _searched(
        self, request: SearchRequest, start: float, embedded: Embedded | None
    ) -> SearchResponse:
        factor = STORY_FACTOR if request.collapse == "story" else 1
        for k in _reaches(request.limit * factor):
            found, last = self._search(request, k, embedded)
            if _enough(request, found.hits, last=last):
                break
        return replies.searched(found, request, self._corpus.generation, start=start)

    def _ask(self, request: AskRequest | SearchRequest, k: int) -> Answer:
        return self._pipeline.ask(
            request.q,
            k=k,
            where=conditions.where(request),
            weights=conditions.weights(request),
            min_confidence=request.min_confidence,
            budget_ms=request.budget_ms,
        )

    def _search(
        self, request: SearchRequest, k: int, embedded: Embedded | None
    ) -> tuple[Found, bool]:
        """What was found among the `k` best passages, and whether there are no others."""
        if request.min_confidence is not None:
            answer = self._ask(request, k)
            return replies.only_answering(answer), len(answer.found.hits) < k
        where, weights = conditions.where(request), conditions.weights(request)
        found = self._pipeline.search(
            request.q,
            k=k,
            where=where,
            weights=weights,
            rerank=request.rerank,
            embedded=embedded,
        )
        return found, len(found.hits) < k

    def _known(
        self, request: conditions.Request, completed: conditions.Request, make: Callable[[], Reply]
    ) -> Reply:
        """The reply that was given before, where one was; else it is made, and kept."""
        # How much is read in a budget of time is different every time.
        if not self._settings.cache_entries or request.budget_ms is not None:
            return make()
        start, since, generation = time.perf_counter(), self._cache.moment, self.generation
        key = _key(request, completed, generation)
        if kept := self._cache.get(key):
            return replies.again(cast(Reply, kept), start=start)
        reply = make()
        if reply.generation == generation:
            self._cache.put(key, reply, replies.size(reply), since=since)
        return reply

    def _stored(self, articles: Sequence[Article]) -> Iterator[Written]:
        """What became of each; when that is told, no reply is given that does not know of it."""
        try:
            for result in self._corpus.add(articles):
                self._cache.forget()
                yield result
        finally:
            self._cache.forget()


def _key(request: conditions.Request, completed: conditions.Request, generation: int) -> Hashable:
    """Everything that a reply depends on; the text is written for each caller anew."""
    given = completed.model_dump(exclude={"conversation", "follow_up", "generate"})
    return type(request), generation, request.q, repr(given)


def _reaches(first: int) -> Iterator[int]:
    """How many passages to look at, and how many the next time."""
    while first < MOST:
        yield first
        first *= 2
    yield MOST


def _enough(request: conditions.Request, hits: Sequence[Hit], *, last: bool) -> bool:
    """Whether there are as many stories as were asked for, where they were, or no more to find."""
    return last or request.collapse == "none" or replies.stories(hits) >= request.limit
