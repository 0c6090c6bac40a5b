import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from api.build import build_service
from api.schemas import AskRequest, AskResponse, SearchRequest, SearchResponse
from api.schemas_articles import ArticleIn
from api.service import Service
from api.settings import Settings
from index.corpus import Corpus
from index.embedders.hashing import HashingEmbedder
from index.errors import InvalidInput, NotFound, NotReady, TooLarge
from index.types import Article, Hit
from qa.pipeline import Pipeline
from qa.types import Found, Read

GENEVA = "who will meet in Geneva?"


def sources(service: Service, **more: object) -> list[str | None]:
    request = SearchRequest.model_validate({"q": "harbour Aleppo", **more})
    return [passage.source for passage in service.search(request).passages]


def test_filters_leave_out_what_does_not_pass(shared_service: Service) -> None:
    assert sorted(map(str, sources(shared_service))) == ["AFP", "Gazette", "Reuters"]
    assert sources(shared_service, source="AFP") == ["AFP"]
    assert sources(shared_service, **{"from": "2017-03-06", "to": "2017-03-06"}) == ["Reuters"]
    assert sources(shared_service, to="2016-12-08") == ["AFP"]
    assert sources(shared_service, to="2016-12-08T14:29:59Z") == []
    assert sources(shared_service, lang="de") == []
    assert sources(shared_service, filter={"not": {"source": {"in": ["AFP", "Reuters"]}}}) == [
        "Gazette"
    ]


def test_a_story_is_shown_once_when_asked_for(shared_service: Service) -> None:
    assert sources(shared_service, q="harbour", collapse="story") == ["Reuters", "AFP"]
    assert sources(shared_service, q="harbour", collapse="story", limit=1) == ["Reuters"]


def copies(service: Service, number: int = 12) -> None:
    """Articles with one text, which fits better than what the others say."""
    text = "The Östmere harbour strike is over, dockers say."
    service.add([ArticleIn(text=text, external_id=f"c{i}", source="C") for i in range(number)])


@pytest.mark.parametrize("number", [12, 40])
def test_many_copies_of_one_text_leave_room_for_other_stories(
    service: Service, number: int
) -> None:
    copies(service, number)
    asked = {"q": "harbour strike Östmere dockers", "limit": 3, "collapse": "story"}
    found = service.search(SearchRequest.model_validate(asked))
    assert sorted(map(str, (hit.source for hit in found.passages))) == ["AFP", "C", "Reuters"]
    answer = service.ask(AskRequest.model_validate(asked))
    assert sorted(map(str, (hit.source for hit in answer.passages))) == ["AFP", "C", "Reuters"]
    sure = service.search(SearchRequest.model_validate(asked | {"min_confidence": 0}))
    assert len(sure.passages) == 3


def test_what_copies_say_is_one_answer(service: Service) -> None:
    copies(service, 3)
    asked = {"q": "harbour strike Östmere dockers", "min_confidence": 0}
    answer = service.ask(AskRequest.model_validate(asked))
    texts = [one.text for one in answer.answers]
    assert len(texts) == len(set(texts)) == 3
    assert [hit.source for hit in answer.passages].count("C") >= 1
    only = service.ask(AskRequest.model_validate(asked | {"source": "C"}))
    assert (len(only.answers), len(only.passages)) == (1, 3)


def test_a_search_reads_as_many_passages_as_it_may_give(service: Service) -> None:
    service.add([ArticleIn(text=f"Ship {i} lay in the harbour.") for i in range(50)])
    found = service.search(SearchRequest(q="harbour", limit=40, min_confidence=0))
    assert len(found.passages) == 40


def test_min_confidence_replaces_the_threshold(shared_service: Service) -> None:
    assert shared_service.ask(AskRequest(q=GENEVA)).answered
    assert not shared_service.ask(AskRequest(q=GENEVA, min_confidence=0.99)).answered
    unsure = shared_service.ask(AskRequest(q="zebra", min_confidence=0))
    assert unsure.answered
    assert unsure.answer is not None
    assert unsure.answer.confidence < 0.1


