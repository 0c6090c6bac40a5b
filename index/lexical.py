"""LexicalIndex: BM25 over passages and over articles, with titles, on tantivy, made from the store.

Scores are a share of the best that the question could reach: the sum over its words of
idf x (k1 + 1), which no text attains. So they do not depend on the size of the collection.
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import tantivy

from index.types import Ids, Matrix, Passage

K1 = 1.2
"""tantivy's own, with b = 0.75; neither can be set."""
Level = Literal["passages", "articles"]
LEVELS: tuple[Level, ...] = ("passages", "articles")
HEAP_BYTES = 32_000_000
"""What a writer collects before it makes a segment."""

FEW = 1000
"""Ids that are looked up one by one; a set of them is matched with all ids that there are."""

STOP_WORDS = frozenset(
    """a about after all also am an and any are as at be because been before being but by can could
    did do does doing for from had has have having he her hers him his how i if in into is it its
    itself may me might more most must my no nor of on one or our ours out over own shall she should
    so some such than that the their theirs them then there these they this those through to too up
    us was we were what when where which while who whom whose why will with would you your yours
    s t re ll ve d m""".split()
)
"""Dropped from a question, never from a text; a question of nothing else keeps them."""


@dataclass(frozen=True, slots=True)
class Terms:
    """A question's words as the index knows them, each once, with their idf over passages."""

    words: tuple[str, ...]
    idf: tuple[float, ...]
    rarest: float
    """The idf of a word that hardly any passage holds."""
    has_content: bool
    """Whether any of them says what the question is about."""

    @property
    def mass(self) -> float:
        """The idf of all words together, counted in words that are as rare as can be."""
        return sum(self.idf) / self.rarest


def analyzer() -> tantivy.TextAnalyzer:
    """Words without case, accents and English endings."""
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(60))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .filter(tantivy.Filter.stemmer("english"))
        .build()
    )


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("id", stored=False, indexed=True, fast=True)
    builder.add_text_field("text", stored=False, tokenizer_name="news", index_option="freq")
    return builder.build()


class LexicalIndex:
    """A tantivy index of passages and one of articles; in memory where no folder is given.

    An article goes by the id of its first passage.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._analyzer = analyzer()
        self._stop_words = set(self._analyzer.analyze(" ".join(STOP_WORDS)))
        self._schema = _schema()
        self._indexes = {level: self._open(path and path / level) for level in LEVELS}
        self._writers: dict[Level, tantivy.IndexWriter] = {}

    def add(self, passages: Iterable[Passage]) -> None:
        """Add all passages of some articles, in order; searches see them when this returns."""
        for _, found in itertools.groupby(passages, key=lambda one: one.article_id):
            whole = list(found)
            head = f"{whole[0].title}\n" if whole[0].title else ""
            for passage in whole:
                self._write("passages", passage.id, head + passage.text)
            self._write("articles", whole[0].id, head + "\n".join(one.text for one in whole))
        self._commit()

    def remove(self, passage_ids: Iterable[int]) -> None:
        """Remove all passages of some articles; unknown ids are ignored."""
        for key in passage_ids:
            for level in LEVELS:
                self._writer(level).delete_documents_by_term("id", int(key))
        self._commit()

    def settle(self) -> None:
        """Wait for merges, so that the files on disk no longer change until the next write."""
        for writer in self._writers.values():
            writer.wait_merging_threads()
        self._writers.clear()

    def __len__(self) -> int:
        return int(self._indexes["passages"].searcher().num_docs)

    def terms(self, question: str) -> Terms:
        """The question's words that can be searched for, each once, with their idf."""
        words = list(dict.fromkeys(self._analyzer.analyze(question)))
        content = [word for word in words if word not in self._stop_words]
        words = content or words
        searcher = self._indexes["passages"].searcher()
        idf = _idf(searcher, words)
        return Terms(tuple(words), idf, math.log(2 + searcher.num_docs), bool(content))

    def words(self, text: str) -> list[str]:
        """A text's words as the index knows them, in order."""
        return list(self._analyzer.analyze(text))

    def search(
        self, terms: Terms, k: int, allowed: Ids | None = None, *, level: Level = "passages"
    ) -> tuple[Ids, Matrix]:
        """The `k` best passages' or articles' ids and scores, best first; only `allowed` ones."""
        if not terms.words or k < 1:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        searcher = self._indexes[level].searcher()
        query = self._query(terms.words, allowed)
        hits = searcher.search(query, limit=k, count=False).hits
        ids = searcher.fast_field_values("id", [address for _, address in hits])
        scores = np.array([score for score, _ in hits], np.float32)
        idf = terms.idf if level == "passages" else _idf(searcher, terms.words)
        best = (K1 + 1) * sum(idf)
        return np.array(ids, np.int64), scores / np.float32(best or 1)

    def scores(
        self, terms: Terms, ids: Ids, best: tuple[Ids, Matrix], *, level: Level = "passages"
    ) -> Matrix:
        """The scores of these, whose ids are in order; 0 where none of the words is.

        `best` is what a search without them as a condition gave: only the others are looked up.
        """
        found = np.zeros(len(ids), np.float32)
        if not len(ids):
            return found
        others = np.setdiff1d(ids, best[0], assume_unique=True)
        for known, scores in (best, self.search(terms, len(others), others, level=level)):
            places = np.searchsorted(ids, known)
            there = ids.take(places, mode="clip") == known
            found[places[there]] = scores[there]
        return found

    # -- inside -------------------------------------------------------------------------------

    def _open(self, path: Path | None) -> tantivy.Index:
        if path is None:
            index = tantivy.Index(self._schema)
        else:
            path.mkdir(parents=True, exist_ok=True)
            index = tantivy.Index(self._schema, path=str(path))
        index.register_tokenizer("news", self._analyzer)
        return index

    def _write(self, level: Level, key: int, text: str) -> None:
        document = tantivy.Document()
        document.add_integer("id", key)
        document.add_text("text", text)
        self._writer(level).add_document(document)

    def _writer(self, level: Level) -> tantivy.IndexWriter:
        if level not in self._writers:
            self._writers[level] = self._indexes[level].writer(HEAP_BYTES, num_threads=1)
        return self._writers[level]

    def _commit(self) -> None:
        for level, writer in self._writers.items():
            writer.commit()
            self._indexes[level].reload()

    def _query(self, words: Sequence[str], allowed: Ids | None) -> tantivy.Query:
        schema, should = self._schema, tantivy.Occur.Should
        scored = [
            (should, tantivy.Query.term_query(schema, "text", word, "freq")) for word in words
        ]
        if allowed is None:
            return tantivy.Query.boolean_query(scored)
        if len(allowed) > FEW:
            wanted = tantivy.Query.term_set_query(schema, "id", allowed.tolist())
        else:
            each = [tantivy.Query.term_query(schema, "id", key) for key in allowed.tolist()]
            wanted = tantivy.Query.boolean_query([(should, one) for one in each])
        any_word = tantivy.Query.boolean_query(scored)
        within = tantivy.Query.const_score_query(wanted, 0.0)
        return tantivy.Query.boolean_query(
            [(tantivy.Occur.Must, within), (tantivy.Occur.Must, any_word)]
        )


def _idf(searcher: tantivy.Searcher, words: Sequence[str]) -> tuple[float, ...]:
    """As tantivy weighs them; a word that no text holds weighs most."""
    total = searcher.num_docs
    # Texts that were removed are counted until their segment is merged.
    counts = [min(searcher.doc_freq("text", word), total) for word in words]
    return tuple(math.log(1 + (total - n + 0.5) / (n + 0.5)) for n in counts)
