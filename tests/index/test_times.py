from datetime import UTC, datetime, timedelta, timezone

import pytest

from index import times
from index.errors import InvalidInput


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2016-12-09", datetime(2016, 12, 9, tzinfo=UTC)),
        ("2016-12-09T10:30:00", datetime(2016, 12, 9, 10, 30, tzinfo=UTC)),
        ("2016-12-09 10:30:00.5z", datetime(2016, 12, 9, 10, 30, 0, 500_000, tzinfo=UTC)),
        (
            "2016-12-09T10:30:00+02:00",
            datetime(2016, 12, 9, 10, 30, tzinfo=timezone(timedelta(hours=2))),
        ),
    ],
)
def test_a_date_or_a_time_is_a_moment(value: str, moment: datetime) -> None:
    assert times.parse(value, "/x") == moment


@pytest.mark.parametrize(
    "value",
    ["2016-W49-4", "20161208", "2016-12-09T10", "2016-13-01", "2016-12-09\n", "", 2016, None],
)
def test_another_spelling_is_refused_with_its_place(value: object) -> None:
    with pytest.raises(InvalidInput, match="RFC 3339") as caught:
        times.parse(value, "/x")
    assert caught.value.pointer == "/x"