def test_min_confidence_keeps_only_the_passages_that_answer(shared_service: Service) -> None:
    found = shared_service.search(SearchRequest(q=GENEVA, min_confidence=0.5))
    assert [passage.source for passage in found.passages] == ["AFP"]
    assert shared_service.search(SearchRequest(q="zebra", min_confidence=0.5)).passages == []


def test_weights_change_the_scores_of_one_question(shared_service: Service) -> None:
    def best(**weights: float) -> dict[str, float]:
        request = SearchRequest.model_validate({"q": GENEVA, "weights": weights, "explain": True})
        passage = shared_service.search(request).passages[0]
        assert passage.explain is not None
        return {**passage.explain, "score": passage.score}

    parts = best(dense=2, sentence=0, lexical=0, feedback=0)
    assert parts["score"] == pytest.approx(2 * parts["dense"])
    assert parts["score"] != best()["score"]


def test_a_budget_that_was_missed_is_warned_of(service: Service, pipeline: Pipeline) -> None:
    assert service.ask(AskRequest(q=GENEVA, budget_ms=60_000)).warnings == []

    class Slow:
        """A reader that takes its time."""

        name, threshold = "slow", 0.5

        def read(self, question: str, hits: Sequence[Hit], *, budget_ms: float | None) -> Read:
            assert budget_ms is not None
            assert budget_ms <= 1
            time.sleep(0.003)
            return Read((), tuple(hits))

    pipeline.reader = Slow()  # type: ignore[assignment]
    (warning,) = service.ask(AskRequest(q=GENEVA, budget_ms=1)).warnings
    assert warning.endswith("ms, more than the budget of 1 ms")


def test_writes_are_idempotent(service: Service) -> None:
    item = ArticleIn(text="Bread is baked. It is sold.", external_id="b", title="Bread")
    assert [out.result for out in service.add([item, item])] == ["created", "unchanged"]
    changed = item.model_copy(update={"text": "Bread is burnt."})
    assert [out.result for out in service.add([changed])] == ["updated"]
    assert service.text("ext:b") == "Bread is burnt."


def test_a_title_is_taken_from_the_text(service: Service) -> None:
    (out,) = service.add([ArticleIn(text="Storm hits\n\nStorm hits\nIt was strong.")])
    assert service.article(out.id).title == "Storm hits"


def test_one_bad_article_refuses_all_with_its_place(shared_service: Service) -> None:
    good, bad = ArticleIn(text="Fine."), ArticleIn(text=" \n")
    with pytest.raises(InvalidInput) as caught:
        shared_service.add([good, good, bad])
    assert caught.value.pointer == "/2/text"
    with pytest.raises(InvalidInput) as caught:
        shared_service.add([ArticleIn(text="Fine.", url="ftp://x")], single=True)
    assert caught.value.pointer == "/url"
    assert shared_service.counts().articles == 3


def test_the_limit_is_on_the_bytes_of_the_text(service: Service) -> None:
    assert service.add([ArticleIn(text="é" * 500_000)])[0].result == "created"
    with pytest.raises(TooLarge, match="/0/text has 1,000,002 bytes; the limit is 1,000,000"):
        service.add([ArticleIn(text="é" * 500_001)])


def test_an_article_is_more_than_its_text() -> None:
    with pytest.raises(ValidationError):
        ArticleIn.model_validate({"title": "no text"})
    with pytest.raises(ValidationError):
        ArticleIn.model_validate({"text": "x", "id": "art_1"})


def test_what_was_written_before_an_error_is_told(service: Service, corpus: Corpus) -> None:
    def broken(text: str) -> Article:
        # Past every check: SQLite cannot store it, so the batch that it is in fails.
        return Article(f"art_{len(text)}", text, title="\ud800")

    articles = [
        service.checked(ArticleIn(text="One.")),
        broken("Two."),
        service.checked(ArticleIn(text="Three.")),
    ]
    results = list(service.add_each(articles))
    assert [type(result).__name__ for result in results] == [
        "WriteOut",
        "UnicodeEncodeError",
        "WriteOut",
    ]
    assert service.counts().articles == 5


