"""RFC 3339 dates and times, the one spelling of a moment that is taken from outside."""

import re
from datetime import UTC, datetime

from index.errors import InvalidInput

RFC_3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})?)?", re.ASCII
)


def parse(value: object, pointer: str) -> datetime:
    """A date (its first moment) or a date and time; without an offset it is UTC.

    Raises InvalidInput with the pointer.
    """
    if not isinstance(value, str) or not RFC_3339.fullmatch(value):
        raise InvalidInput(f"{value!r} is not an RFC 3339 time", pointer=pointer)
    try:
        moment = datetime.fromisoformat(value.upper())
    except ValueError:
        raise InvalidInput(f"{value!r} is not an RFC 3339 time", pointer=pointer) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
