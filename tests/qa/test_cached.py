from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.embedders.hashing import HashingEmbedder
from index.identity import article_id
from index.types import Article, Matrix, Spans
from qa import cached
from qa.cached import (
    COMPLETE,
    QUERIES,
    RememberingEmbedder,
    RememberingRetriever,
    cache_folder,
    collected,
)
from qa.questions import Dataset, Question
from qa.retrieve import HybridRetriever, Weights


class CountingEmbedder(HashingEmbedder):
    """Counts what it is asked to embed."""

    def __init__(self, dim: int = 64) -> None:
        super().__init__(dim)
        self.questions: list[str] = []
        self.passages: list[str] = []
        self.fails_after: int | None = None

    def embed_queries(self, texts: Sequence[str]) -> Matrix:
        self.questions += texts
        return super().embed_queries(texts)

    def embed_passages(
        self, titles: Sequence[str], texts: Sequence[str], sentences: Sequence[Spans]
    ) -> tuple[Matrix, list[Matrix]]:
        if self.fails_after is not None and len(self.passages) >= self.fails_after:
            raise RuntimeError("out of power")
        self.passages += texts
        return super().embed_passages(titles, texts, sentences)


def article(name: str, text: str) -> Article:
    return Article(id=article_id(name, None, text), text=text, external_id=name)


DATASET = Dataset(
    "tiny",
    "beir",
    (article("a", "Kerry was in Paris."), article("b", "US officials meet in Geneva.")),
    (
        Question("1", "where was Kerry?", {"a": 1}),
        Question("2", "who meets?", {"b": 1}),
        Question("3", "never judged", {}),
    ),
)


