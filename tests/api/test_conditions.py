from datetime import UTC, datetime

import pytest

from api.conditions import weights, where
from api.schemas import SearchRequest
from index.errors import InvalidInput
from qa.retrieve import Weights


def request(**more: object) -> SearchRequest:
    return SearchRequest.model_validate({"q": "a", **more})


def test_nothing_asked_for_is_no_filter() -> None:
    assert where(request()) is None


def test_everything_asked_for_is_one_filter() -> None:
    own = {"not": {"source": "AP"}}
    found = where(
        request(**{"from": "2016-12-01", "to": "2016-12-31"}, source="AFP", lang="en", filter=own)
    )
    assert found == {
        "and": [
            {"source": {"eq": "AFP"}},
            {"lang": {"eq": "en"}},
            {
                "published_at": {
                    "gte": datetime(2016, 12, 1, tzinfo=UTC),
                    "lte": datetime(2016, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
                }
            },
            own,
        ]
    }


def test_one_day_is_a_period() -> None:
    assert where(request(**{"from": "2016-12-01", "to": "2016-12-01"})) is not None


def test_a_period_that_ends_before_it_begins_points_to_from() -> None:
    with pytest.raises(InvalidInput) as caught:
        where(request(**{"from": "2016-12-02", "to": "2016-12-01"}))
    assert caught.value.pointer == "/from"


def test_a_wrong_filter_is_pointed_to_in_the_request() -> None:
    with pytest.raises(InvalidInput) as caught:
        where(request(source="AFP", filter={"or": [{"source": "AP"}, {"colour": "red"}]}))
    assert caught.value.pointer == "/filter/or/1/colour"


def test_weights_that_are_left_out_keep_their_defaults() -> None:
    assert weights(request()) is None
    found = weights(request(weights={"lexical": 2}))
    assert found == Weights(dense=Weights().dense, sentence=Weights().sentence, lexical=2)


def test_weights_of_nothing_are_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        weights(request(weights={"dense": 0, "sentence": 0, "lexical": 0}))
    assert caught.value.pointer == "/weights"
