import json
from pathlib import Path

import numpy as np
import pytest

from bench.made import Base, base
from bench.scale import measure, report
from index.corpus import Corpus
from index.embedders.hashing import HashingEmbedder


@pytest.fixture
def news(tmp_path: Path) -> Base:
    lines = [
        {"title": f"Bridge {n}", "text": f"Bridge {n} was opened. The mayor of town {n} spoke."}
        for n in range(40)
    ]
    files = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for path, part in zip(files, (lines[:30], lines[20:]), strict=True):
        path.write_text("".join(json.dumps(one) + "\n" for one in part))
    return base(files, 20, 9, HashingEmbedder())


def test_the_files_are_read_in_turn_and_no_article_twice(news: Base) -> None:
    titles = [one.article.title for one in news.articles]
    assert titles[:4] == ["Bridge 0", "Bridge 20", "Bridge 1", "Bridge 21"]
    assert len(set(titles)) == len(titles) == 20
    assert len(news.questions) == len(news.asked) == 9
    assert not set(news.questions) & set(titles)


def test_a_size_is_measured_with_what_is_made(news: Base, tmp_path: Path) -> None:
    without_models = {"QA_EMBED_MODEL": "hashing", "QA_READER": "none"}
    data = tmp_path / "data"
    found = measure(data, news, 150, HashingEmbedder(), settings=without_models)
    assert (found.passages, found.real, found.lists) == (150, 20, 1)
    assert found.recall == 1
    assert 0 < found.p50 <= found.p95
    assert 0 < found.search_p50 <= found.search_p95 < 60
    assert found.ready > 0
    assert found.resident > 10
    corpus = Corpus.open(tmp_path / "data", HashingEmbedder())
    for passage in corpus.store.all_passages():
        assert [passage.slice(*one) for one in passage.sentences] == [
            corpus.store.article(passage.article_id).text[a:b] for a, b in passage.sentences
        ]
    (stored,) = corpus.store.vectors(256)
    rows = stored.vectors[stored.starts].rows()
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(150), abs=1e-2)
    corpus.close()
    assert "| passages | 150 |" in report([found])
    assert "| of them real | 20 |" in report([found])
