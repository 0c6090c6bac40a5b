"""A chat's message that a language model writes, and the quoted answer where it fails."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace

from api import grounding
from api.generate import Unwritten, Writer, writing
from api.openai_markdown import escaped, words
from api.openai_reply import (
    Reply,
    annotation,
    assembled,
    cited,
    in_bold,
    listed,
    passages,
    quotation,
)
from api.schemas import AskResponse
from api.schemas_generated import Flag
from api.schemas_openai_out import Annotation, Source
from api.telling import Telling


def quoted(answer: AskResponse, site: str) -> Generator[str, None, Reply]:
    """The answer in its sentence, a line at a time."""
    said = quotation(answer, site)
    yield from said.content.splitlines(keepends=True)
    return said


def written(
    answer: AskResponse, site: str, writer: Writer, *, live: bool
) -> Generator[str, None, Reply]:
    """The model's text, as it comes or, unless it is `live`, once it is there as a whole."""
    said = ""
    try:
        telling = Telling(writing(answer, writer))
        for word in words(telling) if live else list(words(telling)):
            said += word
            yield word
        reply = _checked(said, telling.value.flags, passages(answer, site))
    except Unwritten as error:
        reply = _instead(said, answer, site, why=escaped(f"{error}; this is quoted instead"))
    # What follows the model's own words is all there already.
    yield from reply.content[len(said) :].splitlines(keepends=True)
    return reply


def _checked(text: str, flags: Sequence[Flag], found: Sequence[Source]) -> Reply:
    """The text, what is wrong with it, and the sources that it names; all, where it names none."""
    named = set(grounding.numbers(text))
    sources = [one for one in found if one.number in named]
    notes = "".join(f"\n\nNote: {escaped(flag.detail)}." for flag in flags)
    below = notes + listed(sources or found)
    return Reply(text + below, list(_annotations(text, sources)), list(sources or found))


def _annotations(text: str, sources: Sequence[Source]) -> Iterator[Annotation]:
    for mark in grounding.MARK.finditer(text):
        named = grounding.numbers(mark[0])
        yield from (annotation(one, *mark.span()) for one in sources if one.number in named)


def _instead(said: str, answer: AskResponse, site: str, *, why: str) -> Reply:
    """The quoted answer, after what the model had said by then."""
    if not said:
        whole = quotation(answer, site)
        return replace(whole, content=f"{whole.content}\n\nNote: {why}.")
    best, found = answer.answers[0], passages(answer, site)
    # Numbered like the passages, as the marks in the broken text are.
    places = (one.number for one in found if one.passage_id == best.citation.passage_id)
    number = next(places, len(found) + 1)
    named = {*grounding.numbers(said)} - {number}
    sources = [one for one in found if one.number in named]
    sources = sorted([*sources, cited(number, best.citation, site)], key=lambda one: one.number)
    return assembled([f"{said}…\n\nNote: {why}.\n\n{in_bold(best)} ", number], sources)
