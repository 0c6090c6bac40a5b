"""From an answer to the paragraphs that a chat shows: short, and with every source."""

from datetime import datetime

from api.chat.markup import BREAK, Markup, quiet, size
from api.render import NO_ANSWER, UNDERSTOOD, plain
from api.schemas import AnswerOut, AskResponse, Citation, PassageOut

SHOWN = 3
"""Passages in all, with the one that answers."""
FITS = ((600, 240, SHOWN), (300, 120, SHOWN), (60, 60, 1))
"""Characters of each part of a sentence, of a passage, and passages: the first that fits is taken.

The last one fits into every tool's message: three parts of 60 characters, a source of 140 and an
address of 600 stay below 2,000 even where each character needs two more to be escaped.
"""
FURTHER = 400
"""Characters of a passage that was asked for."""
CLOSEST = "The closest passages:"
ALSO = "Also found:"
NOTHING_FURTHER = "There are no further passages."


def paragraphs(answer: AskResponse, markup: Markup) -> list[str]:
    """The answer in its sentence and its source, or that there is none; then the next passages."""
    for part, passage, shown in FITS:
        lines = [*_head(answer, markup, part), *_others(answer, markup, passage, shown)]
        if size(markup.joint.join(lines)) <= markup.most:
            break
    return lines


def further(answer: AskResponse, markup: Markup) -> list[str]:
    """The passages that `paragraphs` left out."""
    left = _ranked(answer)[SHOWN:]
    return [_item(passage, markup, FURTHER) for passage in left] or [markup.safe(NOTHING_FURTHER)]


def clipped(text: str, most: int) -> str:
    """The beginning, to the end of a word."""
    if len(text) <= most:
        return text
    return text[: most - 1].rsplit(" ", 1)[0] + "…"


def _head(answer: AskResponse, markup: Markup, most: int) -> list[str]:
    read_as = answer.query.rewritten
    head = [markup.safe(clipped(f"{UNDERSTOOD} {read_as}", most))] if read_as else []
    if not answer.answers:
        return [*head, markup.bold.format(markup.safe(NO_ANSWER))]
    best = answer.answers[0]
    return [
        *head,
        markup.quote.format(_sentence(best, markup, most)),
        _source(best.citation, markup),
    ]


def _sentence(answer: AnswerOut, markup: Markup, most: int) -> str:
    """The sentence with the answer in bold."""
    cited = answer.citation
    text, low = cited.sentence.text, cited.start - cited.sentence.start
    before, after = text[:low], text[low + len(answer.text) :]
    lead = clipped(plain(before)[::-1], most)[::-1] + " " * before[-1:].isspace()
    middle = clipped(plain(answer.text), most)
    rest = " " * after[:1].isspace() + clipped(plain(after), most)
    left, right = _border(lead, middle), _border(middle, rest)
    bold = markup.bold.format(markup.safe(middle))
    return f"{markup.safe(lead)}{left}{bold}{right}{markup.safe(rest)}".strip()


def _border(left: str, right: str) -> str:
    """A space as it was; a break where the two would make a mention or link together.

    Nowhere else: next to punctuation, Markdown's bold needs punctuation or a space.
    """
    if " " in (left[-1:], right[:1]):
        return " "
    return BREAK if quiet(left + right) != quiet(left) + quiet(right) else ""


def _others(answer: AskResponse, markup: Markup, most: int, shown: int) -> list[str]:
    ranked = _ranked(answer)[1 if answer.answers else 0 : shown]
    if not ranked:
        return []
    heading = markup.safe(ALSO if answer.answers else CLOSEST)
    return [heading, *(_item(passage, markup, most) for passage in ranked)]


def _ranked(answer: AskResponse) -> list[PassageOut]:
    """The passages, first the one that answers."""
    shown = answer.answers[0].citation.passage_id if answer.answers else ""
    return sorted(answer.passages, key=lambda passage: passage.id != shown)


def _item(passage: PassageOut, markup: Markup, most: int) -> str:
    return f"• {markup.safe(clipped(plain(passage.text), most))} ({_source(passage, markup)})"


def _source(cited: Citation | PassageOut, markup: Markup) -> str:
    named = (clipped(plain(cited.title), 80), clipped(plain(cited.source or ""), 40))
    label = ", ".join(filter(None, (*named, _date(cited.published_at)))) or "no title"
    return markup.linked(label, cited.url)


def _date(moment: datetime | None) -> str:
    return moment.date().isoformat() if moment else ""
