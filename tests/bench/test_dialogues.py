"""Sixteen invented articles, and dialogues about them that were written before any pattern."""

from collections.abc import Iterator

import pytest

from api.build import build_service
from api.service import Service
from api.settings import Settings
from bench.dialogues import Asked, articles, asked, dialogues, report


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    settings = Settings(data=tmp_path_factory.mktemp("dialogues"), reader="none", threads=1)
    service = build_service(settings)
    service.add(list(articles()))
    yield service
    service.close()


@pytest.fixture(scope="module")
def found(service: Service) -> list[Asked]:
    """Every question that is not the first of its dialogue, asked both ways."""
    return [one for dialogue in dialogues() for one in asked(service, dialogue)]


def test_every_turn_has_its_place_in_one_article() -> None:
    told = dialogues()
    assert len(told) >= 60
    assert len({dialogue.id for dialogue in told}) == len(told)
    assert sum(dialogue.held_back for dialogue in told) == len(told) // 3
    texts = [article.text for article in articles()]
    for dialogue in told:
        assert len(dialogue.turns) in (2, 3)
        for words in (words for turn in dialogue.turns for words in turn.finds):
            assert sum(words in text for text in texts) == 1


@pytest.mark.model
def test_completed_questions_find_their_passage_first(found: list[Asked]) -> None:
    """Without a model that reads 98 of 107, of those held back 34; as they were typed 50 and 17."""
    leaning = [one for one in found if not one.turn.alone]
    held_back = [one for one in leaning if one.dialogue.held_back]
    assert (len(leaning), len(held_back)) == (107, 34)
    assert sum(one.found_completed for one in leaning) >= 96
    assert sum(one.found_completed for one in held_back) >= 33
    assert sum(one.found_typed for one in leaning) <= 55


@pytest.mark.model
def test_questions_that_stand_by_themselves_are_left_alone(found: list[Asked]) -> None:
    alone = [one for one in found if one.turn.alone]
    assert len(alone) == 12
    assert [one for one in alone if one.completed.query.rewritten] == []
    assert all(one.found_completed for one in alone)


@pytest.mark.model
def test_the_report_counts_them(found: list[Asked]) -> None:
    shown = report(found)
    completed = sum(one.found_completed for one in found if not one.turn.alone)
    typed = sum(one.found_typed for one in found if not one.turn.alone)
    row = f"| all that lean on the question before | 107 | {completed} | {typed} |"
    assert row in shown.splitlines()
    assert "| that stand by themselves | 12 | 12 | 12 |" in shown.splitlines()
