"""JSON Lines: one article a line, with the fields of `Article`."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from index import times
from index.errors import InvalidInput
from index.identity import new_article
from index.sources.text import decode, spelled, title_of
from index.types import Article, Rejection

FIELDS = ("external_id", "url", "title", "text", "source", "lang", "published_at")
ESCAPED = 6
"""JSON may spell one byte of a text so long: `\\u0041`."""
METADATA = 100_000
"""Bytes of a line that are not its text."""


def line_limit(max_bytes: int) -> int:
    """The bytes that a line may have when its text may have `max_bytes`, however it is escaped."""
    return ESCAPED * max_bytes + METADATA


def read_lines(path: Path, *, max_bytes: int) -> Iterator[Article | Rejection]:
    """Each line by itself: a broken one is rejected with its number and the rest goes on."""
    with path.open("rb") as file:
        for number, line in enumerate(lines(file, line_limit(max_bytes)), start=1):
            if not line.strip():
                continue
            try:
                yield parse_line(line, max_bytes=max_bytes)
            except InvalidInput as error:
                place = f" (at {error.pointer})" if error.pointer else ""
                yield Rejection(spelled(path), f"{error}{place}", number)


def parse_line(line: bytes, *, max_bytes: int) -> Article:
    """One JSON object to an article; raises InvalidInput with a JSON pointer."""
    if len(line) > (limit := line_limit(max_bytes)):
        raise InvalidInput(f"is longer than {limit:,} bytes")
    try:
        value = json.loads(decode(line))
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"is not JSON: {error}") from None
    if not isinstance(value, Mapping):
        raise InvalidInput("is not a JSON object")
    article = parse_fields(value)
    if (size := len(article.text.encode())) > max_bytes:
        raise InvalidInput(f"has {size:,} bytes; the limit is {max_bytes:,}", pointer="/text")
    return article


def parse_fields(value: Mapping[str, object]) -> Article:
    """Checked fields to an article; unknown ones are refused, never ignored."""
    for name in value:
        if name not in FIELDS:
            raise InvalidInput(f"unknown field {name!r}", pointer=f"/{name}")
    fields = {name: _string(value, name) for name in FIELDS}
    text, moment = fields["text"] or "", fields["published_at"]
    return new_article(
        text=text,
        title=fields["title"] if fields["title"] is not None else title_of(text),
        url=fields["url"],
        source=fields["source"],
        lang=fields["lang"],
        external_id=fields["external_id"],
        published_at=None if moment is None else times.parse(moment, "/published_at"),
    )


def lines(file: BinaryIO, limit: int) -> Iterator[bytes]:
    """The lines of a file; of one that is too long only as much as shows that it is."""
    while line := file.readline(limit + 1):
        rest = line
        while not rest.endswith(b"\n") and len(rest) > limit:
            rest = file.readline(limit + 1)
        yield line


def _string(value: Mapping[str, object], name: str) -> str | None:
    found = value.get(name)
    if found is None or isinstance(found, str):
        return found
    raise InvalidInput(f"{name} must be a string", pointer=f"/{name}")
