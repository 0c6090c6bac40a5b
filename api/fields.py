"""Kinds of values that requests are made of, and what is refused in them."""

import re
from datetime import UTC, date, datetime, time
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d(?P<time>[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d))?", re.ASCII
)
HOST = re.compile(r"\*|(\*\.)?[^\s:/@*\[\]]+|[0-9a-f:]+")


def no_nul(value: str) -> str:
    """Refuse NUL, at which SQLite's text functions would stop."""
    if "\0" in value:
        raise ValueError("must not contain the character NUL")
    return value


def encodable(value: str) -> str:
    """Refuse lone surrogates, which JSON can spell and UTF-8 cannot."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"holds a lone surrogate at character {error.start}") from None
    return value


def instant(value: str, *, last: bool = False) -> datetime:
    """An RFC 3339 date or time in UTC; of a date alone the first or the last microsecond."""
    found = RFC_3339.fullmatch(value)
    if found is None:
        hint = " (in a URL, write + as %2B)" if " " in value[11:] else ""
        raise ValueError(f"must be a date, 2016-12-08, or a time, 2016-12-08T14:30:00Z{hint}")
    if found["time"]:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    return datetime.combine(date.fromisoformat(value), time.max if last else time.min, UTC)


def host(value: str) -> str:
    """A host's name or address, or `*.` and a name for all below it, or `*`; in small letters."""
    found = value.lower().removeprefix("[").removesuffix("]")
    if not HOST.fullmatch(found):
        raise ValueError("must be a host such as example.org, *.example.org or 10.0.0.7, no port")
    return found


def _is_instant(value: str) -> str:
    try:
        instant(value)
    except OverflowError:
        raise ValueError("must be in the years 1 to 9999 in UTC") from None
    return value


Question = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=1000),
    AfterValidator(no_nul),
]
Text = Annotated[str, AfterValidator(encodable)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(no_nul)]
Weight = Annotated[float, Field(ge=0, le=1000)]
Instant = Annotated[str, AfterValidator(_is_instant)]
Host = Annotated[str, AfterValidator(host)]
