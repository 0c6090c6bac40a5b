"""What kind of answer a question asks for, and whether a sentence holds one of that kind.

Cheap patterns for English; they do not choose between passages, they only make an answer more or
less sure.
"""

import re
from typing import Literal

Kind = Literal["number", "time", "person", "place", "reason"]

QUESTIONS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "number",
        re.compile(
            r"\bhow (?:many|much|old|long|far|tall|high|deep|fast|big|large|wide|often|heavy)\b"
            r"|\bwhat (?:percentage|percent|share|proportion|number|amount|fraction)\b"
        ),
    ),
    (
        "time",
        re.compile(
            r"\bwhen\b|\b(?:what|which) (?:year|month|day|date|time|decade|century|season)\b"
        ),
    ),
    ("person", re.compile(r"\bwho(?:m|se)?\b")),
    (
        "place",
        re.compile(
            r"\bwhere\b|\b(?:what|which) (?:city|country|place|state|town|region|area|location"
            r"|county|river|street|continent|village|capital)\b"
        ),
    ),
    ("reason", re.compile(r"\bwhy\b|\bwhat (?:caused|(?:was|is) the reason)\b")),
)
NUMBER = re.compile(
    r"\b(?:\d[\d,.]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty"
    r"|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?"
    r"|dozens?|half|third|quarter|twice|once|several|many|few|no|none|double)\b",
    re.IGNORECASE,
)
TIME = re.compile(
    r"\b(?:1\d{3}|20\d{2}|\d+s|jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?"
    r"|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|(?:mon|tues|wednes"
    r"|thurs|fri|satur|sun)day|today|yesterday|tomorrow|tonight|morning|evening|night|noon"
    r"|midnight|hours?|days?|weeks?|months?|years?|decades?|centur(?:y|ies)|ago|spring|summer"
    r"|autumn|winter|[ap]\.m|mid-\w+)\b",
    re.IGNORECASE,
)
NAME = re.compile(r"(?<![.!?“\"]\s)(?<!^)\b[A-Z][\w’'-]+")
"""A capital inside the sentence, not at its start."""
PLACE = re.compile(
    r"\b(?:in|at|to|from|near|on|into|outside|inside|across|of|through|around|between|off|over"
    r"|under|behind)\s+(?:the\s+|an?\s+)?(?:[a-z]+\s+){0,2}[A-Z]\w+"
)
REASON = re.compile(
    r"\b(?:because|since|due to|owing to|thanks to|as|so that|in order to|to \w+|therefore"
    r"|reasons?|caused?|causes|after|for (?:fear|lack)|led to|means|meant|so \w+ that"
    r"|too \w+ to)\b",
    re.IGNORECASE,
)


ORIGINS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    (
        re.compile(
            r"\bwho (?:took|shot|made|snapped) .*?\b(?:photo|photograph|picture|image)s?\b"
            r"|\bwho photographed\b|\bwhose (?:photo|photograph|picture|image)\b"
            r"|\bwho is the photographer\b",
            re.IGNORECASE,
        ),
        re.compile(
            r"^\W*/ .+ / [A-Z]|\bPHOTO\b|©|\b(?:Photo(?:graph)?|Picture|Image)s?(?: by\b| credit|:)"
            r"|\b(?:REUTERS|AFP|AP|EPA) ?/ ?[A-Z]|[a-z] ?/ ?(?:Reuters|AFP|AP|EPA|Getty)\b"
        ),
    ),
    (
        re.compile(
            r"\bwho (?:wrote|reported) .*?\b(?:article|story|report|piece|text)\b"
            r"|\bwho is the (?:author|reporter|correspondent)\b",
            re.IGNORECASE,
        ),
        re.compile(r"^(?:By|BY) [A-Z]"),
    ),
)
"""What asks for a picture's credit or an article's byline, and the lines that are one."""


