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
    also: "tuple[Span, ...]" = ()
    """The same answer in other articles."""


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


@dataclass(frozen=True, slots=True)
class Turn:
    """A question of a conversation, as it was searched for, and its answer; "" where none is."""

    question: str
    answer: str = ""
    sentence: str = ""
    """The whole one around the answer."""
    title: str = ""
    """Of the article that it stands in."""


@dataclass(frozen=True, slots=True)
class Window:
    """A piece of an article that a model reads at once; the title only helps to understand it."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A span of a window; the score is above 0 where it is more likely than no answer."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model says of one window."""

    relevance: float
    """How well the window answers the question, as a logit."""
    marks: tuple[Mark, ...] | None
    """Spans that do not overlap, best first; None from a model that only ranks."""


class SpanModel(Protocol):
    """Reads windows of text for one question."""

    @property
    def name(self) -> str:
        """Shown with every answer."""

    def read(self, question: str, windows: Sequence[Window]) -> list[Reading]:
        """One reading a window, in their order."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a reader makes of the hits."""

    spans: tuple[Span, ...]
    """Answers, most probable first, each with its confidence."""
    hits: tuple[Hit, ...]
    """The same hits, in the order that reading them gives."""


class Reader(Protocol):
    """Marks the answers in the hits, and puts these in a better order."""

    @property
    def name(self) -> str:
        """Shown with every answer."""

    @property
    def threshold(self) -> float:
        """The confidence below which an answer is withheld."""

    def read(self, question: str, hits: Sequence[Hit], *, budget_ms: float | None = None) -> Read:
        """Look for answers, in about as much time; None leaves the time to the reader."""

    def evidence(self, question: str, hits: Sequence[Hit]) -> "list[tuple[Span, dict[str, float]]]":
        """Every answer there is, with what speaks for it: the features of its confidence."""
