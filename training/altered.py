"""Questions that were altered so that the passage they were asked about answers them no more.

People who write such questions swap a name, a number or a word for its opposite (Rajpurkar et al.
2018, arXiv 1806.03822, table 1); this does the same to questions that have an answer.
"""

import random
import re
from collections.abc import Iterable

NAME = re.compile(r"(?<=[\w,;] )[A-Z][\w’'-]{2,}(?: [A-Z][\w’'-]+)*")
"""Capitalised words that begin no sentence."""
NUMBER = re.compile(r"\b\d[\d,.]*\b")
OPPOSITES = (
    *("east west", "eastern western", "north south", "northern southern", "left right"),
    *("first last", "largest smallest", "biggest smallest", "highest lowest", "longest shortest"),
    *("most least", "more fewer", "maximum minimum", "best worst", "oldest youngest"),
    *("before after", "start end", "began ended", "opened closed", "early late"),
    *("win lose", "won lost", "buy sell", "bought sold", "import export", "rise fall"),
    *("increase decrease", "increased decreased", "above below", "inside outside"),
    *("men women", "man woman", "father mother", "son daughter", "brother sister", "male female"),
    *("summer winter", "morning evening", "arrive leave", "positive negative"),
    *("supported opposed", "allowed forbidden", "accepted rejected"),
)
OPPOSITE = dict(
    pair for one, other in map(str.split, OPPOSITES) for pair in ((one, other), (other, one))
)


def names(texts: Iterable[str]) -> list[str]:
    """Every name in these texts, and as often as it is there."""
    return [found[0] for text in texts for found in NAME.finditer(text)]


def altered(question: str, window: str, known: list[str], chance: random.Random) -> str | None:
    """The question with one thing changed that this window says; None where there is nothing.

    `known` are the names that may take the place of another.
    """
    said, found = window.lower(), []
    for name in sorted(set(names([window]))) if known else ():
        found += [(one, chance.choice(known)) for one in _places(re.escape(name), question)]
    for one in NUMBER.finditer(question):
        if one[0] in window:
            digit = chance.choice([digit for digit in "123456789" if digit != one[0][-1]])
            found.append((one, one[0][:-1] + digit))
    for one in _places("[a-z]+", question):
        if one[0] in OPPOSITE and re.search(rf"\b{one[0]}\b", said):
            found.append((one, OPPOSITE[one[0]]))
    if not found:
        return None
    place, other = chance.choice(found)
    if re.search(rf"\b{re.escape(other.lower())}\b", said):
        return None
    other = other.lower() if place[0].islower() else other
    return question[: place.start()] + other + question[place.end() :]


def _places(pattern: str, question: str) -> Iterable[re.Match[str]]:
    return re.finditer(rf"\b(?:{pattern})\b", question, re.IGNORECASE)
