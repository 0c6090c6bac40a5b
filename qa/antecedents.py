"""What a pronoun stands for: a person, a group, a thing or a place of the turns before it."""

import re
from collections.abc import Iterator

from qa.mentions import CAPITALS, names, persons, places
from qa.phrasing import BE, PREPOSITION, SUBJECT, TAKES_NOUN, Parts
from qa.types import Turn

SHORT = 8
"""Words of an answer that can stand in place of a pronoun."""
BORROWED = re.compile(r"\? \((.*)\)$")
"""What an earlier question was completed with, behind it."""
WITHIN = (
    rf"(?: (?:{PREPOSITION}|above) (?:the {CAPITALS} [a-z-]+|(?:the )?(?:{CAPITALS}"
    rf"(?: and {CAPITALS})?|[a-z-]+)))"
)
BOUNDED = re.compile(
    rf"(?:the|an?) (?:[a-z-]+ ){{0,2}}?[a-z-]+(?:{WITHIN}|$)|the {CAPITALS} [a-z-]+"
)
"""A noun with its article, whose end shows: by a preposition, or by the end of the question."""
LEADING = re.compile(r"the ((?:[a-z-]+ )?[a-z-]+)")
PLURAL = re.compile(
    rf"{CAPITALS} and {CAPITALS}|(?:the )?(?:[a-z-]+ ){{0,2}}?[a-z-]+s(?:{WITHIN}|\b)"
)
PRONOUN = re.compile(
    r"(?:he|she|it|they|his|her|its|their|this|that|these|those|we|our|i|my)\b", re.I
)


def asked(turn: Turn) -> Parts:
    """The question of a turn, without what it was completed with."""
    return Parts.of(BORROWED.sub("?", turn.question))


def phrase(turn: Turn) -> str:
    """The answer where it can stand in a question: it is short and needs no other words."""
    text = " ".join(turn.answer.split()).strip(" .,;:!?“”\"'")
    if len(text.split()) > SHORT or PRONOUN.match(text):
        return ""
    return re.sub(r"^(?:The|An?)\b", lambda match: match[0].lower(), text)


def persons_of(turn: Turn) -> Iterator[str]:
    """For he and she."""
    parts, known = asked(turn), names(turn.question)
    if parts.asks == "who" and parts.auxiliary in BE and parts.rest in known:
        yield parts.rest  # who is Kerry?
    elif parts.asks in ("who", "whom", "whose"):
        said = phrase(turn)
        if said.split()[-1:] and said.split()[-1][0].isupper():  # officials are nobody
            yield said
        yield from (name for name in persons(turn.sentence) if name not in known)
    yield from persons(turn.question)
    yield from persons(turn.sentence)


def groups_of(turn: Turn) -> Iterator[str]:
    """For they, which may be what was counted."""
    parts = asked(turn)
    if parts.noun and TAKES_NOUN.search(parts.asks):
        yield parts.noun
    yield from owners_of(turn)


def owners_of(turn: Turn) -> Iterator[str]:
    """For their."""
    parts = asked(turn)
    if parts.asks_subject and parts.asks == "who":
        one = names(f"is {phrase(turn)}") == [phrase(turn)]
        found = PLURAL.search(parts.rest.partition(" ")[2]) if one else None
        yield found[0] if found else phrase(turn)
    elif not parts.noun and (found := PLURAL.match(parts.rest)):
        yield found[0]


def things_of(turn: Turn) -> Iterator[str]:
    """For it."""
    parts = asked(turn)
    rest = parts.rest
    if not parts.asks_subject and SUBJECT.match(rest):
        found = BOUNDED.match(rest)
        yield found[0] if found else _known(rest, turn) or _named(rest)
    if found := BOUNDED.search(rest):
        yield found[0]


def places_of(turn: Turn) -> Iterator[str]:
    """For there."""
    short = phrase(turn)
    if asked(turn).asks == "where" and names(f"is {short}"):
        yield re.sub(rf"^(?:{PREPOSITION}) ", "", short)
    yield from places(turn.question)[::-1]
    found = [*places(turn.sentence), *places(turn.title)]
    yield from (name for name in names(turn.question) if name in found)
    yield from found


def _known(rest: str, turn: Turn) -> str:
    """`the steel tariff` take: as far as the answer's sentence or title has it as a noun."""
    found = LEADING.match(rest)
    words = found[1].split() if found else []
    for size in range(1, len(words) + 1):
        noun = rf"\b(?:the|an?|its|his|her|their) (?:[a-z-]+ )?{re.escape(words[size - 1])}\b"
        if re.search(noun, f"{turn.sentence} {turn.title}", re.IGNORECASE):
            return " ".join(["the", *words[:size]])
    return ""


def _named(rest: str) -> str:
    """A name of one word, since one of several is most often a person's."""
    found = re.match(CAPITALS, rest)
    return found[0] if found and " " not in found[0] else ""
