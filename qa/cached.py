"""What is kept between evaluations: a set's vectors on disk, and a question's candidates."""

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from index.corpus import Corpus
from index.derived import write_atomically
from index.errors import IndexLocked
from index.lexical import Terms
from index.split import VERSION
from index.types import Embedder, Ids, Matrix, Passage, Spans
from qa.questions import Dataset
from qa.retrieve import Candidates, HybridRetriever
from qa.wording import searchable

COMPLETE = "complete.json"
"""Written last: without it the articles are added again, and those that are there cost nothing."""
QUERIES = "queries.npz"
BATCH = 64

Progress = Callable[[Iterable[Any], str, int], Iterable[Any]]
"""Passes items on; is told what they are and how many, so that it can draw a bar."""


def silent(items: Iterable[Any], label: str, total: int) -> Iterable[Any]:
    """The progress that shows nothing."""
    return items


def cache_folder(environ: Mapping[str, str]) -> Path:
    """`QA_CACHE`, else `dateline` in the user's cache folder (XDG)."""
    if own := environ.get("QA_CACHE"):
        return Path(own)
    if caches := environ.get("XDG_CACHE_HOME"):
        return Path(caches) / "dateline"
    return Path.home() / ".cache" / "dateline"


@contextmanager
def collected(
    dataset: Dataset, embedder: Embedder, cache: Path, *, progress: Progress = silent
) -> Iterator[Corpus]:
    """The set's articles as a corpus, from the cache where it can be.

    Its embedder remembers the questions' vectors as well.
    """
    folder = cache / _key(dataset, embedder)
    remembering = RememberingEmbedder(embedder, folder / QUERIES)
    if not (folder / COMPLETE).exists():
        _build(folder, dataset, embedder, progress)
    corpus = _opened(folder, remembering)
    try:
        remembering.embed_queries([searchable(one.text) for one in dataset.asked])
        remembering.save()
        yield corpus
    finally:
        corpus.close()


def _opened(folder: Path, embedder: Embedder) -> Corpus:
    """For writing where that can be had, so that indexes of another version are replaced."""
    try:
        return Corpus.open(folder, embedder)
    except IndexLocked:
        return Corpus.open(folder, embedder, write=False)


class RememberingEmbedder:
    """An embedder that embeds a question once, and keeps what it knows in a file."""

    def __init__(self, embedder: Embedder, path: Path) -> None:
        self._embedder = embedder
        self._path = path
        self._rows: dict[str, Matrix] = _load(path)
        self._saved = len(self._rows)

    @property
    def name(self) -> str:
        """That of the embedder which does the work."""
        return self._embedder.name

    @property
    def dim(self) -> int:
        """That of the embedder which does the work."""
        return self._embedder.dim

    def embed_queries(self, texts: Sequence[str]) -> Matrix:
        """A row a question; those of one length go together, as the model is fastest so."""
        unknown = sorted({text for text in texts if text not in self._rows}, key=len)
        for low in range(0, len(unknown), BATCH):
            part = unknown[low : low + BATCH]
            self._rows |= zip(part, self._embedder.embed_queries(part), strict=True)
        rows = [self._rows[text] for text in texts]
        return np.stack(rows) if rows else np.empty((0, self.dim), np.float32)

    def embed_passages(
        self, titles: Sequence[str], texts: Sequence[str], sentences: Sequence[Spans]
    ) -> tuple[Matrix, list[Matrix]]:
        """Passed on: the corpus keeps these."""
        return self._embedder.embed_passages(titles, texts, sentences)

    def save(self) -> None:
        """Write what was learnt since the last time."""
        if len(self._rows) > self._saved:
            write_atomically(self._path, self._write)
            self._saved = len(self._rows)

    def _write(self, path: Path) -> None:
        with path.open("wb") as file:
            rows = np.stack(list(self._rows.values()))
            np.savez(file, texts=np.array(list(self._rows), np.str_), rows=rows)


class RememberingRetriever(HybridRetriever):
    """A retriever that looks for a question's candidates once, however they are weighed then.

    And that reads a passage once; for a collection that does not change.
    """

    def __init__(self, retriever: HybridRetriever) -> None:
        super().__init__(retriever.corpus, retriever.weights)
        self._found: dict[tuple[tuple[str, ...], bytes, int], Candidates] = {}
        self._passages: dict[int, Passage] = {}

    def candidates(
        self, terms: Terms, vector: Matrix, k: int, allowed: Ids | None = None
    ) -> Candidates:
        """Those of the first time."""
        if allowed is not None:
            return super().candidates(terms, vector, k, allowed)
        key = (terms.words, vector.tobytes(), k)
        if key not in self._found:
            self._found[key] = super().candidates(terms, vector, k)
        return self._found[key]

    def passages(self, ids: Ids) -> dict[int, Passage]:
        """From memory where they were read before."""
        wanted = ids.tolist()
        unread = [key for key in wanted if key not in self._passages]
        self._passages |= super().passages(np.array(unread, np.int64))
        return {key: self._passages[key] for key in wanted if key in self._passages}


def _load(path: Path) -> dict[str, Matrix]:
    """What can be read; a file that cannot be is as good as none."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            return dict(zip(file["texts"].tolist(), file["rows"], strict=True))
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile):
        return {}


def _key(dataset: Dataset, embedder: Embedder) -> str:
    """Whatever changes the vectors changes the name of the folder."""
    made_by = f"{embedder.name}\n{embedder.dim}\n{VERSION}"
    return f"{dataset.digest[:20]}-{hashlib.sha256(made_by.encode()).hexdigest()[:12]}"


def _build(folder: Path, dataset: Dataset, embedder: Embedder, progress: Progress) -> None:
    corpus = Corpus.open(folder, embedder)
    try:
        for _ in progress(corpus.add(dataset.articles), "articles", len(dataset.articles)):
            pass
        corpus.save()
        about = {"dataset": dataset.name, "model": embedder.name, "split": VERSION}
        text = json.dumps(about | {"articles": len(dataset.articles)})
        write_atomically(folder / COMPLETE, lambda path: path.write_text(text))
    finally:
        corpus.close()
