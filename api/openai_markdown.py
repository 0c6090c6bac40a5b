"""Text as Markdown that shows it as it is, in the chats that speak OpenAI's protocol.

Not `api.render.markdown`: many of these chats read a formula where a bracket has a backslash.
"""

import re
from collections.abc import Iterable, Iterator

from api.render import plain

MARKUP = re.compile(r"[\\`*_~<$]|&(?=#?\w+;)|(?<=\])(?:\(|\[(?!\d{1,3}\]))")
"""What would be markup in the middle of a line; `[1][2]` are two marks, and no link."""
LINE_START = re.compile(r"^(?:[#>+=:|-]|\[(?=[^\]]*\]:)|\d+(?=[.)]))")
"""What would be markup there: a list, a heading, a table, or where a link leads."""
WORD = re.compile(r"(?<=\s)")
ESCAPE = re.compile(r"\\(.)|&#(40|91);")


def escaped(text: str) -> str:
    """One line of Markdown."""
    return _at_start(_inside(plain(text)))


def unescaped(line: str) -> str:
    """What `escaped` made a line from."""
    return ESCAPE.sub(lambda match: match[1] or chr(int(match[2])), line)


def words(pieces: Iterable[str]) -> Iterator[str]:
    """Markdown of many lines, a word at a time, from pieces that are cut anywhere."""
    rest, fresh = "", True
    for piece in pieces:
        *whole, rest = WORD.split(rest + piece)
        for word in whole:
            # White space at the start of a line could make it code.
            if word.strip() or not fresh or word == "\n":
                yield _word(word, fresh=fresh)
            fresh = word.endswith("\n") or (fresh and not word.strip())
    yield _word(rest, fresh=fresh)


def _word(word: str, *, fresh: bool) -> str:
    core = _inside(word.rstrip())
    gap = "\n" if word.endswith("\n") else " " * word[-1:].isspace()
    return (_mark_at_start(core) if fresh else core) + gap


def _inside(text: str) -> str:
    return MARKUP.sub(lambda match: _harmless(match[0]), text)


def _at_start(line: str) -> str:
    return LINE_START.sub(lambda match: _harmless(match[0]), line)


def _mark_at_start(word: str) -> str:
    """As `_at_start`, where what follows the word is not known yet."""
    return f"&#91;{word[1:]}" if word.startswith("[") else _at_start(word)


def _harmless(mark: str) -> str:
    if mark in "([":
        return f"&#{ord(mark)};"
    return f"{mark}\\" if mark.isdigit() else f"\\{mark}"
