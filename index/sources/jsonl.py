"""JSON Lines: one article a line, with the fields of `Article`."""

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from pathlib import Path

from index.errors import InvalidInput
from index.identity import new_article
from index.sources.text import decode, title_of
from index.types import Article, Rejection

FIELDS = ("external_id", "url", "title", "text", "source", "lang", "published_at")


def read_lines(path: Path, *, max_bytes: int) -> Iterator[Article | Rejection]:
    """Each line by itself: a broken one is rejected with its number and the rest goes on."""
    with path.open("rb") as file:
        for number, line in enumerate(_lines(file, max_bytes), start=1):
            if not line.strip():
                continue
            try:
                yield parse_line(line, max_bytes=max_bytes)
            except InvalidInput as error:
                place = f" (at {error.pointer})" if error.pointer else ""
                yield Rejection(str(path), f"{error}{place}", number)


def parse_line(line: bytes, *, max_bytes: int) -> Article:
    """One JSON object to an article; raises InvalidInput with a JSON pointer."""
    if len(line) > max_bytes:
        raise InvalidInput(f"is longer than {max_bytes:,} bytes")
    try:
        value = json.loads(decode(line))
    except (json.JSONDecodeError, RecursionError) as error:
        raise InvalidInput(f"is not JSON: {error}") from None
    if not isinstance(value, Mapping):
        raise InvalidInput("is not a JSON object")
    return parse_fields(value)


def parse_fields(value: Mapping[str, object]) -> Article:
    """Checked fields to an article; unknown ones are refused, never ignored."""
    for name in value:
        if name not in FIELDS:
            raise InvalidInput(f"unknown field {name!r}", pointer=f"/{name}")
    fields = {name: _string(value, name) for name in FIELDS}
    text = fields["text"] or ""
    return new_article(
        text=text,
        title=fields["title"] if fields["title"] is not None else title_of(text),
        url=fields["url"],
        source=fields["source"],
        lang=fields["lang"],
        external_id=fields["external_id"],
        published_at=_moment(fields["published_at"]),
    )


def _lines(file: Iterator[bytes], max_bytes: int) -> Iterator[bytes]:
    """The lines of a file; of one that is too long only as much as shows that it is."""
    readline = file.readline  # type: ignore[attr-defined]
    while line := readline(max_bytes + 1):
        rest = line
        while not rest.endswith(b"\n") and len(rest) > max_bytes:
            rest = readline(max_bytes + 1)
        yield line


def _string(value: Mapping[str, object], name: str) -> str | None:
    found = value.get(name)
    if found is None or isinstance(found, str):
        return found
    raise InvalidInput(f"{name} must be a string", pointer=f"/{name}")


def _moment(value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        if len(value) == len("2016-12-09"):
            return datetime.combine(date.fromisoformat(value), time())
        return datetime.fromisoformat(value)
    except ValueError:
        raise InvalidInput(f"{value!r} is not an RFC 3339 time", pointer="/published_at") from None
