"""Whom and what a text mentions, told by capitals and by the words in front of them.

Cheap patterns for English, as in `qa.expect`; a name that is taken for the wrong kind still finds
the right article.
"""

import re
from collections.abc import Iterable, Iterator

from index.lexical import STOP_WORDS

CAPITAL = f"[{''.join(filter(str.isupper, map(chr, range(0x530))))}]"
"""Of the Latin, Greek and Cyrillic scripts."""
CAPITALS = rf"{CAPITAL}[\w-]*(?: (?:(?:of|de|van|von|bin|al) )?{CAPITAL}[\w-]*)*"
NAME = re.compile(
    r"(?:\b(?P<place>(?i:in|at|to|from|near|outside|inside|across|above|towards)) (?:the )?)?"
    r"(?P<name>\b(?!(?:The|An?|And|But|As|If|When|While|After|Before|His|Her|Its|Their)\b)"
    rf"{CAPITAL}[\w-]*(?:[’'](?!s\b)\w+)*(?: (?:(?:of|de|van|von|bin|al) )?{CAPITAL}[\w-]*)*)"
    r"(?P<own>[’']s\b)?"
)
"""Capitals in a row, and whether a preposition makes them a place, which nobody is."""
SPEAKS = "said|says|told|called|argued|promised|admitted|warned|added"
SAID = re.compile(rf"(?:{CAPITAL}[\w-]+ )+(?={SPEAKS})|(?<=said )(?:{CAPITAL}[\w-]+ ?)+")
"""Who speaks is a person, or speaks for a firm."""
CALENDAR = frozenset(
    """monday tuesday wednesday thursday friday saturday sunday january february march april may
    june july august september october november december new year eve christmas easter""".split()
)
FILLER = STOP_WORDS | frozenset(
    "many much long far late early few little exactly precisely else old high big come year month "
    "day date time not since until till against without near within".split()
)
"""Words that say nothing by themselves: a question of nothing else is about another one."""
NO_NAMES = CALENDAR | STOP_WORDS
WORD = re.compile(r"[^\W_]+")


def names(text: str) -> list[str]:
    """In the order of the text, each once; a day or a month is none."""
    return _distinct(match["name"] for match in _found(text))


def places(text: str) -> list[str]:
    """Those that stand after a preposition of place."""
    return _distinct(match["name"] for match in _found(text) if match["place"])


def persons(text: str) -> list[str]:
    """Those that may be somebody: first who speaks, then names of several words, then others.

    Initials such as US and UN are nobody.
    """
    where = set(places(text))
    speakers = {match[0].strip() for match in SAID.finditer(text)}
    others = [name for name in names(text) if name not in where and not name.isupper()]
    return sorted(others, key=lambda name: (name not in speakers, " " not in name))


def content(text: str) -> list[str]:
    """The words that say what a text is about."""
    return [word for word in WORD.findall(text.lower()) if word not in FILLER]


def _found(text: str) -> Iterator[re.Match[str]]:
    for match in NAME.finditer(text):
        name = match["name"]
        initials = name.isupper() and len(name) > 1  # else US would be the pronoun
        words = WORD.findall(name.lower())
        first = not text[: match.start("name")].strip(" “\"'‘(")
        # A text begins with a capital, whatever its first word is.
        speaks = match["own"] or re.match(rf" (?:{SPEAKS})\b", text[match.end() :])
        capital = first and len(words) == 1 and not speaks
        if initials or not (capital or NO_NAMES.issuperset(words)):
            yield match


def _distinct(found: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(found))
