import json
from dataclasses import replace

import pytest

from index.errors import InvalidInput
from index.types import Hit, Passage
from qa.questions import Gold, Question
from qa.report import Outcome, Report, gate, parse_gate
from qa.types import Span

PASSAGE = Passage(7, "art_1", "Kerry was in Paris.", 0, 19, ((0, 19),), title="Talks")
HIT = Hit(PASSAGE, 1.5, {"dense": 0.5})
SPAN = Span("Kerry was in Paris.", PASSAGE, 0, 19, (0, 19), 1.5, 0.8)
ASKED = Question("q1", "where?", {"d1": 1, "d9": 2}, "d1", (Gold("Paris", 13),))
OUTCOME = Outcome(
    ASKED,
    {"d1": "Kerry was in Paris.", "d9": "x" * 1000},
    ("d2", "d1"),
    (("d1", HIT),),
    span=SPAN,
    confidence=0.8,
    answered=True,
    right=True,
    sentence=True,
)
REPORT = Report(
    dataset="tiny",
    setting="default",
    mode="open",
    metrics={"ndcg@10": 0.7, "recall@5": 0.9, "ece": 0.04},
    queries=3,
    judged=2,
    documents=10,
    empty=1,
    seconds=0.5,
    models={"embed": "hashing-256"},
    outcomes=(OUTCOME,),
)


def test_the_body_has_the_figures_and_not_the_questions() -> None:
    assert json.loads(json.dumps(REPORT.to_json())) == {
        "dataset": "tiny",
        "setting": "default",
        "mode": "open",
        "metrics": {"ndcg@10": 0.7, "recall@5": 0.9, "ece": 0.04},
        "queries": 3,
        "judged": 2,
        "documents": 10,
        "empty": 1,
        "seconds": 0.5,
        "models": {"embed": "hashing-256"},
    }


def test_a_row_a_question_says_what_was_asked_expected_found_and_answered() -> None:
    (row,) = REPORT.per_query()
    assert json.loads(json.dumps(row)) == {
        "setting": "default",
        "id": "q1",
        "question": "where?",
        "expected": [
            {"id": "d1", "grade": 1, "rank": 2, "text": "Kerry was in Paris."},
            {"id": "d9", "grade": 2, "rank": None, "text": "x" * 400},
        ],
        "found": [
            {
                "rank": 2,
                "id": "d1",
                "score": 1.5,
                "title": "Talks",
                "text": "Kerry was in Paris.",
                "parts": {"dense": 0.5},
            }
        ],
        "answers": ["Paris"],
        "paragraph": "d1",
        "removed": False,
        "best": "Kerry was in Paris.",
        "confidence": 0.8,
        "answered": True,
        "right": True,
    }


def test_a_row_of_a_set_without_answers_has_none() -> None:
    outcome = Outcome(Question("q1", "where?", {"d1": 1}), {}, ("d1",))
    assert list(outcome.to_json()) == ["id", "question", "expected", "found"]


def test_a_withheld_answer_counts_as_none() -> None:
    assert OUTCOME.text == "Kerry was in Paris."
    assert replace(OUTCOME, answered=False).text == ""
    assert replace(OUTCOME, span=None).text == ""


def test_a_gate_that_holds_says_nothing() -> None:
    assert gate(REPORT, "ndcg@10=0.7, recall@5=0.9") == []


def test_a_gate_names_each_figure_that_falls_short() -> None:
    assert gate(REPORT, "ndcg@10=0.72,recall@5=0.85,ece=0.05") == [
        "ndcg@10 is 0.7000, the gate is 0.72"
    ]


def test_a_gate_on_the_calibration_error_holds_from_above() -> None:
    assert gate(REPORT, "ece=0.03") == ["ece is 0.0400, the gate is 0.03"]


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ("ndgc@10=0.7", "'ndgc@10' is not one of this run's metrics: ndcg@10, recall@5, ece"),
        ("", "'' is not one of"),
        ("ndcg@10=0.7,", "'' is not one of"),
        ("ndcg@10", "the gate 'ndcg@10' must be METRIC=NUMBER"),
        ("ndcg@10=high", "the gate 'ndcg@10=high' must be METRIC=NUMBER"),
        ("ndcg@10=nan", "the gate 'ndcg@10=nan' must be METRIC=NUMBER"),
    ],
)
def test_a_gate_that_cannot_be_read_is_refused(limits: str, reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_gate(limits, REPORT.metrics)
    assert reason in str(caught.value)
