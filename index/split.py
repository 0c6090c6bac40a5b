"""Cuts an article into sentences and passages, with exact offsets into its text.

A passage is whole sentences, up to `PASSAGE_WORDS` words; a sentence never crosses a paragraph.
"""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

VERSION = 1
"""Goes up when the same text would be cut differently, so that cached vectors are not reused."""
PASSAGE_WORDS = 110
PASSAGE_CHARACTERS = 1200
"""As many as the model reads of English; words of other scripts may be longer."""
SENTENCE_CHARACTERS = 800
"""A longer run without a sentence's end is cut at white space (tables, lists, other scripts)."""
WINDOW_CHARACTERS = 20_000
"""Of a paragraph that are looked at together: Punkt stops with an error after five seconds."""
WRAPPED_AT = 100
"""A text whose longest line is shorter is taken to be wrapped: its line ends mean nothing."""

ABBREVIATIONS = frozenset(
    """adm al apr approx assn assoc aug ave blvd bros brig capt cf cmdr co col corp cpl dec dept det
    dist dr e.g e.u est etc feb fig fr fri ft gen gov govt hon i.e inc insp intl jan jr jul jun lt
    ltd maj mar messrs mon mr mrs ms mt nov oct p.m a.m ph.d m.d pres prof pvt rd rep reps rev
    sat sen sens sep sept sgt spc sr st sun supt thu thurs tue tues u.k u.n u.s u.s.a univ v vol
    vs wed d.c j.p""".split()
)
ASCII_QUOTES = str.maketrans("“”„«»‘’‚", '"""""\'\'\'')
"""One character for one, so offsets hold; Punkt knows only these as closing a sentence."""

WORD = re.compile(r"\S+")
PARAGRAPH = re.compile(r"[^\r\n]+(?:\r?\n(?![ \t]*\r?\n)[^\r\n]+)*")
IDEOGRAPHIC = re.compile(r"[^。！？]+[。！？]*[”」』）]*|[。！？]+")
LINE = re.compile(r"[^\r\n]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """The offsets of one passage and of its sentences, half-open, into the article's text."""

    start: int
    end: int
    sentences: tuple[tuple[int, int], ...]


@functools.cache
def _tokenizer() -> Any:
    """Imported when the first article is split: it takes two seconds, and reading needs none."""
    from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer

    parameters = PunktParameters()
    parameters.abbrev_types = set(ABBREVIATIONS)
    return PunktSentenceTokenizer(parameters)


def split(text: str, title: str = "") -> list[Piece]:
    """The passages of an article; the title is left out where the text only repeats it."""
    pieces: list[Piece] = []
    current: list[tuple[int, int]] = []
    words = 0
    for start, end in sentences(text, title):
        count = sum(1 for _ in WORD.finditer(text, start, end))
        full = words + count > PASSAGE_WORDS
        if current and (full or end - current[0][0] > PASSAGE_CHARACTERS):
            pieces.append(Piece(current[0][0], current[-1][1], tuple(current)))
            current, words = [], 0
        current.append((start, end))
        words += count
    if current:
        pieces.append(Piece(current[0][0], current[-1][1], tuple(current)))
    return pieces


def sentences(text: str, title: str = "") -> list[tuple[int, int]]:
    """The sentences of an article in order, none empty, none overlapping."""
    found = [
        piece
        for paragraph in _paragraphs(text, title)
        for window in _windows(text, *paragraph)
        for sentence in _punkt(text, *window)
        for part in _ideographic(text, *sentence)
        for piece in _bounded(text, *part)
    ]
    return found or list(_bounded(text, *_trim(text, 0, len(text))))


def _paragraphs(text: str, title: str) -> Iterator[tuple[int, int]]:
    wrapped = max((len(line) for line in text.splitlines()), default=0) <= WRAPPED_AT
    heading = title.strip()
    leading = bool(heading)
    for line in LINE.finditer(text):
        if leading and line.group().strip().lstrip("# ") == heading:
            continue
        leading = False
        if not wrapped:
            yield line.span()
        elif block := PARAGRAPH.match(text, line.start()):
            yield from _blocks(text, block.start())
            return


def _blocks(text: str, start: int) -> Iterator[tuple[int, int]]:
    return (match.span() for match in PARAGRAPH.finditer(text, start))


def _windows(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The paragraph, or pieces of one that is so long that Punkt would give up on it."""
    while end - start > WINDOW_CHARACTERS:
        cut = text.rfind(" ", start, start + WINDOW_CHARACTERS)
        cut = cut if cut > start else start + WINDOW_CHARACTERS
        yield start, cut
        start = cut
    yield start, end


def _punkt(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Punkt's sentences, put together again where the second cannot be the start of one."""
    block = text[start:end].translate(ASCII_QUOTES)
    pending: tuple[int, int] | None = None
    for low, high in _tokenizer().span_tokenize(block):
        low, high = _trim(text, start + low, start + high)
        if low == high:
            continue
        if pending and _goes_on(text[slice(*pending)], text[low]):
            pending = (pending[0], high)
            continue
        if pending:
            yield pending
        pending = (low, high)
    if pending:
        yield pending


def _ideographic(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A sentence of a script that puts no space after its full stop is cut there."""
    for match in IDEOGRAPHIC.finditer(text, start, end):
        low, high = _trim(text, *match.span())
        if low < high:
            yield low, high


def _goes_on(before: str, first: str) -> bool:
    """Whether the first character goes on with the sentence: "Why?" he said; flat No. 5."""
    return first.islower() or (first.isdigit() and before.endswith((" No.", " Nos.")))


def _bounded(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The range itself, or pieces of it that hold at most the words and characters allowed."""
    low, high, words = start, start, 0
    for word in WORD.finditer(text, start, end):
        if words and (words == PASSAGE_WORDS or word.end() - low > SENTENCE_CHARACTERS):
            yield low, high
            low, words = word.start(), 0
        while word.end() - low > SENTENCE_CHARACTERS:
            yield low, low + SENTENCE_CHARACTERS
            low += SENTENCE_CHARACTERS
        high = word.end()
        words += 1
    if high > low:
        yield low, high


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
