"""What a model reads of a hit: its best sentence, with the sentences around it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from index.types import Hit
from qa.evidence import PRONOUN, Asked, Features
from qa.types import Mark, Window

LENGTH = 300
"""Characters that a window grows to around the best sentence; it has at least that sentence."""
WIDE = 900
"""Characters of the first hit's second window: most passages whole."""
POSSESSIVE = re.compile("(?:His|Her|Their|Its)$")


@dataclass(frozen=True, slots=True)
class Swap:
    """A pronoun that is read as a name in the sentence before; all offsets are the article's."""

    start: int
    end: int
    name: tuple[int, int]
    text: str


@dataclass(frozen=True, slots=True)
class Piece:
    """Some sentences of one hit; `features` are those of every sentence of the passage."""

    hit: Hit
    best: int
    features: Sequence[Features]
    low: int
    high: int
    swap: Swap | None = None

    @property
    def window(self) -> Window:
        """What the model is given."""
        passage, swap = self.hit.passage, self.swap
        end = passage.sentences[self.high - 1][1]
        if swap is None:
            return Window(passage.title, passage.slice(self.start, end))
        before, after = passage.slice(self.start, swap.start), passage.slice(swap.end, end)
        return Window(passage.title, before + swap.text + after)

    @property
    def start(self) -> int:
        """The first character, in the article."""
        return self.hit.passage.sentences[self.low][0]

    @property
    def whole(self) -> Mark:
        """All of the best sentence, for a model that marks nothing."""
        start, end = self.hit.passage.sentences[self.best]
        return Mark(start - self.start, end - self.start + self._grown, 0.0)

    @property
    def _grown(self) -> int:
        return len(self.swap.text) - (self.swap.end - self.swap.start) if self.swap else 0

    @property
    def length(self) -> int:
        """Characters that the model is given."""
        window = self.window
        return len(window.title) + len(window.text)

    def place(self, mark: Mark) -> tuple[int, int]:
        """Where in the article the words are that were marked in the window."""
        start, end = self.start + mark.start, self.start + mark.end
        if self.swap is None:
            return start, end
        last = self.swap.start + len(self.swap.text)
        if self.swap.start <= start and end <= last:
            return self.swap.name
        first = start if start <= self.swap.start else max(start - self._grown, self.swap.start)
        return first, end if end <= self.swap.start else max(end - self._grown, self.swap.end)

    def sentence_of(self, place: int) -> int:
        """The number of the sentence that an offset into the article is in."""
        ends = [end for _, end in self.hit.passage.sentences[self.low : self.high]]
        return self.low + next((i for i, end in enumerate(ends) if place < end), len(ends) - 1)


def pieces(asked: Asked, hits: Sequence[Hit]) -> Iterable[Piece]:
    """Around the best sentence of each hit what stands before it, then what stands after it.

    The first hit is read twice: a model sees the words that answer best in few others, and what
    answers is not always in the best sentence.

    What a pronoun at its start stands for is there in any case, and where the question names it the
    pronoun is read as that name: "He was in Paris" answers where Kerry was.
    """
    for number, hit in enumerate(hits):
        best, features = asked.sentences(hit)
        swap = _swap(asked, hit, best)
        narrow = _around(hit, best, LENGTH)
        yield Piece(hit, best, features, *narrow, swap)
        wide = narrow if number else _around(hit, best, WIDE)
        if wide != narrow:
            yield Piece(hit, best, features, *wide, swap)


def within(found: Iterable[Piece], room: float, question: int) -> Iterable[Piece]:
    """The first of them that fit into so many characters, the question counted with each; one in
    any case."""
    for number, piece in enumerate(found):
        room -= question + piece.length
        if number and room < 0:
            return
        yield piece


def _around(hit: Hit, best: int, length: int) -> tuple[int, int]:
    sentences = hit.passage.sentences
    pronoun = best and PRONOUN.match(hit.passage.slice(*sentences[best]))
    low, high = best - bool(pronoun), best + 1
    while True:
        longer = [(low - 1, high), (low, high + 1)]
        fitting = [
            (a, b)
            for a, b in longer
            if a >= 0 and b <= len(sentences) and sentences[b - 1][1] - sentences[a][0] <= length
        ]
        if not fitting:
            return low, high
        low, high = fitting[0]


def _swap(asked: Asked, hit: Hit, best: int) -> Swap | None:
    passage = hit.passage
    start = passage.sentences[best][0]
    pronoun = PRONOUN.match(passage.slice(*passage.sentences[best]))
    if not best or not pronoun:
        return None
    before, last = passage.sentences[best - 1]
    found = asked.subject(passage.slice(before, last))
    if found is None:
        return None
    name = before + found[0], before + found[1]
    text = passage.slice(*name) + ("’s" if POSSESSIVE.search(pronoun["pronoun"]) else "")
    first, end = pronoun.span("pronoun")
    return Swap(start + first, start + end, name, text)
