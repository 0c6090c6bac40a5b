from dataclasses import replace
from datetime import UTC, datetime

import pytest

from index.types import Article
from qa.questions import Dataset, Gold, Question, remove_articles

ARTICLE = Article(id="art_1", text="Kerry was in Paris.", title="Paris", external_id="p1")


def dataset(answerable: int, unanswerable: int = 0) -> Dataset:
    questions = [
        Question(
            id=f"q{number}",
            text="where was Kerry?",
            relevant={"p1": 1} if number < answerable else {},
            paragraph="p1",
            answers=(Gold("Paris", 13),) if number < answerable else (),
            siblings=frozenset({"p1", "p2"}),
        )
        for number in range(answerable + unanswerable)
    ]
    return Dataset("set", "squad", (ARTICLE,), tuple(questions))


@pytest.mark.parametrize(("share", "removed"), [(0.0, 0), (0.5, 5), (1.0, 10)])
def test_a_share_of_the_answerable_questions_loses_its_article(share: float, removed: int) -> None:
    changed = remove_articles(dataset(10, 4), share)
    lost = [one for one in changed.questions if one.removed]
    assert len(lost) == removed
    assert all(one.answers == () and one.relevant == {} for one in lost)
    assert all(one.siblings == {"p1", "p2"} for one in lost)
    assert sum(bool(one.answers) for one in changed.questions) == 10 - removed


def test_which_questions_lose_their_article_does_not_depend_on_their_order() -> None:
    original = dataset(10)
    turned = replace(original, questions=original.questions[::-1])
    chosen = [
        {one.id for one in remove_articles(each, 0.5).questions if one.removed}
        for each in (original, turned)
    ]
    assert chosen[0] == chosen[1]


def test_the_other_questions_and_the_articles_stay_as_they_are() -> None:
    original = dataset(4)
    changed = remove_articles(original, 0.5)
    kept = [one for one in changed.questions if not one.removed]
    assert all(one in original.questions for one in kept)
    assert changed.digest == original.digest


def test_the_digest_follows_whatever_is_stored_of_an_article() -> None:
    variants = [
        ARTICLE,
        replace(ARTICLE, text="Kerry was in Geneva."),
        replace(ARTICLE, title="Geneva"),
        replace(ARTICLE, source="AFP"),
        replace(ARTICLE, published_at=datetime(2016, 12, 9, tzinfo=UTC)),
        replace(ARTICLE, id="art_2"),
    ]
    digests = {Dataset("set", "beir", (one,), ()).digest for one in variants}
    assert len(digests) == len(variants)


def test_questions_of_which_nothing_is_known_are_not_asked() -> None:
    judged = Question("j", "?", {"p1": 1})
    unanswerable = Question("u", "?", {}, paragraph="p1")
    unjudged = Question("n", "?", {})
    mixed = Dataset("set", "beir", (ARTICLE,), (judged, unanswerable, unjudged))
    assert mixed.asked == (judged, unanswerable)
