from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.fields import instant


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2016-12-08", datetime(2016, 12, 8, tzinfo=UTC)),
        ("2016-12-08T14:30:00Z", datetime(2016, 12, 8, 14, 30, tzinfo=UTC)),
        ("2016-12-08t14:30:00.25z", datetime(2016, 12, 8, 14, 30, 0, 250_000, tzinfo=UTC)),
        ("2016-12-08 01:30:00+02:00", datetime(2016, 12, 7, 23, 30, tzinfo=UTC)),
    ],
)
def test_rfc_3339_is_read(text: str, moment: datetime) -> None:
    assert instant(text) == moment


def test_a_bare_date_can_mean_its_end() -> None:
    end = instant("9999-12-31", last=True)
    assert end == datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    assert instant("2016-12-08T00:00:00Z", last=True) == datetime(2016, 12, 8, tzinfo=UTC)


def test_a_plus_that_a_url_turned_into_a_space_is_explained() -> None:
    with pytest.raises(ValueError, match=r"write \+ as %2B"):
        instant("2016-12-08T14:30:00 01:00")


@given(st.datetimes(), st.booleans())
def test_every_moment_survives_being_written_and_read(moment: datetime, whole: bool) -> None:  # noqa: FBT001
    moment = moment.replace(tzinfo=UTC, **({"microsecond": 0} if whole else {}))
    assert instant(moment.isoformat()) == moment
