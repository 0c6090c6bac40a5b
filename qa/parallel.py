"""`what about Paris?`: the last question once more, with X in place of what is like it there."""

import re

from qa.mentions import CALENDAR, CAPITAL, CAPITALS, names
from qa.phrasing import ASKS, AUXILIARIES, PREPOSITION

ABOUT = re.compile(r"(?:(?:and|but|or|so) )?(?:what|how) about (.+)", re.IGNORECASE)
AND = re.compile(r"(?:and|but|or) (.+)", re.IGNORECASE)
LONGEST = 8
"""Words of X."""
OPENING = re.compile(rf"(?:{PREPOSITION}|above|inside|outside) ", re.IGNORECASE)
NOUN = re.compile(rf"the {CAPITALS}(?: [a-z-]+)?")
PAIR = re.compile(rf"{CAPITALS} and {CAPITALS}")
DATE = re.compile(
    rf"\b(?:\d{{1,2}} )?(?:{'|'.join(sorted(CALENDAR))})\b(?: \d+)?|\b\d{{4}}\b", re.IGNORECASE
)

Place = tuple[int, int]


def named_alone(text: str) -> str:
    """The X of a question that only names something else, or nothing."""
    about = ABOUT.fullmatch(text)
    found = about or AND.fullmatch(text)
    x = found[1] if found else ""
    asks = ASKS.match(x) or x.partition(" ")[0].lower() in AUXILIARIES
    return "" if len(x.split()) > LONGEST or (asks and not about) else x


def exchanged(question: str, x: str, *, small: bool) -> str:
    """The question, which ends without its mark, with X in it; nothing where X has no like.

    `small` says that who asks writes names in small letters.
    """
    opening = OPENING.match(x)
    preposition = opening[0].lower() if opening else ""
    bare = x[len(preposition) :]
    if DATE.fullmatch(bare):
        found = [match.span() for match in DATE.finditer(question)]
    elif not (re.search(rf"\b{CAPITAL}", bare) or ((small or preposition) and " " not in bare)):
        return ""
    else:
        found = _like(question, bare)
    after = [place for place in found if question[: place[0]].lower().endswith(f" {preposition}")]
    if after:
        start, end = after[-1]
        return f"{question[:start]}{bare}{question[end:]}"
    return f"{question} {x}" if preposition else ""


def _like(question: str, bare: str) -> list[Place]:
    """Where what is like X stands, the best place last."""
    if PAIR.fullmatch(bare) and (pair := PAIR.search(question)):
        return [pair.span()]
    known = names(question)
    found = [
        match for match in re.finditer(rf"({CAPITALS})([’']s\b)?", question) if match[1] in known
    ]
    if bare.endswith(("'s", "’s")):
        return [match.span() for match in found if match[2]]
    if bare.startswith("the "):
        nouns = [match.span() for match in NOUN.finditer(question)]
        return nouns or [match.span(1) for match in found]
    # Somebody's full name stands for another one, where there is one.
    full = [match for match in found if " " in match[1] and " " in bare]
    return [match.span(1) for match in full or found]
