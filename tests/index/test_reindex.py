from datetime import UTC, datetime
from pathlib import Path

import pytest

from index import derived
from index.corpus import DERIVED, STORE, Corpus
from index.embedders.hashing import HashingEmbedder
from index.errors import IndexLocked, NotReady
from index.identity import new_article
from index.reindex import WORKSHOP, reindex
from index.store import PassageStore
from index.vectors.exact import ExactIndex

ARTICLES = [new_article(external_id=str(i), text=f"Number {i} ends.") for i in range(5)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    corpus = Corpus.open(tmp_path, HashingEmbedder(16), engine=ExactIndex)
    list(corpus.add(ARTICLES))
    corpus.close()
    return tmp_path


def test_everything_is_embedded_again_with_the_other_model(path: Path) -> None:
    written = list(reindex(path, HashingEmbedder(32), ExactIndex))
    assert sorted(one.id for one in written) == sorted(article.id for article in ARTICLES)
    corpus = Corpus.open(path, HashingEmbedder(32), engine=ExactIndex)
    assert [corpus.store.article(one.id) for one in ARTICLES] == ARTICLES
    assert len(corpus.passages) == len(corpus.lexical) == 5
    corpus.close()
    assert not (path / WORKSHOP).exists()


def test_what_the_store_knew_is_carried_over(path: Path) -> None:
    old = PassageStore(path / STORE)
    old.connection().execute("UPDATE articles SET added_at = '2016-12-09T00:00:00.000000Z'")
    last = max(passage.id for passage in old.all_passages())
    generation, name = old.generation, old.meta("store")
    old.close()
    list(reindex(path, HashingEmbedder(32), ExactIndex))
    new = PassageStore(path / STORE)
    assert {item.added_at for item in new.listing(limit=9)} == {datetime(2016, 12, 9, tzinfo=UTC)}
    assert min(passage.id for passage in new.all_passages()) == last + 1
    assert new.generation == generation + 1
    assert new.meta("store") != name
    assert derived.state(path / DERIVED, new, "ExactIndex") == "fresh"
    new.close()


def test_a_log_of_the_old_store_is_not_read_into_the_new_one(path: Path) -> None:
    reader = PassageStore(path / STORE)  # while it is open, SQLite keeps the log
    reader.set_meta({"left": "in the log"})
    list(reindex(path, HashingEmbedder(32), ExactIndex))
    new = PassageStore(path / STORE)
    assert new.meta("left") is None
    assert new.meta("dim") == "32"
    assert sorted(item.id for item in new.listing(limit=9)) == sorted(one.id for one in ARTICLES)
    new.close()
    reader.close()


def test_one_that_is_broken_off_changes_nothing_and_can_be_done_again(path: Path) -> None:
    run = reindex(path, HashingEmbedder(32), ExactIndex)
    next(run)
    with pytest.raises(IndexLocked):
        Corpus.open(path, HashingEmbedder(16), engine=ExactIndex)
    run.close()
    Corpus.open(path, HashingEmbedder(16), engine=ExactIndex).close()
    assert len(list(reindex(path, HashingEmbedder(32), ExactIndex))) == 5


def test_nothing_to_embed_again_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotReady):
        list(reindex(tmp_path / "none", HashingEmbedder(), ExactIndex))
