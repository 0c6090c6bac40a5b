"""A reader over a model that marks what it is told to, and counts what it is given."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from index.corpus import Corpus
from index.embedders.hashing import HashingEmbedder
from index.identity import new_article
from index.types import Hit
from qa.calibrate import MARKED_FEATURES, Calibration
from qa.retrieve import HybridRetriever
from qa.span_reader import RERANKED, ROOM, SpanReader
from qa.types import Mark, Reading, Span, Window

BY_SPAN = Calibration(dict.fromkeys(MARKED_FEATURES, 0.0) | {"span": 1.0}, 0.0, 0.5)
LONG = " ".join(f"Nothing at all was said about any harbour on day {n}." for n in range(20))
TEXTS = {
    "first": "The talks failed. Kerry flew to Geneva on Monday. He was tired.",
    "again": "Nobody stayed. It was in Geneva that the talks of Monday went on.",
    "other": f"The harbour reopened on Tuesday. {LONG}",
}


class Marker:
    """Marks the words that it knows wherever they stand, with their scores."""

    name = "marker"

    def __init__(self, known: dict[str, float]) -> None:
        self._known = known
        self.asked: list[Window] = []

    def read(self, question: str, windows: Sequence[Window]) -> list[Reading]:
        self.asked = list(windows)
        return [self._reading(window.text) for window in windows]

    def _reading(self, text: str) -> Reading:
        found = [
            Mark(text.index(word), text.index(word) + len(word), score)
            for word, score in self._known.items()
            if word in text
        ]
        found.sort(key=lambda mark: -mark.score)
        return Reading(max((mark.score for mark in found), default=-9.0), tuple(found))


class Ranker(Marker):
    """Only ranks."""

    def _reading(self, text: str) -> Reading:
        return Reading(super()._reading(text).relevance, None)


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    corpus = Corpus.open(tmp_path, HashingEmbedder())
    list(corpus.add([new_article(text=text, external_id=name) for name, text in TEXTS.items()]))
    yield corpus
    corpus.close()


def hits(corpus: Corpus, question: str) -> list[Hit]:
    vector = corpus.embedder.embed_queries([question])[0]
    return HybridRetriever(corpus).retrieve(question, vector, 10)[0]


QUESTION = "where did the talks of Monday go on?"


def test_an_answer_is_an_exact_piece_of_its_article(corpus: Corpus) -> None:
    reader = SpanReader(corpus, Marker({"Monday": 2.0, "Geneva": 4.0}), BY_SPAN)
    spans = reader.read(QUESTION, hits(corpus, QUESTION)).spans
    assert [span.text for span in spans] == ["Geneva", "Monday"]
    for span in spans:
        text = corpus.store.article(span.passage.article_id).text
        assert text[span.start : span.end] == span.text
        assert span.sentence[0] <= span.start < span.end <= span.sentence[1]
    assert spans[0].confidence > spans[1].confidence


def test_the_same_answer_in_another_article_is_kept_with_it(corpus: Corpus) -> None:
    reader = SpanReader(corpus, Marker({"Geneva": 4.0}), BY_SPAN)
    (span,) = reader.read(QUESTION, hits(corpus, QUESTION)).spans
    (other,) = span.also
    assert (span.text, other.text) == ("Geneva", "Geneva")
    assert span.passage.article_id != other.passage.article_id


def test_of_answers_that_overlap_only_the_best_is_given(corpus: Corpus) -> None:
    known = {"Kerry flew to Geneva": 1.0, "Geneva on Monday": 3.0, "Kerry": 2.0}
    reader = SpanReader(corpus, Marker(known), BY_SPAN)
    spans = reader.read(QUESTION, hits(corpus, QUESTION)).spans
    assert [span.text for span in spans] == ["Geneva on Monday", "Kerry"]


def test_the_features_are_those_that_the_confidence_is_fitted_to(corpus: Corpus) -> None:
    reader = SpanReader(corpus, Marker({"Geneva": 4.0, "Monday": 1.5}), BY_SPAN)
    rows = reader.evidence(QUESTION, hits(corpus, QUESTION))
    assert all(set(features) == set(MARKED_FEATURES) for _, features in rows)
    by_text = {span.text: features for span, features in rows}
    assert by_text["Geneva"]["span"] == pytest.approx(4.0)
    assert {by_text["Geneva"]["inside"], by_text["Geneva"]["outside"]} == {2.5}
    assert by_text["Monday"]["inside"] == pytest.approx(-2.5)


def test_the_hits_are_put_in_order_by_what_was_read_in_them(corpus: Corpus) -> None:
    before = hits(corpus, QUESTION)
    last = before[-1].passage
    word = last.text.split()[1]
    reader = SpanReader(corpus, Marker({f"{last.text.split()[0]} {word}": 11.0}), BY_SPAN)
    after = reader.read(QUESTION, before).hits
    assert {hit.passage.id for hit in after} == {hit.passage.id for hit in before}
    assert [hit.score for hit in after] == sorted((hit.score for hit in after), reverse=True)
    (moved,) = (hit for hit in after if hit.passage.id == last.id)
    assert moved.score == pytest.approx(before[-1].score + RERANKED, abs=1e-4)
    assert (moved.parts["span"], moved.parts["relevance"]) == (11.0, 11.0)


def test_a_model_that_only_ranks_answers_with_the_best_sentence(corpus: Corpus) -> None:
    reader = SpanReader(corpus, Ranker({"Geneva": 5.0}), BY_SPAN)
    spans = reader.read("who flew to Geneva?", hits(corpus, "who flew to Geneva?")).spans
    assert spans[0].text == "Kerry flew to Geneva on Monday."
    assert spans[0].sentence == (spans[0].start, spans[0].end)


def test_a_number_is_answered_with_what_qualifies_it(corpus: Corpus) -> None:
    list(corpus.add([new_article(text="The war has killed more than 300,000 people.")]))
    question = "how many people has the war killed?"
    reader = SpanReader(corpus, Marker({"300,000": 9.0}), BY_SPAN)
    (span,) = reader.read(question, hits(corpus, question)).spans
    assert span.text == text_of(corpus, span) == "more than 300,000"


def test_a_pronoun_alone_is_no_answer(corpus: Corpus) -> None:
    reader = SpanReader(corpus, Marker({"He": 9.0, "Geneva": 1.0}), BY_SPAN)
    spans = reader.read(QUESTION, hits(corpus, QUESTION)).spans
    assert [span.text for span in spans] == ["Geneva"]


def test_no_more_is_read_than_fits(corpus: Corpus) -> None:
    list(corpus.add([new_article(text=f"{LONG} And {n}.") for n in range(20)]))
    question = "what was said about a harbour?"
    model = Marker({})
    reader = SpanReader(corpus, model, BY_SPAN)
    found = hits(corpus, question)
    reader.read(question, found)
    read = sum(len(question) + len(window.text) for window in model.asked)
    assert 1 < len(model.asked) < len(found)
    assert read <= ROOM
    reader.read(question, found, budget_ms=1e-9)
    assert len(model.asked) == 1


def test_a_question_about_nothing_is_not_answered(corpus: Corpus) -> None:
    reader = SpanReader(corpus, Marker({"Geneva": 9.0}), BY_SPAN)
    assert {span.confidence for span in reader.read("???", hits(corpus, QUESTION)).spans} == {0.0}


def text_of(corpus: Corpus, span: Span) -> str:
    return corpus.store.article(span.passage.article_id).text[span.start : span.end]


def test_who_took_a_photo_is_read_off_its_credit(corpus: Corpus) -> None:
    text = "A boat passes the market in Harwick. It is full. / DATELINE / IDA ROWNTREE"
    list(corpus.add([new_article(text=text, external_id="photo")]))
    question = "who took the photo?"
    reader = SpanReader(corpus, Marker({"Harwick": 9.0}), BY_SPAN)
    spans = {span.text: span for span in reader.read(question, hits(corpus, question)).spans}
    name = spans.pop("IDA ROWNTREE")
    assert text[name.start : name.end] == name.text
    assert text[slice(*name.sentence)] == "/ DATELINE / IDA ROWNTREE"
    assert all(one.text == text_of(corpus, one) for one in spans.values())


def test_nothing_found_is_nothing_read(corpus: Corpus) -> None:
    read = SpanReader(corpus, Marker({}), BY_SPAN).read(QUESTION, [])
    assert (read.spans, read.hits) == ((), ())