def test_the_first_run_embeds_every_article_and_every_judged_question(tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    with collected(DATASET, embedder, tmp_path) as corpus:
        assert corpus.store.counts().articles == 2
        assert corpus.embedder.name == embedder.name
    assert embedder.passages == ["Kerry was in Paris.", "US officials meet in Geneva."]
    assert sorted(embedder.questions) == ["where was Kerry?", "who meets?"]


def test_the_second_run_embeds_nothing_and_finds_the_same(tmp_path: Path) -> None:
    found = []
    embedders = [CountingEmbedder(), CountingEmbedder()]
    for embedder in embedders:
        with collected(DATASET, embedder, tmp_path) as corpus:
            vector = corpus.embedder.embed_queries(["where was Kerry?"])
            ids, scores = corpus.passages.search(vector, 2)
            found.append((ids.tolist(), scores.tolist()))
    assert embedders[1].passages == embedders[1].questions == []
    assert found[0] == found[1]


def test_other_questions_reuse_the_articles(tmp_path: Path) -> None:
    with collected(DATASET, CountingEmbedder(), tmp_path):
        pass
    embedder = CountingEmbedder()
    more = replace(DATASET, questions=(*DATASET.questions, Question("4", "new?", {"a": 1})))
    with collected(more, embedder, tmp_path):
        pass
    assert (embedder.passages, embedder.questions) == ([], ["new?"])


@pytest.mark.parametrize("dim", [64, 32])
def test_other_articles_or_another_model_are_embedded_anew(tmp_path: Path, dim: int) -> None:
    with collected(DATASET, CountingEmbedder(), tmp_path):
        pass
    changed = DATASET if dim == 32 else replace(DATASET, articles=DATASET.articles[:1])
    embedder = CountingEmbedder(dim)
    with collected(changed, embedder, tmp_path) as corpus:
        assert corpus.store.counts().articles == len(changed.articles)
    assert embedder.passages == [one.text for one in changed.articles]
    assert len(list(tmp_path.iterdir())) == 2


def test_another_way_to_cut_passages_embeds_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with collected(DATASET, CountingEmbedder(), tmp_path):
        pass
    monkeypatch.setattr(cached, "VERSION", cached.VERSION + 1)
    monkeypatch.setattr("index.corpus.VERSION", cached.VERSION)
    embedder = CountingEmbedder()
    with collected(DATASET, embedder, tmp_path):
        pass
    assert len(embedder.passages) == 2


def test_a_run_that_was_cut_short_goes_on_where_it_stopped(tmp_path: Path) -> None:
    texts = [f"Sentence {number} is here." for number in range(150)]
    many = replace(DATASET, articles=tuple(article(text, text) for text in texts))
    broken = CountingEmbedder()
    broken.fails_after = 64
    with pytest.raises(RuntimeError, match="out of power"), collected(many, broken, tmp_path):
        pass
    assert not list(tmp_path.glob(f"*/{COMPLETE}"))
    embedder = CountingEmbedder()
    with collected(many, embedder, tmp_path) as corpus:
        assert corpus.store.counts().articles == 150
    assert broken.passages + embedder.passages == texts


def test_a_damaged_file_of_question_vectors_is_made_again(tmp_path: Path) -> None:
    with collected(DATASET, CountingEmbedder(), tmp_path):
        pass
    (path,) = tmp_path.glob(f"*/{QUERIES}")
    path.write_bytes(path.read_bytes()[:-30])
    embedder = CountingEmbedder()
    with collected(DATASET, embedder, tmp_path):
        pass
    assert len(embedder.questions) == 2
    with collected(DATASET, embedder, tmp_path):
        pass
    assert len(embedder.questions) == 2


def test_two_runs_can_read_the_cache_at_once(tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    with collected(DATASET, embedder, tmp_path):
        pass
    with (
        collected(DATASET, embedder, tmp_path) as first,
        collected(DATASET, embedder, tmp_path) as second,
    ):
        assert len(first.passages) == len(second.passages) == 2


def test_remembered_rows_are_those_of_the_embedder_in_the_order_asked(tmp_path: Path) -> None:
    inner = CountingEmbedder()
    remembering = RememberingEmbedder(inner, tmp_path / QUERIES)
    texts = ["a longer question", "short", "a longer question"]
    rows = remembering.embed_queries(texts)
    np.testing.assert_array_equal(rows, HashingEmbedder(64).embed_queries(texts))
    assert inner.questions == ["short", "a longer question"]
    assert remembering.embed_queries([]).shape == (0, 64)
    assert (remembering.name, remembering.dim) == ("hashing-64", 64)


def test_passages_are_passed_on_to_the_embedder(tmp_path: Path) -> None:
    remembering = RememberingEmbedder(CountingEmbedder(), tmp_path / QUERIES)
    arguments = (["Talks"], ["Kerry was in Paris. He left."], [[(0, 19), (20, 28)]])
    whole, parts = remembering.embed_passages(*arguments)
    expected, pieces = HashingEmbedder(64).embed_passages(*arguments)
    np.testing.assert_array_equal(whole, expected)
    np.testing.assert_array_equal(parts[0], pieces[0])


def test_what_is_remembered_survives_in_the_file(tmp_path: Path) -> None:
    first = RememberingEmbedder(CountingEmbedder(), tmp_path / QUERIES)
    rows = first.embed_queries(["où ?", "🙂"])
    first.save()
    inner = CountingEmbedder()
    np.testing.assert_array_equal(
        RememberingEmbedder(inner, tmp_path / QUERIES).embed_queries(["où ?", "🙂"]), rows
    )
    assert inner.questions == []


def test_progress_sees_the_articles(tmp_path: Path) -> None:
    seen: list[tuple[str, int]] = []

    def watch(items: Iterable[Any], label: str, total: int) -> Iterable[Any]:
        seen.append((label, total))
        return items

    for _ in range(2):
        with collected(DATASET, CountingEmbedder(), tmp_path, progress=watch):
            pass
    assert seen == [("articles", 2)]


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"QA_CACHE": "/one", "XDG_CACHE_HOME": "/two"}, Path("/one")),
        ({"QA_CACHE": "", "XDG_CACHE_HOME": "/two"}, Path("/two/dateline")),
        ({}, Path.home() / ".cache" / "dateline"),
    ],
)
def test_the_cache_is_where_the_user_keeps_caches(environ: dict[str, str], expected: Path) -> None:
    assert cache_folder(environ) == expected


def test_indexes_of_another_version_are_replaced_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with collected(DATASET, HashingEmbedder(), tmp_path) as corpus:
        manifest = corpus.path / "derived" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"format": ', '"format": 9'))
    for warnings in (1, 1):
        with collected(DATASET, HashingEmbedder(), tmp_path) as corpus:
            assert len(corpus.lexical) == 2
        assert sum("stale" in one.message for one in caplog.records) == warnings


def test_candidates_are_looked_for_once_and_weighed_each_time(tmp_path: Path) -> None:
    with collected(DATASET, HashingEmbedder(), tmp_path) as corpus:
        retriever = RememberingRetriever(HybridRetriever(corpus))
        (vector,) = corpus.embedder.embed_queries(["Geneva"])
        dense, lexical = [
            retriever.retrieve("Geneva", vector, 2, weights=weights)
            for weights in (Weights(lexical=0), Weights(dense=0, sentence=0))
        ]
        plain = HybridRetriever(corpus).retrieve("Geneva", vector, 2, weights=Weights(lexical=0))
        assert dense == plain
        assert [hit.score for hit in dense[0]] != [hit.score for hit in lexical[0]]
        corpus.lexical.remove([1, 2])
        assert retriever.retrieve("Geneva", vector, 2, weights=Weights(lexical=0)) == plain
        only = {"external_id": "a"}
        assert len(retriever.retrieve("Geneva", vector, 2, where=only)[0]) == 1
