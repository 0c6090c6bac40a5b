"""Embeds everything in a data directory again, as another model asks for."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from index import derived
from index.corpus import DERIVED, STORE, Corpus, locked
from index.errors import NotReady
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
        old = PassageStore(path / STORE)
        new = Corpus.open(workshop, embedder, engine=engine)
        try:
            yield from new.add(_articles(old))
        finally:
            new.close()
            old.close()
        (workshop / STORE).replace(path / STORE)
        shutil.rmtree(path / DERIVED, ignore_errors=True)
        (workshop / DERIVED).replace(path / DERIVED)
        derived.sync(path)
        shutil.rmtree(workshop)


def _articles(store: PassageStore) -> Iterator[Article]:
    after = None
    while page := store.listing(limit=500, after=after):
        for item in page:
            yield store.article(item.id)
        after = page[-1].id
