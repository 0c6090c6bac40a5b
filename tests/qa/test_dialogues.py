"""Dialogues over sixteen invented articles: does a question that leans on another find its passage?

They were all written before the patterns; a third was held back while these were made.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.build import build_service
from api.schemas import AskRequest, AskResponse
from api.schemas_articles import ArticleIn
from api.service import Service
from api.settings import Settings

HERE = Path(__file__).parent
DIALOGUES = [json.loads(line) for line in (HERE / "dialogues.jsonl").read_text().splitlines()]
ARTICLES = {
    path.stem: path.read_text().partition("\n\n")[::2]
    for path in sorted((HERE / "dialogues").glob("*.txt"))
}
Turns = list[tuple[dict[str, Any], AskResponse]]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    settings = Settings(data=tmp_path_factory.mktemp("dialogues"), reader="none", threads=1)
    service = build_service(settings)
    service.add([ArticleIn(title=title, text=text) for title, text in ARTICLES.values()])
    yield service
    service.close()


def led(service: Service, dialogue: dict[str, Any]) -> Turns:
    """The dialogue as it goes where each question is completed."""
    name = dialogue["id"]
    return [
        (turn, service.ask(AskRequest(q=turn["question"], conversation=name)))
        for turn in dialogue["turns"]
    ]


def found(turn: dict[str, Any], reply: AskResponse) -> bool:
    return any(words in reply.passages[0].text for words in turn["finds"])


def test_every_turn_has_its_place_in_one_article() -> None:
    assert len(DIALOGUES) >= 60
    assert len({dialogue["id"] for dialogue in DIALOGUES}) == len(DIALOGUES)
    assert sum(dialogue["held_back"] for dialogue in DIALOGUES) == len(DIALOGUES) // 3
    for dialogue in DIALOGUES:
        assert len(dialogue["turns"]) in (2, 3)
        for words in (words for turn in dialogue["turns"] for words in turn["finds"]):
            assert sum(words in text for _, text in ARTICLES.values()) == 1


@pytest.mark.model
def test_completed_questions_find_their_passage_first(service: Service) -> None:
    """Measured: 98 of 107, of those held back 34 of 34; as they were typed 50 and 17."""
    counts: Counter[str] = Counter()
    for dialogue in DIALOGUES:
        for turn, reply in led(service, dialogue)[1:]:
            if "alone" in turn:
                continue
            typed = service.ask(AskRequest(q=turn["question"]))
            for kind in ("all", "held back")[: 1 + dialogue["held_back"]]:
                counts[kind] += 1
                counts[f"{kind}, completed"] += found(turn, reply)
                counts[f"{kind}, as typed"] += found(turn, typed)
    assert counts["all"] == 107
    assert counts["held back"] == 34
    assert counts["all, completed"] >= 96
    assert counts["held back, completed"] >= 33
    assert counts["all, as typed"] <= 55


@pytest.mark.model
def test_questions_that_stand_by_themselves_are_left_alone(service: Service) -> None:
    alone = [
        (turn["question"], reply, found(turn, reply))
        for dialogue in DIALOGUES
        for turn, reply in led(service, dialogue)
        if "alone" in turn
    ]
    assert len(alone) == 12
    assert [question for question, reply, _ in alone if reply.query.rewritten] == []
    assert all(right for _, _, right in alone)