def test_pages_hold_every_article_once(shared_service: Service) -> None:
    first = shared_service.articles(2)
    assert first.next_cursor is not None
    second = shared_service.articles(2, first.next_cursor)
    ids = [row.id for row in (*first.data, *second.data)]
    assert ids == sorted(set(ids))
    assert (len(ids), first.total, second.next_cursor) == (3, 3, None)


def test_an_article_can_be_named_by_the_callers_own_id(shared_service: Service) -> None:
    article = shared_service.article("ext:aleppo")
    assert shared_service.article(article.id) == article
    assert (article.external_id, article.characters) == ("aleppo", len(article.text))
    assert article.passages == 1


@pytest.mark.parametrize("key", ["art_0", "ext:none", "ext:", ""])
def test_an_unknown_article_is_not_found(service: Service, key: str) -> None:
    for method in (service.article, service.text, service.delete):
        with pytest.raises(NotFound):
            method(key)


def test_delete_removes_from_store_and_search(service: Service) -> None:
    service.delete("ext:aleppo")
    assert service.counts().articles == 2
    assert "AFP" not in sources(service)
    with pytest.raises(NotFound):
        service.delete("ext:aleppo")


def test_an_empty_collection_answers_nothing(tmp_path: Path, pipeline: Pipeline) -> None:
    corpus = Corpus.open(tmp_path / "empty", HashingEmbedder())
    retriever = type(pipeline.retriever)(corpus)
    service = Service(corpus, Pipeline(retriever, pipeline.reader), Settings())
    service.warm_up()
    answer = service.ask(AskRequest(q=GENEVA))
    assert (answer.answered, answer.passages, answer.generation) == (False, [], 0)
    assert service.search(SearchRequest(q=GENEVA)).total == 0
    service.close()


def test_a_conversation_completes_a_question_and_says_so(service: Service) -> None:
    first = service.ask(AskRequest(q=GENEVA, conversation="talk"))
    assert first.query.rewritten is None
    then = service.ask(AskRequest(q="and in Aleppo?", conversation="talk"))
    assert then.query.text == "and in Aleppo?"
    assert then.query.rewritten == "who will meet in Aleppo?"
    typed = service.ask(AskRequest(q="and in Rome?", conversation="talk", follow_up=False))
    assert typed.query.rewritten is None
    assert service.ask(AskRequest(q="and in Aleppo?")).query.rewritten is None


def test_what_is_not_to_be_remembered_is_completed_all_the_same(service: Service) -> None:
    service.ask(AskRequest(q=GENEVA, conversation="talk"))
    harbour = AskRequest(q="when did the harbour of Östmere reopen?", conversation="talk")
    assert service.ask(harbour, remember=False).answered
    reply = service.ask(AskRequest(q="and in Aleppo?", conversation="talk"), remember=False)
    assert reply.query.rewritten == "who will meet in Aleppo?"


def ask(service: Service, **more: object) -> AskResponse:
    return service.ask(AskRequest.model_validate({"q": GENEVA, **more}))


def search(service: Service, **more: object) -> SearchResponse:
    return service.search(SearchRequest.model_validate({"q": "harbour", **more}))


def test_the_same_question_is_answered_from_memory(service: Service) -> None:
    first, again = ask(service), ask(service)
    assert (first.cached, again.cached) == (False, True)
    assert again.id != first.id
    passing = {"id", "timing_ms", "cached"}
    assert again.model_dump(exclude=passing) == first.model_dump(exclude=passing)
    assert again.timing_ms.total > 0
    assert (again.timing_ms.embed, again.timing_ms.retrieve, again.timing_ms.read) == (0, 0, 0)
    assert search(service).cached is False  # no answer is a search's reply
    assert search(service).cached is True


