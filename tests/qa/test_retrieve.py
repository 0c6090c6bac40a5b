from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from index.corpus import Corpus
from index.embedders.hashing import HashingEmbedder
from index.identity import new_article
from index.split import split
from index.types import Hit
from qa.retrieve import HybridRetriever, Weights

TALKS = "US officials will meet their Russian counterparts in Geneva. Kerry was in Paris."
PORT = "The harbour of Ostmere reopened. Dockers had been on strike."


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    corpus = Corpus.open(tmp_path, HashingEmbedder())
    list(
        corpus.add(
            [
                new_article(external_id="talks", text=TALKS, title="Talks", source="AFP"),
                new_article(external_id="port", text=PORT, source="Reuters"),
            ]
        )
    )
    yield corpus
    corpus.close()


def retrieve(corpus: Corpus, question: str, k: int = 5, **options: object) -> list[Hit]:
    vector = corpus.embedder.embed_queries([question])[0]
    return HybridRetriever(corpus).retrieve(question, vector, k, **options)[0]


def test_the_passage_that_fits_comes_first(corpus: Corpus) -> None:
    hits = retrieve(corpus, "who is in Geneva?")
    assert [hit.passage.text for hit in hits] == [TALKS, PORT]
    assert hits[0].score > hits[1].score


def test_a_score_is_the_weighted_sum_of_its_parts(corpus: Corpus) -> None:
    question = "harbour strike in Geneva"
    mass = corpus.lexical.terms(question).mass
    weights = Weights(dense=0.2, sentence=0.3, lexical=0.9, feedback=0.1)
    for hit in retrieve(corpus, question, weights=weights):
        parts = hit.parts
        lexical = mass**0.5 * (parts["lexical"] + parts["article"]) / 2
        expected = 0.2 * parts["dense"] + 0.3 * parts["sentence"] + 0.9 * lexical
        expected += 0.1 * parts["feedback"]
        assert hit.score == pytest.approx(expected, rel=1e-5)


def test_the_parts_are_what_the_indexes_say(corpus: Corpus) -> None:
    question = "Dockers on strike"
    vector = corpus.embedder.embed_queries([question])[0]
    (hit, *_) = retrieve(corpus, question)
    whole, sentences = corpus.embedder.embed_passages([""], [PORT], [split(PORT)[0].sentences])
    assert hit.parts["dense"] == pytest.approx(float(whole[0] @ vector), abs=2e-3)
    assert hit.parts["sentence"] == pytest.approx(float((sentences[0] @ vector).max()), abs=2e-3)
    assert np.argmax(hit.sentence_cosines) == 1


def test_what_is_like_the_best_passages_gains_by_it(tmp_path: Path) -> None:
    texts = (
        "Harbour strike.",
        "Harbour strike: dockers and crane drivers.",
        "Dockers, crane drivers and cranes.",
        "Dockers of Ostmere sing.",
    )
    corpus = Corpus.open(tmp_path / "feedback", HashingEmbedder())
    list(corpus.add(new_article(external_id=text, text=text) for text in texts))
    alike, other = [
        {
            hit.passage.text: hit.parts.get("feedback", 0.0)
            for hit in retrieve(corpus, "harbour strike", weights=Weights(feedback=weight))
        }
        for weight in (0.2, 0.0)
    ]
    corpus.close()
    assert alike[texts[2]] > alike[texts[3]]
    assert set(other.values()) == {0.0}


def test_k_limits_the_hits_and_not_what_is_compared(corpus: Corpus) -> None:
    vector = corpus.embedder.embed_queries(["Geneva"])[0]
    hits, total = HybridRetriever(corpus).retrieve("Geneva", vector, 1)
    assert (len(hits), total) == (1, 2)


def test_a_filter_holds_for_every_list(corpus: Corpus) -> None:
    assert [h.passage.source for h in retrieve(corpus, "Geneva", where={"source": "Reuters"})] == [
        "Reuters"
    ]
    assert retrieve(corpus, "Geneva", where={"source": "none"}) == []


def test_an_empty_index_has_no_hits(tmp_path: Path) -> None:
    corpus = Corpus.open(tmp_path / "empty", HashingEmbedder())
    assert retrieve(corpus, "who?") == []
    corpus.close()


def test_a_question_without_words_still_gets_an_order(corpus: Corpus) -> None:
    assert len(retrieve(corpus, "?!")) == 2


def test_a_passage_that_was_just_removed_is_dropped(corpus: Corpus) -> None:
    # As a search sees it that has its candidates when the store commits the removal.
    corpus.store.remove([item.id for item in corpus.store.listing(limit=9) if item.source == "AFP"])
    assert [hit.passage.text for hit in retrieve(corpus, "Geneva")] == [PORT]


def test_the_same_question_weighs_its_parts_alike_in_a_larger_collection(corpus: Corpus) -> None:
    before = retrieve(corpus, "who is in Geneva?")[0].score
    list(corpus.add(new_article(text=f"Filler number {i} of many words.") for i in range(500)))
    after = retrieve(corpus, "who is in Geneva?")[0].score
    assert after == pytest.approx(before, rel=0.15)
