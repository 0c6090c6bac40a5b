"""From an answer to a message of a chat: its sentence with marks, the sources, and their places."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from api.openai_markdown import escaped
from api.render import NO_ANSWER, UNDERSTOOD, URL_SAFE, plain
from api.schemas import AnswerOut, AskResponse, Citation, PassageOut
from api.schemas_openai_out import Annotation, Source, UrlCitation

SOURCES = 3
"""The most that are listed."""
BYTES_A_TOKEN = 4

Piece = str | int
"""Markdown, or the number of a source that is cited there."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a client of OpenAI's shows: Markdown, where its marks stand, and what they lead to."""

    content: str
    annotations: list[Annotation]
    citations: list[Source]


def quotation(answer: AskResponse, site: str) -> Reply:
    """The answer in its sentence, or the closest passages; `site` is where articles are read."""
    if answer.answers:
        best = answer.answers[0]
        places = [best.citation, *best.also][:SOURCES]
        sources = [cited(number, place, site) for number, place in enumerate(places, start=1)]
        pieces: list[Piece] = [in_bold(best), " ", *(one.number for one in sources)]
    else:
        sources = passages(answer, site)[:SOURCES]
        pieces = [NO_ANSWER, *(_closest(sources) if sources else ())]
    return assembled(pieces, sources)


def understood(answer: AskResponse) -> str:
    """How the question was completed, as a paragraph; nothing where it was asked as it stood."""
    rewritten = answer.query.rewritten
    return f"{UNDERSTOOD} {escaped(rewritten)}\n\n" if rewritten else ""


def behind(lead: str, said: Reply) -> Reply:
    """The message with a paragraph before it, and its marks where they stand then."""
    places = [_moved(one, len(lead)) for one in said.annotations]
    return replace(said, content=lead + said.content, annotations=places)


def assembled(pieces: Sequence[Piece], sources: Sequence[Source]) -> Reply:
    """Markdown with the marks set, and the list of the sources below it."""
    content, annotations = "", []
    by_number = {one.number: one for one in sources}
    for piece in pieces:
        start = len(content)
        content += piece if isinstance(piece, str) else f"[{piece}]"
        if isinstance(piece, int):
            annotations.append(annotation(by_number[piece], start, len(content)))
    return Reply(content + listed(sources), annotations, list(sources))


def listed(sources: Sequence[Source]) -> str:
    """What stands below a message: its sources, with links."""
    lines = "\n".join(f"- [{one.number}] {_link(one)}" for one in sources)
    return f"\n\nSources:\n\n{lines}" if sources else ""


def passages(answer: AskResponse, site: str) -> list[Source]:
    """The passages as sources, the best first."""
    return [_found(number, one, site) for number, one in enumerate(answer.passages, start=1)]


def tokens(text: str) -> int:
    """About as many as a language model would count: one for four bytes of UTF-8."""
    return -(-len(text.encode()) // BYTES_A_TOKEN)


def _closest(sources: Sequence[Source]) -> Iterator[Piece]:
    yield " The closest passages:"
    for one in sources:
        yield f"\n\n{escaped(one.quote)} "
        yield one.number


def in_bold(answer: AnswerOut) -> str:
    """The sentence in Markdown, with the answer in bold."""
    cited = answer.citation
    text, low = cited.sentence.text, cited.start - cited.sentence.start
    before, after = text[:low], text[low + len(answer.text) :]
    lead = " " if before[-1:].isspace() else ""
    gap = " " if after[:1].isspace() else ""
    return f"{escaped(before)}{lead}**{escaped(answer.text)}**{gap}{escaped(after)}"


def _link(source: Source) -> str:
    date = source.published_at.date().isoformat() if source.published_at else ""
    parts = filter(None, (plain(source.title), plain(source.source or ""), date))
    label = escaped(", ".join(parts)) or source.article_id
    return f"[{_balanced(label)}](<{source.url}>)"


def _balanced(label: str) -> str:
    """A link's text must not hold brackets that do not close."""
    return label.replace("[", "&#91;").replace("]", "&#93;")


def _moved(one: Annotation, by: int) -> Annotation:
    place = one.url_citation
    moved = {"start_index": place.start_index + by, "end_index": place.end_index + by}
    return Annotation(url_citation=place.model_copy(update=moved))


def annotation(source: Source, start: int, end: int) -> Annotation:
    title = plain(source.title) or source.article_id
    found = UrlCitation(start_index=start, end_index=end, title=title, url=source.url)
    return Annotation(url_citation=found)


def cited(number: int, cited: Citation, site: str) -> Source:
    return Source(
        number=number,
        article_id=cited.article_id,
        passage_id=cited.passage_id,
        start=cited.start,
        end=cited.end,
        quote=cited.quote.exact,
        title=cited.title,
        source=cited.source,
        url=_address(cited, site),
        published_at=cited.published_at,
    )


def _found(number: int, passage: PassageOut, site: str) -> Source:
    return Source(
        number=number,
        article_id=passage.article_id,
        passage_id=passage.id,
        start=passage.start,
        end=passage.end,
        quote=passage.text,
        title=passage.title,
        source=passage.source,
        url=_address(passage, site),
        published_at=passage.published_at,
    )


def _address(cited: Citation | PassageOut, site: str) -> str:
    """The article's own, where a browser may be sent there; else our page, at this place."""
    if cited.url and cited.url.lower().startswith(("http://", "https://")):
        return quote(cited.url, safe=URL_SAFE)
    return f"{site}/?article={cited.article_id}&at={cited.start}-{cited.end}"
