import time
from dataclasses import replace

import pytest

from api.replies import asked, story_id
from api.schemas import AskRequest, SearchRequest
from api.service import Service
from index.corpus import Corpus
from index.identity import new_article
from index.types import Article
from qa.pipeline import Pipeline
from qa.types import Answer

GENEVA = "who will meet in Geneva?"


def reply(found: Answer, corpus: Corpus, **more: object) -> dict[str, object]:
    request = AskRequest.model_validate({"q": found.question, **more})
    return asked(found, request, corpus, reader="r", start=time.perf_counter()).model_dump()


def test_an_answer_says_exactly_where_it_stands(service: Service, corpus: Corpus) -> None:
    answer = service.ask(AskRequest(q="what did dockers won?"))
    citation = answer.answers[0].citation
    article = corpus.store.article(citation.article_id)
    assert answer.answer is not None
    assert answer.answer.text == "🚢 Dockers won a rise of 4.5 percent."
    assert article.text[citation.start : citation.end] == answer.answer.text
    assert citation.quote.model_dump() == {
        "exact": "🚢 Dockers won a rise of 4.5 percent.",
        "prefix": "onday after a strike of nine days. "[-32:],
        "suffix": "",
    }
    assert citation.sentence.text == citation.quote.exact
    assert citation.sha256 == article.sha256
    assert (citation.title, citation.source, citation.url) == ("Harbour reopens", "Reuters", None)


def test_what_answers_is_highlighted_in_its_passage(shared_service: Service) -> None:
    answer = shared_service.ask(AskRequest(q=GENEVA))
    citation = answer.answers[0].citation
    marked = {passage.id: passage.highlights for passage in answer.passages}
    (range_,) = marked.pop(citation.passage_id)
    assert (range_.start, range_.end) == (citation.start, citation.end)
    assert set(map(len, marked.values())) == {0}


def test_ranks_count_from_one_and_scores_go_down(shared_service: Service) -> None:
    passages = shared_service.ask(AskRequest(q=GENEVA)).passages
    assert [passage.rank for passage in passages] == [1, 2, 3]
    scores = [passage.score for passage in passages]
    assert scores == sorted(scores, reverse=True)


def test_stories_are_named_after_their_text(service: Service, corpus: Corpus) -> None:
    by_source = {p.source: p.story_id for p in service.ask(AskRequest(q="harbour")).passages}
    assert by_source["Reuters"] == by_source["Gazette"] != by_source["AFP"]
    assert by_source["AFP"] == story_id(corpus.store.passage(1).sha256)


def test_the_passage_of_an_answer_is_shown_though_others_fit_better(
    pipeline: Pipeline, corpus: Corpus
) -> None:
    found = pipeline.ask(GENEVA)
    upside_down = tuple(reversed(found.found.hits))
    found = replace(found, found=replace(found.found, hits=upside_down))
    body = reply(found, corpus, limit=1)
    assert [passage["id"] for passage in body["passages"]] == ["psg_1"]  # type: ignore[attr-defined]


def test_an_article_that_changed_meanwhile_is_cited_as_it_was(
    pipeline: Pipeline, corpus: Corpus
) -> None:
    found = pipeline.ask(GENEVA)
    expected = reply(found, corpus)["answers"]
    article = corpus.store.article(found.spans[0].passage.article_id)
    list(corpus.add([replace(article, text="Something else altogether.")]))
    assert reply(found, corpus)["answers"] == expected
    corpus.remove([article.id])
    assert reply(found, corpus)["answers"] == expected


def test_a_long_article_is_fetched_once_and_only_where_a_passage_ends_too_soon(
    pipeline: Pipeline, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentence = "The {} lighthouse of Carrow was painted in the year {} by its keeper. "
    text = "".join(sentence.format(i, 1800 + i) for i in range(60)).strip()
    list(corpus.add([new_article(text=text, external_id="long")]))
    found = pipeline.ask("lighthouse Carrow keeper", k=9, min_confidence=0)
    expected = [
        (text[max(0, span.start - 32) : span.start], text[span.end : span.end + 32])
        for span in found.spans
        if span.passage.text in text
    ]
    assert len(expected) > 3
    fetch, fetched = corpus.store.article, []

    def counted(article_id: str) -> Article:
        fetched.append(article_id)
        return fetch(article_id)

    monkeypatch.setattr(corpus.store, "article", counted)
    answers = reply(found, corpus, limit=9)["answers"]
    quotes = [one["citation"]["quote"] for one in answers]  # type: ignore[attr-defined]
    assert set(expected) <= {(quote["prefix"], quote["suffix"]) for quote in quotes}
    assert len(fetched) == len(set(fetched))


def test_no_answer_is_an_answer_with_passages(shared_service: Service) -> None:
    answer = shared_service.ask(AskRequest(q="zebra"))
    assert (answer.answered, answer.answer, answer.answers) == (False, None, [])
    assert len(answer.passages) == 3
    assert {tuple(passage.highlights) for passage in answer.passages} == {()}


def test_parts_of_a_score_are_shown_only_when_asked_for(shared_service: Service) -> None:
    plain, explained = (
        shared_service.ask(AskRequest(q=GENEVA, explain=explain)).passages[0].explain
        for explain in (False, True)
    )
    assert plain is None
    assert explained is not None
    assert set(explained) == {"dense", "sentence", "lexical", "article", "feedback"}


def test_stages_add_up_to_no_more_than_the_total(shared_service: Service) -> None:
    timing = shared_service.ask(AskRequest(q=GENEVA)).timing_ms
    assert 0 < timing.embed + timing.retrieve + timing.read <= timing.total + 0.1


def test_a_search_highlights_the_sentence_that_fits_best(shared_service: Service) -> None:
    passage = shared_service.search(SearchRequest(q="4.5 percent", limit=1)).passages[0]
    (best,) = passage.highlights
    assert passage.text[best.start : best.end] == "🚢 Dockers won a rise of 4.5 percent."


def test_the_same_answer_in_other_articles_is_cited_there_too(
    shared_service: Service,
) -> None:
    question = "what did dockers won?"
    (answer,) = shared_service.ask(AskRequest(q=question, min_confidence=0.5)).answers
    assert answer.citation.source == "Reuters"
    assert [other.source for other in answer.also] == ["Gazette"]
    assert answer.also[0].quote.exact == answer.text
    (once,) = shared_service.ask(
        AskRequest(q=question, min_confidence=0.5, collapse="story")
    ).answers
    assert once.also == []


def test_a_span_is_cited_with_its_sentence(pipeline: Pipeline, corpus: Corpus) -> None:
    found = pipeline.ask(GENEVA)
    (span,) = found.spans
    officials = replace(span, text="US officials", end=span.start + len("US officials"))
    (answer,) = reply(replace(found, spans=(officials,)), corpus)["answers"]
    citation = answer["citation"]
    assert citation["quote"]["exact"] == "US officials"
    assert citation["quote"]["suffix"] == " will meet tomorrow with their R"
    assert citation["sentence"]["text"] == span.text
