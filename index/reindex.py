"""Embeds everything in a data directory again, as another model asks for."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from index import derived
from index.corpus import DERIVED, STORE, Corpus
from index.errors import IndexLocked, NotReady
from index.lock import locked
from index.store import PassageStore
from index.types import Article, Embedder, VectorIndex, Written

WORKSHOP = "reindex"
"""Where the new store is made; one that was left by a crash is thrown away."""


def reindex(path: Path, embedder: Embedder, engine: type[VectorIndex]) -> Iterator[Written]:
    """Embed every article anew beside the old store, then put the new one in its place.

    Until the last article is done the directory is as it was, whatever happens.
    """
    if not (path / STORE).exists():
        raise NotReady(f"nothing is indexed in {path} yet: run `qa ingest PATH`")
    with locked(path / "lock"):
        workshop = path / WORKSHOP
        shutil.rmtree(workshop, ignore_errors=True)
        with (
            closing(PassageStore(path / STORE)) as old,
            closing(Corpus.open(workshop, embedder, engine=engine)) as new,
        ):
            if not old.checkpoint():
                raise IndexLocked(f"{path} is being read by another process: try again later")
            _continue_ids(new.store, old)
            yield from new.add(_articles(old))
            _inherit(new.store, old)
        _forget_logs(workshop / STORE)
        _forget_logs(path / STORE)
        (workshop / STORE).replace(path / STORE)
        shutil.rmtree(path / DERIVED, ignore_errors=True)
        (workshop / DERIVED).replace(path / DERIVED)
        derived.sync(path)
        shutil.rmtree(workshop)


def _continue_ids(new: PassageStore, old: PassageStore) -> None:
    """Passage ids that were given out once are not given out again."""
    last = old.connection().execute("SELECT seq FROM sqlite_sequence WHERE name = 'passages'")
    new.connection().executemany("INSERT INTO sqlite_sequence VALUES ('passages', ?)", last)


def _inherit(new: PassageStore, old: PassageStore) -> None:
    added = old.connection().execute("SELECT added_at, id FROM articles")
    db = new.connection()
    with db:
        db.execute("BEGIN IMMEDIATE")
        db.executemany("UPDATE articles SET added_at = ? WHERE id = ?", added)
    new.set_meta({"generation": str(old.generation + 1)})


def _forget_logs(store: Path) -> None:
    """A closed store has no write-ahead log; one that is left is empty, and of no other store."""
    for suffix in ("-wal", "-shm"):
        store.with_name(store.name + suffix).unlink(missing_ok=True)


def _articles(store: PassageStore) -> Iterator[Article]:
    after = None
    while page := store.listing(limit=500, after=after):
        for item in page:
            yield store.article(item.id)
        after = page[-1].id
