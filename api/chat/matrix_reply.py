"""From an answer to what Matrix shows: plain text, and the same in HTML."""

import html
import re
from collections.abc import Callable

from api.render import NO_ANSWER, plain
from api.schemas import AnswerOut, AskResponse, Citation, PassageOut

FURTHER = 2
"""Passages besides the one that answers."""
PASSAGE = 240
"""Characters of each of them."""
BREAK = "\u200b"
"""Takes no space, and keeps clients from making a link or a mention of what stands around it."""
ACTIVE = re.compile(r"@|[#!](?=\w)|/(?=/)|(?<=\w)\.(?=[^\W\d_]{2})")

Written = tuple[str, str]
"""Text and HTML."""


def written(answer: AskResponse) -> Written:
    """An answer in its sentence, with its source, or that there is none; then further passages."""
    head = _answered(answer.answers[0]) if answer.answers else [_bold(NO_ANSWER)]
    shown = answer.answers[0].citation.passage_id if answer.answers else ""
    others = [passage for passage in answer.passages if passage.id != shown][:FURTHER]
    lines = [*head, *map(_item, others)]
    return "\n\n".join(text for text, _ in lines), "".join(f"<p>{line}</p>" for _, line in lines)


def said(text: str) -> Written:
    """Words of our own, or about a question."""
    return _safe(text), f"<p>{html.escape(_safe(text))}</p>"


def _answered(best: AnswerOut) -> list[Written]:
    cited = best.citation
    text, low = cited.sentence.text, cited.start - cited.sentence.start
    high = low + len(best.text)
    parts = (_marked(text[:low], str), _marked(best.text, _strong), _marked(text[high:], str))
    source_text, source_html = _source(cited)
    sure = f", {best.confidence:.0%} sure"
    sentence = ("".join(part[0] for part in parts), "".join(part[1] for part in parts))
    return [sentence, (source_text + sure, source_html + sure)]


def _marked(text: str, mark: Callable[[str], str]) -> Written:
    """A part of a sentence with the spaces at its ends."""
    first = " " if text[:1].isspace() else ""
    last = " " if text[-1:].isspace() and text.strip() else ""
    safe = _safe(text)
    return f"{first}{safe}{last}", f"{first}{mark(html.escape(safe))}{last}"


def _strong(text: str) -> str:
    return f"<strong>{text}</strong>"


def _bold(text: str) -> Written:
    return text, _strong(html.escape(text))


def _item(passage: PassageOut) -> Written:
    text = plain(passage.text)
    short = _safe(text if len(text) <= PASSAGE else text[:PASSAGE].rsplit(" ", 1)[0] + " …")
    source_text, source_html = _source(passage)
    return f"• {short} ({source_text})", f"• {html.escape(short)} ({source_html})"


def _source(cited: Citation | PassageOut) -> Written:
    """Title, publisher and date; a link where the article has an address on the web."""
    date = cited.published_at.date().isoformat() if cited.published_at else ""
    label = ", ".join(filter(None, (_safe(cited.title), _safe(cited.source or ""), date)))
    label = label or "no title"
    url = plain(cited.url or "")
    if not url.startswith(("http://", "https://")):
        return label, html.escape(label)
    return f"{label}: {url}", f'<a href="{html.escape(url)}">{html.escape(label)}</a>'


def _safe(text: str) -> str:
    return ACTIVE.sub(lambda found: found[0] + BREAK, plain(text))
