"""Answers and passages as text for a terminal and as Markdown for a chat."""

import re
import textwrap
from collections.abc import Sequence
from urllib.parse import quote

from api.schemas import AnswerOut, AskResponse, Citation, PassageOut, SearchResponse
from api.schemas_generated import Cited, Generated

COLUMNS = 80
FURTHER = 3
NO_ANSWER = "No answer was found in the articles."
UNDERSTOOD = "Understood as:"
NO_PASSAGE = "No passage was found."
URL_SAFE = ":/?#[]@!$&'*+,;=%~-._"

# CSI and OSC sequences first, as a whole; then what is left of control and direction characters.
ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?)")
CONTROL = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
MARKUP = re.compile(r"([\\`*_{}\[\]()<>#|~&!@])")
LIST_ITEM = re.compile(r"^([-+]|\d+(?=[.)]))")


def plain(text: str) -> str:
    """One line of what can be seen: no control characters, no colours, no reversed text."""
    return " ".join(CONTROL.sub("", ANSI.sub("", text)).split())


def markdown(text: str) -> str:
    """The same, with nothing in it that Markdown would read as markup."""
    escaped = MARKUP.sub(r"\\\1", plain(text))
    return LIST_ITEM.sub(lambda match: _escape_item(match[0]), escaped)


def ask_text(answer: AskResponse) -> str:
    """An answer, where it stands, and what else was found; 80 columns."""
    rewritten = answer.query.rewritten
    read_as = [_fill(f"{UNDERSTOOD} {plain(rewritten)}")] if rewritten else []
    written = _written_text(answer.generated) if answer.generated else []
    if answer.answers:
        best = answer.answers[0]
        *origin, place = _origin(best.citation)
        where = [*origin, f"{place}, confidence {best.confidence:.0%}"]
        sentence = plain(best.citation.sentence.text)
        quoted = [_fill(sentence, "  ")] if sentence != plain(best.text) else []
        lines = "\n".join(_fill(line, "  ") for line in where)
        blocks = [_fill(plain(best.text)), *quoted, lines]
    else:
        blocks = [NO_ANSWER]
    heading, rest = _rest(answer)
    blocks += [heading, *_numbered(rest)] if rest else []
    return "\n\n".join([*read_as, *written, *blocks, *_notes(answer.warnings)]) + "\n"


def search_text(found: SearchResponse) -> str:
    """The passages of a search; 80 columns."""
    blocks = _numbered(found.passages) or [NO_PASSAGE]
    return "\n\n".join([*blocks, *_notes(found.warnings)]) + "\n"


def ask_markdown(answer: AskResponse) -> str:
    """An answer with its source, for a chat."""
    rewritten = answer.query.rewritten
    read_as = [f"{UNDERSTOOD} {markdown(rewritten)}"] if rewritten else []
    written = _written_markdown(answer.generated) if answer.generated else []
    if answer.answers:
        best = answer.answers[0]
        blocks = [_in_bold(best), _link(best.citation)]
    else:
        blocks = [f"**{NO_ANSWER}**"]
    heading, rest = _rest(answer)
    blocks += [heading, *_items(rest)] if rest else []
    return "\n\n".join([*read_as, *written, *blocks, *map(markdown, answer.warnings)]) + "\n"


def search_markdown(found: SearchResponse) -> str:
    """The passages of a search, for a chat."""
    blocks = _items(found.passages) or [NO_PASSAGE]
    return "\n\n".join([*blocks, *map(markdown, found.warnings)]) + "\n"


def _rest(answer: AskResponse) -> tuple[str, list[PassageOut]]:
    """The passages besides the one that answers, with a heading."""
    if not answer.answers:
        return "The closest passages:", answer.passages[:FURTHER]
    shown = answer.answers[0].citation.passage_id
    others = [passage for passage in answer.passages if passage.id != shown]
    return "Also found:", others[:FURTHER]


def _written_text(text: Generated) -> list[str]:
    """A language model's text, whose it is, and what is wrong with it."""
    cited = [_fill(f"[{one.number}] {_origin(one)[0]}", "  ") for one in text.citations]
    whose = "\n".join([f"Written by {plain(text.model)} from the passages:", *cited])
    paragraphs = (_fill(plain(one)) for one in text.text.split("\n\n"))
    return [*paragraphs, whose, *_notes([flag.detail for flag in text.flags])]


def _written_markdown(text: Generated) -> list[str]:
    """The same in Markdown."""
    cited = [f"\\[{one.number}\\] {_link(one)}" for one in text.citations]
    whose = "  \n".join([f"Written by {markdown(text.model)} from the passages:", *cited])
    notes = (markdown(f"Note: {flag.detail}") for flag in text.flags)
    return [*map(markdown, text.text.split("\n\n")), whose, *notes]


def _in_bold(answer: AnswerOut) -> str:
    """The sentence in Markdown, with the answer in bold."""
    cited = answer.citation
    text, low = cited.sentence.text, cited.start - cited.sentence.start
    before, after = text[:low], text[low + len(answer.text) :]
    lead = " " if before[-1:].isspace() else ""
    gap = " " if after[:1].isspace() else ""
    return f"{markdown(before)}{lead}**{markdown(answer.text)}**{gap}{markdown(after)}"


def _origin(cited: Citation | PassageOut | Cited) -> list[str]:
    """Lines: title with source and date; the address; the article's id and the offsets."""
    title, byline = _named(cited)
    head = f"{title} ({byline})" if byline else title
    place = f"{cited.article_id}, characters {cited.start} to {cited.end}"
    return [line for line in (head, plain(cited.url or ""), place) if line]


def _named(cited: Citation | PassageOut | Cited) -> tuple[str, str]:
    date = cited.published_at.date().isoformat() if cited.published_at else ""
    byline = ", ".join(filter(None, (plain(cited.source or ""), date)))
    return plain(cited.title) or "(no title)", byline


def _link(cited: Citation | PassageOut | Cited) -> str:
    label = markdown(", ".join(filter(None, _named(cited))))
    return f"[{label}](<{quote(cited.url, safe=URL_SAFE)}>)" if cited.url else label


def _numbered(passages: Sequence[PassageOut]) -> list[str]:
    return [
        "\n".join(
            [
                _fill(plain(passage.text), f"{number:>3}. "),
                *(_fill(line, " " * 7) for line in _origin(passage)),
            ]
        )
        for number, passage in enumerate(passages, start=1)
    ]


def _items(passages: Sequence[PassageOut]) -> list[str]:
    return [
        f"{number}. {markdown(passage.text)}  \n   {_link(passage)}"
        for number, passage in enumerate(passages, start=1)
    ]


def _notes(warnings: Sequence[str]) -> list[str]:
    return [_fill(plain(f"Note: {warning}")) for warning in warnings]


def _fill(line: str, lead: str = "") -> str:
    return textwrap.fill(
        line,
        COLUMNS,
        initial_indent=lead,
        subsequent_indent=" " * len(lead),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _escape_item(marker: str) -> str:
    return f"{marker}\\" if marker.isdigit() else f"\\{marker}"
