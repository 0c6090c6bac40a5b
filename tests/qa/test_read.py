from collections.abc import Iterator
from pathlib import Path

import pytest

from index.corpus import Corpus
from index.embedders.hashing import HashingEmbedder
from index.identity import new_article
from index.types import Hit
from qa.calibrate import FEATURES, Calibration
from qa.read import SentenceReader, closest_sentence
from qa.retrieve import HybridRetriever

BY_COVERAGE = Calibration(dict.fromkeys(FEATURES, 0.0) | {"sentence_coverage": 4.0}, -2.0, 0.5)
ARTICLE = new_article(
    text="Title\n\nThe talks failed. 😀 Kerry flew to Geneva on Monday. He was tired.",
    title="Title",
)


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    corpus = Corpus.open(tmp_path, HashingEmbedder())
    list(corpus.add([ARTICLE, new_article(text="Nothing of interest happened in Berlin.")]))
    yield corpus
    corpus.close()


def hits(corpus: Corpus, question: str, k: int = 10) -> list[Hit]:
    vector = corpus.embedder.embed_queries([question])[0]
    return HybridRetriever(corpus).retrieve(question, vector, k)[0]


def test_the_closest_sentence_is_marked_with_its_place_in_the_article(corpus: Corpus) -> None:
    question = "who flew to Geneva?"
    span, other = SentenceReader(corpus, BY_COVERAGE).read(question, hits(corpus, question)).spans
    assert span.text == "😀 Kerry flew to Geneva on Monday."
    assert ARTICLE.text[span.start : span.end] == span.text
    assert span.sentence == (span.start, span.end)
    assert span.confidence > other.confidence


def evidence(corpus: Corpus, question: str) -> list[dict[str, float]]:
    reader = SentenceReader(corpus, BY_COVERAGE)
    return [features for _, features in reader.evidence(question, hits(corpus, question))]


def test_coverage_weighs_the_questions_words_by_rarity(corpus: Corpus) -> None:
    whole, *_ = evidence(corpus, "Geneva Kerry")
    assert whole["sentence_coverage"] == pytest.approx(1)
    half, *_ = evidence(corpus, "Geneva Kerry dinosaurs")
    assert 0.3 < half["sentence_coverage"] < 0.7
    assert set(half) == set(FEATURES)


def test_names_are_the_questions_capitals_and_numbers_but_not_its_start(corpus: Corpus) -> None:
    assert [row["names"] for row in evidence(corpus, "Did Kerry fly to Vienna?")] == [0.5, 0.0]
    assert evidence(corpus, "Vienna talks")[0]["names"] == 1.0


def test_a_pronoun_stands_for_the_names_of_the_sentence_before(corpus: Corpus) -> None:
    texts = "Kerry met Lavrov. He was tired. His plane was late. The talks failed."
    list(corpus.add([new_article(text=texts, external_id="pronouns")]))
    (span, features), *_ = SentenceReader(corpus, BY_COVERAGE).evidence(
        "was Lavrov late?", hits(corpus, "was Lavrov late?")
    )
    assert span.text == "His plane was late."
    assert features["sentence_coverage"] == pytest.approx(1)


def test_a_pronoun_does_not_stand_for_a_place(corpus: Corpus) -> None:
    text = "Officials will meet in Geneva, Kerry said. He was in Paris for a meeting."
    list(corpus.add([new_article(text=text, external_id="places")]))
    reader = SentenceReader(corpus, BY_COVERAGE)
    (span, features), *_ = reader.evidence("meeting in Geneva", hits(corpus, "meeting in Geneva"))
    assert span.text == "Officials will meet in Geneva, Kerry said."
    assert features["sentence_coverage"] == pytest.approx(1)


def test_the_margin_is_to_the_best_other_passage(corpus: Corpus) -> None:
    found = hits(corpus, "Geneva")
    margin = found[0].score - found[1].score
    assert [row["margin"] for row in evidence(corpus, "Geneva")] == pytest.approx([margin, -margin])


def test_the_kind_that_is_asked_for_counts_where_the_question_says_it(corpus: Corpus) -> None:
    assert evidence(corpus, "when did Kerry fly?")[0]["expected"] == 1
    assert evidence(corpus, "how many flew to Geneva?")[0]["expected"] == -1
    assert evidence(corpus, "did Kerry fly?")[0]["expected"] == 0


def test_every_hit_is_read(corpus: Corpus) -> None:
    list(corpus.add(new_article(text=f"Filler {i}.") for i in range(30)))
    reader = SentenceReader(corpus, BY_COVERAGE)
    assert len(reader.read("Filler", hits(corpus, "Filler", 25)).spans) == 25
    assert reader.read("Filler", []).spans == ()


def test_copies_of_a_passage_are_no_rivals(corpus: Corpus) -> None:
    before = evidence(corpus, "who flew to Geneva?")[0]["margin"]
    copies = (new_article(text=ARTICLE.text, title="Title", external_id=str(i)) for i in range(3))
    list(corpus.add(copies))
    assert evidence(corpus, "who flew to Geneva?")[0]["margin"] > before / 2  # 0 to a copy


def test_a_question_about_nothing_has_no_sure_answer(corpus: Corpus) -> None:
    reader = SentenceReader(corpus, BY_COVERAGE)
    assert {span.confidence for span in reader.read("was he", hits(corpus, "was he")).spans} == {
        0.0
    }


def test_the_closest_sentence_has_the_best_score(corpus: Corpus) -> None:
    hit = hits(corpus, "tired")[0]
    start, end = closest_sentence(hit)
    assert hit.passage.slice(start, end) == "He was tired."


def test_a_credit_says_who_took_the_photo_in_no_word_of_the_question(corpus: Corpus) -> None:
    text = "A boat passes the market in Harwick. It is full. / DATELINE / IDA ROWNTREE"
    list(corpus.add([new_article(text=text, external_id="caption")]))
    question = "who took the photo?"
    reader = SentenceReader(corpus, BY_COVERAGE)
    found = {
        one.text: features for one, features in reader.evidence(question, hits(corpus, question))
    }
    assert found["/ DATELINE / IDA ROWNTREE"]["sentence_coverage"] == pytest.approx(1)
    assert found["/ DATELINE / IDA ROWNTREE"]["lexical"] == 0
    assert (
        reader.read(question, hits(corpus, question)).spans[0].text == "/ DATELINE / IDA ROWNTREE"
    )
    question = "what passes Harwick?"
    assert reader.read(question, hits(corpus, question)).spans[0].text.startswith("A boat passes")


def test_a_passage_without_the_kind_of_thing_that_is_asked_for_is_no_rival(corpus: Corpus) -> None:
    texts = ("Then Adams was in Oslo, ill.", "Adams was ill, and Adams was tired.")
    list(corpus.add(new_article(text=text, external_id=text[:9]) for text in texts))
    by_text = {
        span.text: (span, features)
        for span, features in SentenceReader(corpus, BY_COVERAGE).evidence(
            "where was Adams?", hits(corpus, "where was Adams?")
        )
    }
    (able, place), (unable, state) = by_text[texts[0]], by_text[texts[1]]
    assert (place["expected"], state["expected"]) == (1, -1)
    assert place["margin"] > place["score"] - state["score"]
    assert state["margin"] == pytest.approx(unable.score - able.score)
