from pathlib import Path

import pytest

from index.corpus import Corpus
from index.embedders.hashing import HashingEmbedder
from index.errors import IndexLocked, NotReady
from index.identity import new_article
from index.reindex import WORKSHOP, reindex
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
