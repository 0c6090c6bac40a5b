"""Plain text and Markdown files: one file, one article."""

import os
import re
from pathlib import Path

from index.errors import InvalidInput
from index.identity import new_article
from index.types import Article

HEADLINE_CHARACTERS = 200
HEADING = re.compile(r"\s*#\s+(?P<title>\S.*)")


def title_of(text: str) -> str:
    """The headline, where the text shows that its first line is one; else nothing.

    It does when a later line repeats it (as wire copy does), when it is a Markdown heading, or
    when it stands alone, is short and does not end as a sentence does.
    """
    lines = text.lstrip("\ufeff").splitlines()
    filled = [line.strip() for line in lines if line.strip()]
    if len(filled) < 2 or len(filled[0]) > HEADLINE_CHARACTERS:
        return ""
    if heading := HEADING.fullmatch(filled[0]):
        return heading["title"].strip()
    alone = lines.index(next(line for line in lines if line.strip())) + 1
    stands_alone = alone < len(lines) and not lines[alone].strip()
    if filled[1] == filled[0] or (stands_alone and filled[0][-1] not in ".!,;:"):
        return filled[0]
    return ""


def read_file(path: Path) -> Article:
    """The whole file is the article's text, unchanged; its path is the caller's id."""
    text = decode(path.read_bytes())
    return new_article(text=text, title=title_of(text), external_id=spelled(path.resolve()))


def spelled(path: Path) -> str:
    """A path as text; what is not UTF-8 in it as `\\xff`, so that it can be stored and shown."""
    return os.fsencode(path).decode(errors="backslashreplace")


def decode(data: bytes) -> str:
    """UTF-8, with or without a byte order mark; anything else is refused with the place."""
    if b"\x00" in data:
        raise InvalidInput("is not text: it holds NUL bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidInput(
            f"is not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start} (line {line})"
        ) from None