WORD = r"[A-Z](?:[\w’'-]*\w|\.)"
FULL_NAME = rf"{WORD}(?: (?:(?:al|el|de|da|van|von|bin)[- ])?{WORD})+"
CREDITED = re.compile(rf"{FULL_NAME}(?:(?:, | and ){FULL_NAME})*")
"""A name of several words, or several such names."""


QUALIFIER = re.compile(
    r"\b(?:(?:(?:well|just|slightly|little) )?(?:more|less|fewer) than|at least|at most|up to"
    r"|as (?:many|much|few|little) as|about|around|approximately|roughly|nearly|almost"
    r"|(?:well |just )?(?:over|under)|close to|an estimated|some|early|late|mid)[ -]$",
    re.IGNORECASE,
)
"""What makes a number or a time that stands behind it another one."""
ARTICLE = re.compile(r"\b(?:an?|the) ", re.IGNORECASE)


def qualified(text: str, start: int) -> int:
    """Where the number or the time that starts here starts with what qualifies it.

    "has killed more than 300,000": the answer to how many is not 300,000.
    """
    article = ARTICLE.match(text, start)
    first = article.end() if article else start
    if not (NUMBER.match(text, first) or TIME.match(text, first)):
        return start
    found = QUALIFIER.search(text, 0, start)
    return found.start() if found else start


def origin(question: str) -> tuple[str, re.Pattern[str]] | None:
    """The part of a question that asks where picture or text come from, and what says so.

    Such a line has none of these words: "/ AFP PHOTO / GEORGE OURFALIAN" says who took the photo.
    """
    for asked, line in ORIGINS:
        if match := asked.search(question):
            return match[0], line
    return None


def credited(line: str) -> tuple[int, int]:
    """The place of the last name in a credit or a byline; the whole line where there is none.

    "/ AFP PHOTO / GEORGE OURFALIAN", "Photo: Ida Rowntree", "By Karam al-Masri in Aleppo".
    """
    found = re.match(r"(?:By|BY) ", line)
    names = list(CREDITED.finditer(line, found.end() if found else 0))
    if not names:
        return 0, len(line)
    return names[0 if found else -1].span()


def expected(question: str) -> Kind | None:
    """The kind of answer that the question's words ask for, where they say it."""
    lowered = question.lower()
    return next((kind for kind, pattern in QUESTIONS if pattern.search(lowered)), None)


def holds(kind: Kind, sentence: str, question: str) -> bool:
    """Whether the sentence has something of that kind; a name must not be the question's own."""
    match kind:
        case "number":
            return bool(NUMBER.search(sentence))
        case "time":
            return bool(TIME.search(sentence))
        case "reason":
            return bool(REASON.search(sentence))
        case "person":
            return _has_other_name(sentence, question)
        case "place":
            return bool(PLACE.search(sentence)) and _has_other_name(sentence, question)


def fits(kind: Kind, text: str, place: tuple[int, int], question: str) -> bool | None:
    """Whether the words at this place of a text are of that kind; None where none can tell."""
    start, end = place
    match kind:
        case "number":
            return bool(NUMBER.search(text, start, end))
        case "time":
            return bool(TIME.search(text, start, end) or NUMBER.search(text, start, end))
        case "person":
            return _has_new_capital(text[start:end], question)
        case "place":
            before = text.rfind(" ", 0, max(start - 1, 0))
            there = any(match.end() > start for match in PLACE.finditer(text, before + 1, end))
            return there and _has_new_capital(text[start:end], question)
        case "reason":
            return None


def _has_new_capital(words: str, question: str) -> bool:
    known = set(re.findall(r"\w+", question.lower()))
    return any(name.lower() not in known for name in re.findall(r"\b[A-Z]\w*", words))


def _has_other_name(sentence: str, question: str) -> bool:
    known = set(re.findall(r"\w+", question.lower()))
    names = (re.split("[’']", name)[0].lower() for name in NAME.findall(sentence))
    return any(name not in known for name in names)
