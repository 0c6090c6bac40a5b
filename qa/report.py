"""What an evaluation found: the figures, every question behind them, and gates on the figures."""

import math
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field

from index.errors import InvalidInput
from index.types import Hit
from qa.questions import Question
from qa.types import Span

LOWER_IS_BETTER = frozenset({"ece"})
TEXT_CHARACTERS = 400
"""Of an expected document that are written for each question; it may be a whole article."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question, what was found and what was answered."""

    question: Question
    expected: Mapping[str, str]
    """Document to text, of those that are relevant."""
    ranking: tuple[str, ...] = ()
    """Documents, best first; empty where no document is relevant."""
    hits: tuple[tuple[str, Hit], ...] = ()
    """The first passages, with their documents."""
    span: Span | None = None
    """The best answer, given or withheld; None when answers are not asked for."""
    confidence: float = 0.0
    answered: bool = False
    right: bool = False
    """The best answer lies where a right answer lies."""
    sentence: bool = False
    """And so does the sentence around it."""

    @property
    def text(self) -> str:
        """The answer that was given; "" when it was withheld."""
        return self.span.text if self.span and self.answered else ""

    def to_json(self) -> dict[str, object]:
        """One line of `--per-query`."""
        ranks = {document: rank for rank, document in enumerate(self.ranking, 1)}
        row: dict[str, object] = {
            "id": self.question.id,
            "question": self.question.text,
            "expected": [
                {"id": one, "grade": grade, "rank": ranks.get(one), "text": self._expected(one)}
                for one, grade in self.question.relevant.items()
            ],
            "found": [
                {"rank": ranks.get(document), "id": document, "score": hit.score}
                | {"title": hit.passage.title, "text": hit.passage.text, "parts": dict(hit.parts)}
                for document, hit in self.hits
            ],
        }
        return row | self._answer() if self.question.paragraph else row

    def _expected(self, document: str) -> str:
        return self.expected.get(document, "")[:TEXT_CHARACTERS]

    def _answer(self) -> dict[str, object]:
        return {
            "answers": [one.text for one in self.question.answers],
            "paragraph": self.question.paragraph,
            "removed": self.question.removed,
            "best": self.span.text if self.span else None,
            "confidence": self.confidence,
            "answered": self.answered,
            "right": self.right,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one set under one setting."""

    dataset: str
    setting: str
    mode: str
    metrics: Mapping[str, float]
    queries: int
    """Every question of the set."""
    judged: int
    """Those with a relevant document: the ones that the ranking figures average over."""
    documents: int
    empty: int
    """Documents left out because they have no text."""
    seconds: float
    """To ask all questions; reading and embedding the collection is not in it."""
    models: Mapping[str, str]
    outcomes: tuple[Outcome, ...] = field(default=(), repr=False)

    def to_json(self) -> dict[str, object]:
        """The one object of `--json`."""
        return {
            "dataset": self.dataset,
            "setting": self.setting,
            "mode": self.mode,
            "metrics": dict(self.metrics),
            "queries": self.queries,
            "judged": self.judged,
            "documents": self.documents,
            "empty": self.empty,
            "seconds": self.seconds,
            "models": dict(self.models),
        }

    def per_query(self) -> Iterator[dict[str, object]]:
        """A row a question, in the set's order."""
        for one in self.outcomes:
            yield {"setting": self.setting} | one.to_json()


def gate(report: Report, limits: str) -> list[str]:
    """What falls short of `ndcg@10=0.72,recall@5=0.9`; of `ece` what exceeds it."""
    return missed(report.metrics, limits, LOWER_IS_BETTER)


def missed(metrics: Mapping[str, float], limits: str, lower: Set[str]) -> list[str]:
    """What falls short of its limit; of the `lower`, which are the better for it, what exceeds."""
    return [
        f"{name} is {metrics[name]:.4f}, the gate is {limit:g}"
        for name, limit in parse_gate(limits, metrics).items()
        if (metrics[name] > limit if name in lower else metrics[name] < limit)
    ]


def parse_gate(limits: str, known: Mapping[str, float]) -> dict[str, float]:
    """Metric to limit; raises InvalidInput for an unknown metric or a limit that is no number."""
    parsed: dict[str, float] = {}
    for part in limits.split(","):
        name, _, number = (piece.strip() for piece in part.partition("="))
        if name not in known:
            raise InvalidInput(f"{name!r} is not one of this run's metrics: {', '.join(known)}")
        try:
            parsed[name] = float(number)
        except ValueError:
            raise InvalidInput(f"the gate {part.strip()!r} must be METRIC=NUMBER") from None
        if not math.isfinite(parsed[name]):
            raise InvalidInput(f"the gate {part.strip()!r} must be METRIC=NUMBER")
    return parsed
