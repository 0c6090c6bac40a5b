"""Reads everything that is stored and says what is wrong with it."""

import sqlite3
from collections.abc import Iterator
from datetime import datetime

import numpy as np

from index.connections import translated
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
"""Vectors have length 1, but for what half precision loses."""


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
    meta = dict(db.execute("SELECT key, value FROM meta"))
    for key in ("dim", "generation", "split"):
        if not meta.get(key, "0").isdecimal():
            yield f"meta: {key} is {meta[key]!r}, which is no number"
    dim = int(meta["dim"]) if meta.get("dim", "").isdecimal() else None
    # The hashing embedder gives a sentence without words a row of zeros.
    zeros = meta.get("model", "").startswith("hashing-")
    for key, *row in db.execute(ARTICLES):
        try:
            article = _article(key, *row)
        except ValueError as error:
            yield f"article {key}: {error}"
            continue
        for passage, *fields in db.execute(PASSAGES, (key,)):
            ...
