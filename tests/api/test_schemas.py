import pytest
from pydantic import ValidationError

from api.schemas import AskRequest, SearchRequest


def test_limits_differ_between_ask_and_search() -> None:
    assert AskRequest(q="a").limit == 3
    assert SearchRequest(q="a").limit == 10


def test_a_question_is_stripped_before_it_is_measured() -> None:
    assert AskRequest(q=" " * 2000 + "a" * 1000 + "\n").q == "a" * 1000


@pytest.mark.parametrize("q", ["", " \t\n", "a" * 1001, "a\0b", "\ud800"])
def test_a_question_that_cannot_be_asked_is_refused(q: str) -> None:
    with pytest.raises(ValidationError):
        AskRequest(q=q)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "20161208",
        "1481155200",
        "2016-12",
        "2016-13-01",
        "2016-12-08T14:30:00",
        "2016-12-08T25:00:00Z",
        "٢٠١٦-12-08",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        AskRequest.model_validate({"q": "a", "from": text})


@pytest.mark.parametrize(
    "more",
    [
        {"limit": 0},
        {"limit": 101},
        {"min_confidence": 1.1},
        {"min_confidence": float("nan")},
        {"collapse": "all"},
        {"source": ""},
        {"lang": "e\0"},
        {"weights": {"dense": -1}},
        {"weights": {"dense": float("inf")}},
        {"weights": {"words": 1}},
        {"budget_ms": 0},
        {"filter": []},
        {"from_": "2016-12-08"},
        {"unknown": 1},
    ],
)
def test_values_outside_the_contract_are_refused(more: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        AskRequest.model_validate({"q": "a", **more})
