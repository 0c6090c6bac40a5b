from datetime import UTC, datetime, timedelta, timezone

import pytest

from index.errors import InvalidInput
from index.filters import compile_filter, stamp


def test_a_leaf_becomes_one_condition() -> None:
    assert compile_filter({"source": "AFP"}) == ("(articles.source IS ?)", ["AFP"])


def test_parts_are_joined_and_nested() -> None:
    sql, parameters = compile_filter(
        {"or": [{"not": {"lang": {"in": ["en", "de"]}}}, {"title": {"gt": "a", "lte": "b"}}]}
    )
    assert sql == (
        "(NOT coalesce((articles.lang IN (?, ?)), 0)"
        " OR (articles.title > ? AND articles.title <= ?))"
    )
    assert parameters == ["en", "de", "a", "b"]


def test_times_are_compared_in_utc() -> None:
    _, parameters = compile_filter({"published_at": {"gte": "2016-12-09T01:00:00+02:00"}})
    assert parameters == ["2016-12-08T23:00:00.000000Z"]


def test_stamps_sort_as_times_do() -> None:
    zone = timezone(timedelta(hours=5))
    moments = [
        datetime(2, 1, 1, tzinfo=UTC),
        datetime(2016, 1, 1, 4, tzinfo=zone),
        datetime(2016, 1, 1),
    ]
    assert sorted(moments[:2], key=stamp) == moments[:2]
    assert stamp(moments[1]) < stamp(moments[2])


@pytest.mark.parametrize(
    ("expression", "pointer"),
    [
        ({}, "/filter"),
        ("AFP", "/filter"),
        ({"source": "AFP", "lang": "en"}, "/filter"),
        ({"colour": "red"}, "/filter/colour"),
        ({"source": {"like": "A%"}}, "/filter/source/like"),
        ({"source": 3}, "/filter/source"),
        ({"source": "\ud800"}, "/filter/source"),
        ({"source": {}}, "/filter/source"),
        ({"and": []}, "/filter/and"),
        ({"or": [{"source": "a"}, {"lang": {"in": "en"}}]}, "/filter/or/1/lang/in"),
        ({"source": {"in": ["a", 2]}}, "/filter/source/in/1"),
        ({"published_at": {"lt": "yesterday"}}, "/filter/published_at/lt"),
        ({"published_at": {"lt": "2016-W49-4"}}, "/filter/published_at/lt"),
        ({"published_at": "20161208"}, "/filter/published_at"),
        ({"published_at": 20161208}, "/filter/published_at"),
        ({"published_at": {"gt": "0001-01-01T00:00:00+02:00"}}, "/filter/published_at/gt"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(expression: object, pointer: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        compile_filter(expression)
    assert caught.value.pointer == pointer


def test_a_filter_of_too_many_tests_is_refused() -> None:
    with pytest.raises(InvalidInput, match="500 tests"):
        compile_filter({"or": [{"source": "AFP"}] * 1500})


def test_endless_nesting_is_refused() -> None:
    expression: dict[str, object] = {"source": "AFP"}
    for _ in range(100):
        expression = {"not": expression}
    with pytest.raises(InvalidInput):
        compile_filter(expression)
