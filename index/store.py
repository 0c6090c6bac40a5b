"""PassageStore: SQLite, the one truth; every other index can be rebuilt from it."""

import json
import sqlite3
import threading
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from index.coded import Stored
from index.connections import Connections, decoded, translated
from index.errors import IndexDamaged, NotFound, NotReady
from index.filters import Filter, compile_filter, stamp
from index.tables import (
    ARTICLE,
    FORMAT,
    LISTED,
    PASSAGE,
    SCHEMA,
    Counts,
    Embedded,
    Listed,
    exists,
    first_added,
    insert,
    next_generation,
    to_article,
    to_listed,
    to_passage,
    to_stored,
    upgrade,
)
from index.types import Article, Ids, Passage

GENERATION = """
SELECT CAST(coalesce((SELECT value FROM meta WHERE key = 'generation'), 0) AS INTEGER)
"""
LIST = "(SELECT value FROM json_each(?))"
"""As many ids as wanted in one statement, which SQLite then prepares only once."""


class PassageStore:
    """Articles, passages, sentence offsets and vectors in one SQLite file.

    One writer at a time; each read takes a connection of its own. A write that has returned is
    on the disk: WAL with synchronous=FULL. With `write=False` nothing is made or changed.
    """

    def __init__(self, path: Path, *, write: bool = True) -> None:
        self._path = path
        self._connections = Connections(path, write=write)
        self._writing = threading.Lock()
        self._generation: int | None = None
        try:
            self._open(write=write)
            if write:
                self._generation = self.generation
        except BaseException:
            self.close()
            raise

    def _open(self, *, write: bool) -> None:
        with self._connections.reader() as db:
            found = db.execute("PRAGMA user_version").fetchone()[0]
        if found > FORMAT:
            raise IndexDamaged(f"{self._path} has format {found}: a newer version of qa wrote it")
        if found < FORMAT and not write:
            raise NotReady(
                f"{self._path} is of an earlier version: start `qa serve` once"
                if found
                else f"nothing is indexed in {self._path.parent} yet: run `qa ingest PATH`"
            )
        if found < FORMAT:
            self._create()

    def close(self) -> None:
        """Close all connections."""
        self._connections.close()

    # -- reading ------------------------------------------------------------------------------

    def meta(self, key: str) -> str | None:
        """A value that was kept with the data, such as the embedding model's name."""
        row = self._row("SELECT value FROM meta WHERE key = ?", (key,))
        return None if row is None else str(row[0])

    @property
    def generation(self) -> int:
        """Goes up by one with every write."""
        if self._generation is not None:  # nobody else writes
            return self._generation
        with decoded(self._path):
            return int(self.meta("generation") or 0)

    def counts(self) -> Counts:
        """The number of articles and passages."""
        sql = "SELECT (SELECT count(*) FROM articles), (SELECT count(*) FROM passages)"
        return Counts(*self._row(sql) or (0, 0))

    def article(self, article_id: str) -> Article:
        """One article with its text; raises NotFound."""
        row = self._row(ARTICLE, (article_id,))
        if row is None:
            raise NotFound(f"there is no article {article_id}")
        with decoded(self._path):
            return to_article(row)

    def digest(self, article_id: str) -> tuple[str, str] | None:
        """The title and the SHA-256 of the text of an article, or None where there is none."""
        return self._row("SELECT title, sha256 FROM articles WHERE id = ?", (article_id,))

    def listing(self, *, limit: int, after: str | None = None) -> list[Listed]:
        """Articles in the order of their ids, from the one after `after`."""
        return self._listed("articles.id > ? ORDER BY articles.id LIMIT ?", (after or "", limit))

    def listed(self, article_id: str) -> Listed:
        """One article without its text; raises NotFound."""
        for row in self._listed("articles.id = ?", (article_id,)):
            return row
        raise NotFound(f"there is no article {article_id}")

    def passage(self, passage_id: int) -> Passage:
        """One passage; raises NotFound."""
        found = self.passages([passage_id])
        if passage_id not in found:
            raise NotFound(f"there is no passage psg_{passage_id}")
        return found[passage_id]

    def passages(self, ids: Iterable[int]) -> dict[int, Passage]:
        """These passages by id, at one point in time; those that are gone are left out."""
        wanted = json.dumps([int(key) for key in ids])
        with self._connections.reader() as db:
            rows = db.execute(f"{PASSAGE} WHERE passages.id IN {LIST}", (wanted,))
            return {row[0]: to_passage(row) for row in rows}

    def all_passages(self) -> Iterator[Passage]:
        """Every passage in the order of ids."""
        last = 0
        sql = f"{PASSAGE} WHERE passages.id > ? ORDER BY passages.id LIMIT 1000"
        with self._connections.reader() as db:
            while rows := db.execute(sql, (last,)).fetchall():
                yield from map(to_passage, rows)
                last = rows[-1][0]

    def first_passages(self) -> Ids:
        """The id of each article's first passage, in order; its other passages follow it."""
        with self._connections.reader() as db:
            rows = db.execute("SELECT min(id) FROM passages GROUP BY article_id").fetchall()
        return np.sort(np.array([row[0] for row in rows], np.int64))

    def vectors(self, dim: int) -> Iterator[Stored]:
        """All vectors of every passage, some thousand passages at a time, in the order of ids."""
        sql = "SELECT passage_id, rows FROM vectors ORDER BY passage_id"
        with self._connections.reader() as db, closing(db.execute(sql)) as found:
            while part := found.fetchmany(4096):
                yield to_stored(part, dim)

    def passage_ids(self, where: Filter) -> Ids:
        """The passages of the articles that pass the filter, sorted."""
        condition, parameters = compile_filter(where)
        sql = f"""SELECT passages.id FROM passages JOIN articles ON articles.id = article_id
                  WHERE {condition} ORDER BY passages.id"""  # noqa: S608
        with self._connections.reader() as db:
            rows = db.execute(sql, parameters).fetchall()
        return np.array([row[0] for row in rows], np.int64)

    # -- writing ------------------------------------------------------------------------------

    def put(self, batch: Sequence[Embedded]) -> tuple[list[list[int]], list[int]]:
        """Store articles in one transaction, replacing what had their ids.

        Gives the new passage ids of each, and the passage ids that are gone.
        """
        with self._write() as db:
            added = [first_added(db, item.article.id) for item in batch]
            gone = self._remove(db, [item.article.id for item in batch])
            new = [insert(db, *pair) for pair in zip(batch, added, strict=True)]
            next_generation(db)
        return new, gone

    def put_metadata(self, article: Article) -> None:
        """Change everything about an article but its title and text."""
        sql = (
            "UPDATE articles SET external_id=?, url=?, source=?, lang=?, published_at=? WHERE id=?"
        )
        moment = article.published_at and stamp(article.published_at)
        values = (article.external_id, article.url, article.source, article.lang, moment)
        with self._write() as db:
            db.execute(sql, (*values, article.id))
            next_generation(db)

    def remove(self, article_ids: Sequence[str]) -> tuple[list[str], list[int]]:
        """Remove articles for good; the ids that were there, and their passages' ids."""
        with self._write() as db:
            there = [key for key in dict.fromkeys(article_ids) if exists(db, key)]
            gone = self._remove(db, there)
            if there:
                next_generation(db)
        self.checkpoint()
        return there, gone

    def checkpoint(self) -> bool:
        """Move everything from the write-ahead log into the file; False where a reader hinders."""
        with self._writing, translated(self._path):
            busy, *_ = self.connection().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def set_meta(self, values: dict[str, str]) -> None:
        """Keep values with the data."""
        with self._write() as db:
            db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())

    # -- inside -------------------------------------------------------------------------------

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """A connection for checks that read everything."""
        return self._connections.reader()

    def connection(self) -> sqlite3.Connection:
        """The connection that writes, for what no method does."""
        return self._connections.writer()

    def _create(self) -> None:
        with self._write() as db:
            found = db.execute("PRAGMA user_version").fetchone()[0]
            if found == FORMAT:
                return  # another process was faster
            if found:
                upgrade(db)
            else:
                for statement in SCHEMA.strip().split(";\n"):
                    db.execute(statement)
                db.execute("INSERT INTO meta VALUES ('store', ?)", (uuid.uuid4().hex,))
            db.execute(f"PRAGMA user_version = {FORMAT}")

    def _row(self, sql: str, parameters: Sequence[object] = ()) -> tuple[Any, ...] | None:
        with self._connections.reader() as db:
            row: tuple[Any, ...] | None = db.execute(sql, parameters).fetchone()
        return row

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._writing, translated(self._path):
            db = self.connection()
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                (generation,) = db.execute(GENERATION).fetchone()
                db.execute("COMMIT")
                self._generation = generation
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    def _listed(self, condition: str, parameters: tuple[object, ...]) -> list[Listed]:
        with self._connections.reader() as db:
            rows = db.execute(f"{LISTED} WHERE {condition}", parameters).fetchall()
            return [to_listed(row) for row in rows]

    def _remove(self, db: sqlite3.Connection, article_ids: Sequence[str]) -> list[int]:
        gone: list[int] = []
        for key in article_ids:
            rows = db.execute("SELECT id FROM passages WHERE article_id = ?", (key,))
            gone += [row[0] for row in rows.fetchall()]
            db.execute("DELETE FROM articles WHERE id = ?", (key,))
        return gone