@pytest.mark.parametrize(
    "more",
    [
        {"q": "who will meet in geneva?"},
        {"limit": 1},
        {"source": "AFP"},
        {"min_confidence": 0.1},
        {"explain": True},
        {"collapse": "story"},
        {"weights": {"lexical": 2}},
        {"filter": {"source": "AFP"}},
        {"to": "2020-01-01"},
    ],
)
def test_whatever_is_asked_for_otherwise_is_looked_for(
    service: Service, more: dict[str, object]
) -> None:
    ask(service)
    assert ask(service, **more).cached is False
    assert ask(service, **more).cached is True


def test_a_budget_of_time_is_never_answered_from_memory(service: Service) -> None:
    assert [ask(service, budget_ms=1000).cached for _ in range(2)] == [False, False]


def test_nothing_is_kept_where_that_is_not_wanted(
    corpus: Corpus, pipeline: Pipeline, settings: Settings
) -> None:
    service = Service(corpus, pipeline, settings.model_copy(update={"cache_entries": 0}))
    assert [ask(service).cached for _ in range(2)] == [False, False]


def test_what_is_written_is_found_at_once(service: Service) -> None:
    text = "The harbour of Norvik burned down."
    asked = {"q": "harbour Norvik burned"}
    assert text not in [one.text for one in search(service, **asked).passages]
    service.add([ArticleIn(text=text, external_id="norvik")])
    found = search(service, **asked)
    assert (found.cached, found.passages[0].text) == (False, text)
    service.delete("ext:norvik")
    found = search(service, **asked)
    assert found.cached is False
    assert text not in [one.text for one in found.passages]


def test_metadata_that_changes_is_shown_at_once(service: Service) -> None:
    article = ArticleIn(text="The harbour of Norvik burned down.", external_id="n", source="A")
    service.add([article])
    assert search(service, q="Norvik").passages[0].source == "A"
    service.add([article.model_copy(update={"source": "B"})])
    assert search(service, q="Norvik").passages[0].source == "B"


def test_a_reply_that_was_begun_before_a_write_is_not_kept(
    service: Service, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = pipeline.search

    def slow(*arguments: Any, **options: Any) -> Found:
        found = original(*arguments, **options)
        monkeypatch.undo()
        service.add([ArticleIn(text="The harbour of Norvik burned down.")])
        return found

    monkeypatch.setattr(pipeline, "search", slow)
    assert len(search(service, q="Norvik").passages) == 3
    found = search(service, q="Norvik")
    assert (found.cached, len(found.passages)) == (False, 4)


def test_a_conversation_goes_on_from_a_reply_in_memory(service: Service) -> None:
    ask(service)
    assert ask(service, conversation="a").cached is True
    follow_up = ask(service, q="and where?", conversation="a")
    assert follow_up.query.rewritten
    # The same words mean something else elsewhere.
    alone = ask(service, q="and where?", conversation="b")
    assert (alone.query.rewritten, alone.cached) == (None, False)


def test_searches_that_are_embedded_together_find_what_each_finds_alone(service: Service) -> None:
    requests = [SearchRequest(q=text) for text in ("harbour", "who is meeting in Geneva?", "bread")]
    start = time.perf_counter()
    embedded = service.embedded(requests)
    for request, one in zip(requests, embedded, strict=True):
        assert not service.knows(request)
        together = service.search(request, one, start=start)
        assert service.knows(request)
        assert not together.cached
        assert together.timing_ms.embed == round(one.seconds * 1000, 2)
        assert together.timing_ms.total > together.timing_ms.embed
        alone = request.model_copy(update={"budget_ms": 10_000})
        assert service.search(alone).passages == together.passages


def test_nobody_waits_for_the_model_after_the_end(settings: Settings) -> None:
    light = settings.model_copy(update={"embed_model": "hashing", "reader": "none"})
    service = build_service(light)
    service.close()
    with pytest.raises(NotReady, match="shutting down"):
        service.embed(["bread"])
