"""Reads everything that is stored and says what is wrong with it."""

import sqlite3
from collections.abc import Iterator

import numpy as np

from index.store import PassageStore
from index.tables import to_article
from index.types import Article

ARTICLES = (
    "SELECT id, text, title, url, source, lang, published_at, external_id, sha256 FROM articles"
)
PASSAGES = """
SELECT passages.id, start, "end", sentences, length(rows)
FROM passages LEFT JOIN vectors ON passage_id = passages.id WHERE article_id = ? ORDER BY start
"""


def problems(store: PassageStore) -> Iterator[str]:
    """One sentence for each thing that is wrong; nothing is changed."""
    db = store.connection()
    try:
        yield from _sqlite(db)
        dim = int(store.meta("dim") or 0)
        for *fields, digest in db.execute(ARTICLES):
            article = to_article(tuple(fields))
            if article.sha256 != digest:
                yield f"article {article.id}: its text does not have the SHA-256 that was stored"
            yield from _passages(db, article, dim)
    except sqlite3.DatabaseError as error:
        yield f"the database cannot be read: {error}"


def _sqlite(db: sqlite3.Connection) -> Iterator[str]:
    for (message,) in db.execute("PRAGMA integrity_check"):
        if message != "ok":
            yield f"SQLite: {message}"
    for table, row, parent, _ in db.execute("PRAGMA foreign_key_check"):
        yield f"SQLite: row {row} of {table} has no {parent}"


def _passages(db: sqlite3.Connection, article: Article, dim: int) -> Iterator[str]:
    last = 0
    for key, start, end, sentences, size in db.execute(PASSAGES, (article.id,)):
        offsets = np.frombuffer(sentences, np.int32)
        edges = [start, *offsets, end]
        if start < last or end > len(article.text) or sorted(edges) != edges or start == end:
            yield f"passage psg_{key} of article {article.id}: its offsets do not fit the text"
        if size != (len(offsets) // 2 + 1) * dim * 2:
            yield f"passage psg_{key} of article {article.id}: its vectors are missing or cut off"
        last = end
