"""The tables of the store and the way between their rows and our types."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from index.coded import HEAD, Coded, Stored
from index.filters import stamp
from index.split import Piece
from index.types import Article, Matrix, Passage

FORMAT = 2
"""Written as SQLite's user_version; a newer one is refused untouched."""

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE articles (
  id TEXT PRIMARY KEY, external_id TEXT, url TEXT, title TEXT NOT NULL, source TEXT, lang TEXT,
  published_at TEXT, added_at TEXT NOT NULL, sha256 TEXT NOT NULL, text TEXT NOT NULL
) STRICT;
CREATE INDEX articles_published ON articles (published_at);
CREATE INDEX articles_source ON articles (source);
CREATE INDEX articles_external ON articles (external_id);
CREATE TABLE passages (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  article_id TEXT NOT NULL REFERENCES articles ON DELETE CASCADE,
  start INTEGER NOT NULL, "end" INTEGER NOT NULL, sentences BLOB NOT NULL
) STRICT;
CREATE INDEX passages_article ON passages (article_id);
CREATE TABLE vectors (
  passage_id INTEGER PRIMARY KEY REFERENCES passages ON DELETE CASCADE, rows BLOB NOT NULL
) STRICT;
"""
# Passage ids are never used twice (AUTOINCREMENT), so an index that still holds a removed one
# can only miss, never show another text under it.

PASSAGE = """
SELECT passages.id, article_id, substr(text, start + 1, "end" - start), start, "end", sentences,
       title, url, source, published_at, sha256
FROM passages JOIN articles ON articles.id = article_id
"""
ARTICLE = """
SELECT id, text, title, url, source, lang, published_at, external_id FROM articles WHERE id = ?
"""
LISTED = """
SELECT articles.id, external_id, url, title, source, lang, published_at, added_at, sha256,
       length(text), (SELECT count(*) FROM passages WHERE article_id = articles.id)
FROM articles
"""
METADATA = ("external_id", "url", "title", "source", "lang", "published_at", "sha256")


@dataclass(frozen=True, slots=True)
class Listed:
    """An article without its text."""

    id: str
    external_id: str | None
    url: str | None
    title: str
    source: str | None
    lang: str | None
    published_at: datetime | None
    added_at: datetime
    sha256: str
    characters: int
    passages: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is stored."""

    articles: int
    passages: int


@dataclass(frozen=True, slots=True)
class Embedded:
    """An article with its pieces; `vectors[i]` is row 0 the passage, then a row a sentence."""

    article: Article
    pieces: Sequence[Piece]
    vectors: Sequence[Matrix]


def insert(db: sqlite3.Connection, item: Embedded, added_at: str | None = None) -> list[int]:
    article = item.article
    values = [getattr(article, name) for name in METADATA]
    values[5] = article.published_at and stamp(article.published_at)
    names = ", ".join(METADATA)
    db.execute(
        f"INSERT INTO articles (id, {names}, added_at, text) VALUES (?,?,?,?,?,?,?,?,?,?)",  # noqa: S608
        (article.id, *values, added_at or stamp(datetime.now(UTC)), article.text),
    )
    ids = []
    for piece, rows in zip(item.pieces, item.vectors, strict=True):
        offsets = np.array(piece.sentences, np.int32).tobytes()
        cursor = db.execute(
            'INSERT INTO passages (article_id, start, "end", sentences) VALUES (?, ?, ?, ?)',
            (article.id, piece.start, piece.end, offsets),
        )
        ids.append(int(cursor.lastrowid or 0))
        db.execute("INSERT INTO vectors VALUES (?, ?)", (ids[-1], Coded.of(rows).packed()))
    return ids


def exists(db: sqlite3.Connection, article_id: str) -> bool:
    return bool(db.execute("SELECT 1 FROM articles WHERE id = ?", (article_id,)).fetchone())


def first_added(db: sqlite3.Connection, article_id: str) -> str | None:
    row = db.execute("SELECT added_at FROM articles WHERE id = ?", (article_id,)).fetchone()
    return None if row is None else str(row[0])


def next_generation(db: sqlite3.Connection) -> None:
    db.execute(
        "INSERT INTO meta VALUES ('generation', '1') "
        "ON CONFLICT DO UPDATE SET value = CAST(value AS INTEGER) + 1"
    )


def to_article(row: tuple[Any, ...]) -> Article:
    key, text, title, url, source, lang, published, external_id = row
    return Article(key, text, title, url, source, lang, to_moment(published), external_id)


def to_listed(row: tuple[Any, ...]) -> Listed:
    key, external_id, url, title, source, lang, published, added, sha256, characters, count = row
    moments = to_moment(published), datetime.fromisoformat(added)
    return Listed(key, external_id, url, title, source, lang, *moments, sha256, characters, count)


def to_passage(row: tuple[Any, ...]) -> Passage:
    key, article, text, start, end, sentences, title, url, source, published, sha256 = row
    offsets = np.frombuffer(sentences, np.int32).reshape(-1, 2)
    spans = tuple((int(low), int(high)) for low, high in offsets)
    moment = to_moment(published)
    return Passage(key, article, text, start, end, spans, title, url, source, moment, sha256)


def to_stored(rows: Sequence[tuple[int, bytes]], dim: int) -> Stored:
    """Rows of `vectors` in the order of ids; raises ValueError where one is cut off."""
    sizes = np.array([len(blob) for _, blob in rows], np.int64) // (HEAD.itemsize + dim)
    vectors = Coded.parsed((blob for _, blob in rows), dim)
    ids = np.array([key for key, _ in rows], np.int64)
    return Stored(ids, np.cumsum(sizes) - sizes, vectors)


def upgrade(db: sqlite3.Connection) -> None:
    """From format 1, where a number of a vector was a 16-bit float."""
    row = db.execute("SELECT value FROM meta WHERE key = 'dim'").fetchone()
    dim = int(row[0]) if row else 1
    last = 0
    sql = "SELECT * FROM vectors WHERE passage_id > ? ORDER BY passage_id LIMIT 1000"
    while found := db.execute(sql, (last,)).fetchall():
        packed = [
            (
                Coded.of(
                    np.frombuffer(rows, np.float16).reshape(-1, dim).astype(np.float32)
                ).packed(),
                key,
            )
            for key, rows in found
        ]
        db.executemany("UPDATE vectors SET rows = ? WHERE passage_id = ?", packed)
        last = found[-1][0]


def to_moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)
