"""Corpus: articles in, found passages out; keeps the store and the indexes made from it in step."""

import logging
import shutil
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Self

import numpy as np

from index import derived
from index.ahead import ahead
from index.coded import Stored
from index.errors import IndexMismatch, NotFound, NotReady
from index.intake import Entry, embedded, written
from index.lexical import LexicalIndex
from index.lock import locked
from index.mapped import MappedVectors
from index.split import VERSION, split
from index.store import PassageStore
from index.tables import Embedded
from index.types import Article, Embedder, Ids, VectorIndex, WriteResult, Written
from index.vectors.faiss import FaissIndex

log = logging.getLogger(__name__)

STORE = "articles.sqlite"
DERIVED = "derived"
VECTORS = "passages.vectors"
FIRSTS = "firsts.npy"
BATCH_PASSAGES = 64
"""Embedded and committed together: about two seconds of work that a crash can cost."""
BATCH_ARTICLES = 256
"""At most, so that results come soon when nothing has to be embedded."""


class Corpus:
    """One data directory, open; made by `Corpus.open`.

    Writes are durable in the store before any index shows them. A searcher that meets the id of a
    passage that has just gone finds no text for it and drops it.
    """

    def __init__(
        self, path: Path, embedder: Embedder, engine: type[VectorIndex], lock: IO[str] | None
    ) -> None:
        self.path = path
        self.embedder = embedder
        self.store = PassageStore(path / STORE, write=lock is not None)
        self.passages = engine(embedder.dim)
        """A row a passage, by the passage's id: finds candidates."""
        self.vectors = MappedVectors(embedder.dim)
        """All rows of every passage, its sentences' too: by them candidates are scored."""
        self.lexical = LexicalIndex()
        self._engine = engine
        self._lock = lock
        self._writing = threading.Lock()
        self._saved = -1  # the generation that is on disk
        self._in_step = True  # whether the indexes show what the store has
        self._firsts = np.zeros(0, np.int64)  # ids of articles' first passages, in order

    @classmethod
    def open(
        cls,
        path: Path,
        embedder: Embedder,
        *,
        engine: type[VectorIndex] = FaissIndex,
        write: bool = True,
    ) -> Self:
        """Open a data directory, rebuilding what is missing, stale or damaged.

        Raises IndexLocked where another process writes there, IndexMismatch where it was made
        with another embedding model, NotReady where there is nothing to read.
        """
        if not write and not (path / STORE).exists():
            raise NotReady(f"nothing is indexed in {path} yet: run `qa ingest PATH`")
        if write:
            path.mkdir(parents=True, exist_ok=True)
        corpus = cls(path, embedder, engine, locked(path / "lock") if write else None)
        try:
            corpus._agree()
            corpus._load()
        except BaseException:
            corpus._release()
            raise
        return corpus

    @property
    def generation(self) -> int:
        """Goes up by one with every write."""
        return self.store.generation

    def add(self, articles: Iterable[Article]) -> Iterator[Written]:
        """Store articles, a batch at a time; each result is handed out when it is durable.

        An unchanged article embeds nothing; one whose title or text has changed is replaced. While
        a batch is stored, the next one is embedded.
        """
        for entries, batch in ahead(self._embedded(articles)):
            with self._changing():
                results = self._add(entries, batch)
            yield from results

    def remove(self, article_ids: Sequence[str]) -> list[str]:
        """Remove articles for good; the ids that were there."""
        with self._changing():
            there, gone = self.store.remove(article_ids)
            with self._following():
                self._forget(gone)
        return there

    def save(self) -> None:
        """Write the indexes to disk, so that the next start need not rebuild them."""
        folder = self.path / DERIVED
        with self._writing:
            if self._lock is None or not self._in_step or self._saved == self.generation:
                return
            derived.write_atomically(folder / VECTORS, self.passages.save)
            self.vectors.save(folder)
            derived.write_atomically(folder / FIRSTS, self._write_firsts)
            self.lexical.settle()
            derived.publish(folder, self.store, self._engine.__name__)
            self._saved = self.generation

    def close(self) -> None:
        """Save, and let go of the directory."""
        self.save()
        self._release()

    def articles_of(self, passage_ids: Ids) -> Ids:
        """For each passage the id of its article's first one, which the lexical index goes by."""
        return self._firsts[np.searchsorted(self._firsts, passage_ids, side="right") - 1]

    # -- inside -------------------------------------------------------------------------------

    def _agree(self) -> None:
        """The store belongs to one model and one way of cutting; both are written into it."""
        ours = {"model": self.embedder.name, "dim": str(self.embedder.dim), "split": str(VERSION)}
        found = {key: self.store.meta(key) for key in ours}
        if found["model"] is None and self._lock:
            self.store.set_meta(ours)
        elif found != ours:
            raise IndexMismatch(
                f"{self.path} was made with {found['model']} ({found['dim']} dimensions), not with "
                f"{ours['model']} ({ours['dim']}): run `qa reindex --data {self.path}` to embed it "
                f"again, or set QA_EMBED_MODEL={found['model']}"
            )

    def _load(self) -> None:
        folder = self.path / DERIVED
        state = derived.state(folder, self.store, self._engine.__name__)
        if state == "fresh":
            try:
                self._read(folder)
            except (OSError, ValueError, RuntimeError) as error:  # another process may be at it
                log.warning("the indexes in %s cannot be read: %s", folder, error)
            else:
                return
        elif state != "missing":
            log.warning("the indexes in %s are %s: rebuilding them from the store", folder, state)
        self._rebuild()

    def _read(self, folder: Path) -> None:
        write = self._lock is not None
        self.passages = self._engine.load(folder / VECTORS)
        self._take(MappedVectors.load(self.embedder.dim, folder, write=write))
        self.lexical = LexicalIndex(folder / derived.LEXICAL)
        self._firsts = np.load(folder / FIRSTS, allow_pickle=False)
        self._saved = self.generation

    def _rebuild(self) -> None:
        """Make all indexes anew; searches go on with the old ones until it is done."""
        folder = self.path / DERIVED
        if self._lock:
            self.lexical.settle()
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        lexical = LexicalIndex(folder / derived.LEXICAL if self._lock else None)
        lexical.add(self.store.all_passages())
        passages = self._engine(self.embedder.dim)
        dim = self.embedder.dim
        vectors = MappedVectors.create(dim, folder) if self._lock else MappedVectors(dim)
        for stored in self.store.vectors(self.embedder.dim):
            passages.add(stored.ids, stored.vectors[stored.starts].rows())
            vectors.add(stored)
        passages.tend(wait=True)
        self._firsts = self.store.first_passages()
        self._take(vectors)
        self.passages, self.lexical = passages, lexical
        self._saved, self._in_step = -1, True

    def _take(self, vectors: MappedVectors) -> None:
        self.vectors.close()
        self.vectors = vectors

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """One change of store and indexes; where one broke off halfway, all is rebuilt first."""
        with self._writing:
            if not self._in_step:
                self._rebuild()
            yield

    @contextmanager
    def _following(self) -> Iterator[None]:
        """What the indexes do after the store has changed."""
        self._in_step = False
        yield
        self._in_step = True

    def _write_firsts(self, path: Path) -> None:
        with path.open("wb") as file:
            np.save(file, self._firsts, allow_pickle=False)

    def _embedded(
        self, articles: Iterable[Article]
    ) -> Iterator[tuple[list[Entry], list[Embedded]]]:
        """Batches of articles, and of those that are new what is to be stored."""
        for entries in self._batches(articles):
            fresh = [entry for entry in entries if entry.known is None]
            yield entries, embedded(fresh, self.embedder) if fresh else []

    def _batches(self, articles: Iterable[Article]) -> Iterator[list[Entry]]:
        """Articles with what is known of them, up to a batch; none twice in one batch.

        While one is made the one before it is being stored, so what that holds is not known yet.
        """
        before: dict[str, Entry] = {}
        batch: dict[str, Entry] = {}
        passages = 0
        for article in articles:
            while article.id in batch or article.id in before:
                yield list(batch.values())
                before, batch, passages = batch, {}, 0
            known = self._unembedded(article)
            pieces = [] if known else split(article.text, article.title)
            batch[article.id] = Entry(article, known, pieces)
            passages += len(pieces)
            if passages >= BATCH_PASSAGES or len(batch) >= BATCH_ARTICLES:
                yield list(batch.values())
                before, batch, passages = batch, {}, 0
        if batch:
            yield list(batch.values())

    def _add(self, entries: Sequence[Entry], batch: Sequence[Embedded]) -> list[Written]:
        replaced = {item.article.id for item in batch if self.store.digest(item.article.id)}
        if batch:
            self._store(batch)
        return [entry.known or written(entry, replaced) for entry in entries]

    def _unembedded(self, article: Article) -> Written | None:
        """The result for an article whose title and text are stored already."""
        try:
            stored = self.store.article(article.id)
        except NotFound:
            return None
        if (stored.title, stored.text) != (article.title, article.text):
            return None
        if stored != article:
            self.store.put_metadata(article)
        passages = self.store.listed(article.id).passages
        result: WriteResult = "unchanged" if stored == article else "updated"
        return Written(article.id, article.external_id, result, passages)

    def _store(self, batch: Sequence[Embedded]) -> None:
        new, gone = self.store.put(batch)
        ids = [key for keys in new for key in keys]
        with self._following():
            self._forget(gone)
            firsts = np.array([keys[0] for keys in new if keys], np.int64)
            self._firsts = np.concatenate([self._firsts, firsts])
            if ids:
                found = [matrix for item in batch for matrix in item.vectors]
                stored = Stored.of(np.array(ids, np.int64), found)
                self.vectors.add(stored)
                self.passages.add(stored.ids, np.stack([matrix[0] for matrix in found]))
            self.passages.tend()
            texts = self.store.passages(ids)
            self.lexical.add(texts[key] for key in ids)

    def _forget(self, passage_ids: Sequence[int]) -> None:
        if not passage_ids:
            return
        gone = np.array(passage_ids, np.int64)
        self.passages.remove(gone)
        self.lexical.remove(passage_ids)
        self.vectors.remove(gone)

    def _release(self) -> None:
        self.store.close()
        self.vectors.close()
        if self._lock:
            self._lock.close()
