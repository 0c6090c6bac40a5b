"""Checks a text that a language model wrote against the passages that it was given."""

import re
from collections.abc import Iterable, Iterator, Sequence

from api.schemas import PassageOut
from api.schemas_generated import Cited, Flag

MARK = re.compile(r"\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]")
"""`[1]` or `[1, 3]`; a year in brackets is none."""
MARKS = re.compile(rf"(?:{MARK.pattern}\s*)+")
QUOTED = re.compile(
    "“(?P<a>[^”]+)(?:”|$)"
    '|"(?P<b>[^"]+)(?:"|$)'
    "|«(?P<c>[^»]+)(?:»|$)"
    "|„(?P<d>[^“”]+)(?:[“”]|$)"
    r"|‘(?P<e>.+?)’(?!\w)"
    r"|(?<!\w)'(?=\S)(?P<f>.+?)(?<=\S)'(?!\w)",
    re.DOTALL,
)
"""What was opened and not closed goes on to the end, so that it cannot pass unchecked."""
LINK = re.compile(r"https?://\S+|\bwww\.\S+", re.IGNORECASE)
STRAIGHT = str.maketrans("“”„«»‘’‹›", '"""""\'\'<>')
AROUND = " \n\t,.;:!?…"
"""What a writer's own sentence may put at the edge of a quotation."""


def flags(text: str, passages: Sequence[PassageOut]) -> list[Flag]:
    """All that the passages do not bear out; they are numbered from 1."""
    return [*_citations(text, len(passages)), *_quotes(text, passages), *_links(text)]


def cited(text: str, passages: Sequence[PassageOut]) -> list[Cited]:
    """The passages that the text cites, by number."""
    wanted = set(numbers(text))
    return [
        Cited(number=number, passage_id=passage.id, **passage.model_dump(include=KEPT))
        for number, passage in enumerate(passages, start=1)
        if number in wanted
    ]


KEPT = set(Cited.model_fields) - {"number", "passage_id"}


def numbers(text: str) -> list[int]:
    """What stands in the text's marks, in order."""
    return [int(one) for mark in MARK.finditer(text) for one in re.findall(r"\d+", mark[1])]


def _citations(text: str, count: int) -> Iterator[Flag]:
    found = numbers(text)
    for number in sorted({one for one in found if not 1 <= one <= count}):
        yield Flag(code="citation_unknown", detail=f"[{number}] stands for no passage")
    if not any(1 <= one <= count for one in found):
        yield Flag(code="uncited", detail="the text cites no passage")


def _quotes(text: str, passages: Sequence[PassageOut]) -> Iterator[Flag]:
    texts = [_comparable(f"{one.title}\n{one.text}") for one in passages]
    for match in QUOTED.finditer(text):
        quote = next(filter(None, match.groups()))
        holds = [_comparable(quote).strip(AROUND) in one for one in texts]
        meant = [one for one in _following(text, match.end()) if 1 <= one <= len(texts)]
        if any(holds[one - 1] for one in meant) or (not meant and any(holds)):
            continue
        there = _listed(place for place, held in enumerate(holds, start=1) if held)
        where = _listed(meant) or "any passage"
        if there:
            yield Flag(code="quote_elsewhere", detail=f"“{quote}” stands in {there}, not {where}")
        else:
            yield Flag(code="quote_not_found", detail=f"“{quote}” does not stand in {where}")


def _links(text: str) -> Iterator[Flag]:
    for link in LINK.findall(text):
        yield Flag(code="link", detail=f"{link} was written by the model; do not trust it")


def _following(text: str, place: int) -> list[int]:
    """The numbers of the first marks after a place, in the same paragraph."""
    end = text.find("\n", place)
    marks = MARKS.search(text, place, len(text) if end < 0 else end)
    return numbers(marks[0]) if marks else []


def _listed(found: Iterable[int]) -> str:
    return "".join(f"[{one}]" for one in found)


def _comparable(text: str) -> str:
    """The same words whichever way quotation marks and white space are written."""
    return " ".join(text.translate(STRAIGHT).split())
