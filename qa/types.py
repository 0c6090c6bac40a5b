"""What the question side hands out: spans, answers, search results; and its seams."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from index.types import Hit, Passage


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of an article that answers: `article.text[start:end] == text`."""

    text: str
    passage: Passage
    start: int
    end: int
    sentence: tuple[int, int]
    """The sentence around it, in the article's offsets."""
    score: float
    confidence: float = 0.0
    """Probability in [0, 1] that this is right."""


@dataclass(frozen=True, slots=True)
class Found:
    """The hits of a search, best first; `total` counts the candidates that were compared."""

    question: str
    hits: tuple[Hit, ...]
    total: int
    timing: Mapping[str, float] = field(default_factory=dict)
    """Seconds by stage."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answers to one question, best first; none when the reader abstained."""

    question: str
    spans: tuple[Span, ...]
    found: Found
    confidence: float
    """Of the best span, given or withheld."""
    timing: Mapping[str, float] = field(default_factory=dict)


class Reader(Protocol):
    """Marks the answers in the hits, best first, each with its confidence."""

    @property
    def name(self) -> str:
        """Shown with every answer."""

    @property
    def threshold(self) -> float:
        """The confidence below which an answer is withheld."""

    def read(self, question: str, hits: Sequence[Hit]) -> list[Span]:
        """At most one span a hit, most probable first."""
