"""Reads everything that is stored and says what is wrong with it."""

import sqlite3
from collections.abc import Iterator
from datetime import datetime

import numpy as np

from index.coded import HEAD, Coded
from index.errors import IndexDamaged
from index.store import PassageStore
from index.tables import to_article
from index.types import Article

ARTICLES = """
SELECT id, text, title, url, source, lang, published_at, external_id, sha256, added_at
FROM articles
"""
PASSAGES = """
SELECT passages.id, start, "end", sentences, rows
FROM passages LEFT JOIN vectors ON passage_id = passages.id WHERE article_id = ? ORDER BY start
"""
NORMS = (0.9, 1.1)
"""Vectors have length 1, but for what rounding loses."""


def problems(store: PassageStore) -> Iterator[str]:
    """One sentence for each thing that is wrong; nothing is changed."""
    try:
        with store.reading() as db:
            yield from _sqlite(db)
            yield from _everything(db)
    except (IndexDamaged, sqlite3.DatabaseError) as error:
        yield f"the database cannot be read: {error.__cause__ or error}"


def _sqlite(db: sqlite3.Connection) -> Iterator[str]:
    for (message,) in db.execute("PRAGMA integrity_check"):
        if message != "ok":
            yield f"SQLite: {message}"
    for table, row, parent, _ in db.execute("PRAGMA foreign_key_check"):
        yield f"SQLite: row {row} of {table} has no {parent}"


def _everything(db: sqlite3.Connection) -> Iterator[str]:
    meta: dict[str, str] = dict(db.execute("SELECT key, value FROM meta"))
    for key in ("dim", "generation", "split"):
        if not meta.get(key, "0").isdecimal():
            yield f"meta: {key} is {meta[key]!r}, which is no number"
    dim = int(meta["dim"]) if meta.get("dim", "").isdecimal() else None
    # The hashing embedder gives a sentence without words a row of zeros.
    lowest = 0.0 if meta.get("model", "").startswith("hashing-") else NORMS[0]
    for *fields, digest, added in db.execute(ARTICLES):
        place = f"article {fields[0]}"
        try:
            article = to_article(tuple(fields))
            datetime.fromisoformat(added)
        except ValueError as error:
            yield f"{place}: {error}"
            continue
        if article.sha256 != digest:
            yield f"{place}: its text does not have the SHA-256 that was stored"
        yield from _passages(db, article, dim, lowest)


def _passages(
    db: sqlite3.Connection, article: Article, dim: int | None, lowest: float
) -> Iterator[str]:
    last = 0
    for key, start, end, sentences, rows in db.execute(PASSAGES, (article.id,)):
        place = f"passage psg_{key} of article {article.id}"
        edges = _edges(start, end, sentences)
        if edges is None or start < last or end > len(article.text) or start == end:
            yield f"{place}: its offsets do not fit the text"
        if dim is not None and edges is not None:
            if len(rows or b"") != len(edges) // 2 * (HEAD.itemsize + dim):
                yield f"{place}: its vectors are missing or cut off"
            elif not _unit(rows, dim, lowest):
                yield f"{place}: its vectors do not have the length 1"
        last = end


def _edges(start: int, end: int, sentences: bytes) -> list[int] | None:
    """The passage's bounds with its sentences' between them, where they are in order."""
    if len(sentences) % 8:
        return None
    edges = [start, *np.frombuffer(sentences, np.int32).tolist(), end]
    return edges if sorted(edges) == edges else None


def _unit(rows: bytes, dim: int, lowest: float) -> bool:
    if not dim:
        return True
    matrix = Coded.parsed([rows], dim).rows()
    norms = np.sqrt(np.square(matrix).sum(axis=1))
    return bool(np.all((norms >= lowest) & (norms <= NORMS[1])))
