"""The data directory in this process, opened for no more than a command needs."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from pydantic import Field

from api import shelf
from api.build import build_embedder, build_engine, build_pipeline
from api.models import model_of
from api.schemas import Range
from api.schemas_articles import ArticleList, ArticleOut
from api.service import Service
from api.settings import Settings
from index.corpus import STORE, Corpus
from index.errors import IndexMismatch, NotFound, NotReady
from index.store import PassageStore
from index.types import Embedder, Matrix, Spans

PASSAGE = "psg_"


class StoredPassage(Range):
    """A passage by itself; its sentences, too, are places in the article."""

    id: str
    article_id: str
    text: str
    sentences: list[Range]
    title: str
    source: str | None
    url: str | None
    published_at: datetime | None
    sha256: str = Field(description="Of the article's stored text, in UTF-8.")


class Stored:
    """What is stored, read without loading a model or an index."""

    def __init__(self, data: Path) -> None:
        if not (data / STORE).exists():
            raise NotReady(f"nothing is indexed in {data} yet: run `qa ingest PATH`")
        self._store = PassageStore(data / STORE, write=False)

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()

    def articles(self, limit: int, cursor: str | None = None) -> ArticleList:
        """A page of what is stored, in the order of ids."""
        return shelf.articles(self._store, limit, cursor)

    def article(self, key: str) -> ArticleOut:
        """One article with its text; raises NotFound."""
        return shelf.article(self._store, key)

    def passage(self, key: str) -> StoredPassage:
        """One passage with its place in its article; raises NotFound."""
        number = key.removeprefix(PASSAGE)
        # SQLite's integers have 64 bits.
        if not (number.isascii() and number.isdecimal() and len(number) < 19):
            raise NotFound(f"there is no passage {key}")
        found = self._store.passage(int(number))
        return StoredPassage(
            id=f"{PASSAGE}{found.id}",
            article_id=found.article_id,
            text=found.text,
            start=found.start,
            end=found.end,
            sentences=[Range(start=start, end=end) for start, end in found.sentences],
            title=found.title,
            source=found.source,
            url=found.url,
            published_at=found.published_at,
            sha256=found.sha256,
        )


class DeferredEmbedder:
    """The model of an index that is there already, loaded only when something is to be embedded.

    Removing articles and sending unchanged ones need no model, and loading it takes seconds.
    """

    def __init__(self, name: str, dim: int, load: Callable[[], Embedder]) -> None:
        self.name = name
        self.dim = dim
        self._load = load
        self._loaded: Embedder | None = None

    def embed_queries(self, texts: Sequence[str]) -> Matrix:
        """A row a question."""
        return self._model().embed_queries(texts)

    def embed_passages(
        self, titles: Sequence[str], texts: Sequence[str], sentences: Sequence[Spans]
    ) -> tuple[Matrix, list[Matrix]]:
        """A row a passage, and for each a row a sentence."""
        return self._model().embed_passages(titles, texts, sentences)

    def _model(self) -> Embedder:
        if self._loaded is None:
            loaded = self._load()
            if (loaded.name, loaded.dim) != (self.name, self.dim):
                raise IndexMismatch(
                    f"the index was made with {self.name} ({self.dim} dimensions), "
                    f"not with {loaded.name} ({loaded.dim})"
                )
            self._loaded = loaded
        return self._loaded


def open_for_writing(settings: Settings) -> Service:
    """Everything, with the model still to be loaded where the index says which one it is."""
    corpus = Corpus.open(settings.data, _embedder(settings), engine=build_engine(settings))
    return Service(corpus, build_pipeline(corpus, settings), settings)


def _embedder(settings: Settings) -> Embedder:
    name, dim = _made_with(settings.data)
    if dim is None or name != model_of(settings):
        return build_embedder(settings)  # Corpus.open says what is wrong, if anything is
    return DeferredEmbedder(name, int(dim), lambda: build_embedder(settings))


def _made_with(data: Path) -> tuple[str | None, str | None]:
    if not (data / STORE).exists():
        return None, None
    store = PassageStore(data / STORE, write=False)
    try:
        return store.meta("model"), store.meta("dim")
    finally:
        store.close()
