"""SpanReader: a model marks the words that answer, in windows around the evidence."""

import math
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.corpus import Corpus
from index.types import Hit
from qa.calibrate import SENTENCE, Calibration
from qa.evidence import Asked, Features, margin
from qa.expect import credited, origin, qualified
from qa.metrics import normalise
from qa.read import SentenceReader, distinct
from qa.types import Mark, Read, Reading, Span, SpanModel
from qa.windows import Piece, pieces, within

ROOM = 1500
"""Characters that are read for one question, counting the question and the title each time."""
RERANKED = 0.25
"""What a passage gains in score where the model is sure that it answers."""
PRONOUNS = frozenset(
    "he she it they him her them his hers its their theirs who which that this these those".split()
)
"""What says nothing as an answer."""
CLIP = 12.0
"""Logits beyond are taken for this."""


class SpanReader:
    """Reads the best windows of the best hits, all in one pass of its model."""

    def __init__(self, corpus: Corpus, model: SpanModel, calibration: Calibration) -> None:
        self._corpus = corpus
        self._sentences = SentenceReader(corpus, Calibration.load(SENTENCE))
        self._model = model
        self._calibration = calibration
        self._pace = 0.0  # milliseconds a character, of the last question

    @property
    def name(self) -> str:
        """The model's."""
        return self._model.name

    @property
    def threshold(self) -> float:
        """The confidence below which an answer is withheld."""
        return self._calibration.threshold

    def read(self, question: str, hits: Sequence[Hit], *, budget_ms: float | None = None) -> Read:
        """Answers that differ, most probable first; hits are reordered by what was read in them."""
        if source := origin(question):
            return self._credits(question, hits, line=source[1])
        pieces, readings, asked = self._readings(question, hits, budget_ms)
        spans = [span for span, _ in self._spans(asked, pieces, readings)]
        return Read(distinct(spans), reranked(hits, pieces, readings))

    def _credits(self, question: str, hits: Sequence[Hit], *, line: re.Pattern[str]) -> Read:
        """The name in a picture's credit or a byline, which no model has learnt to read."""
        read = self._sentences.read(question, hits)
        spans = []
        for span in read.spans:
            start, end = credited(span.text) if line.search(span.text) else (0, len(span.text))
            text, first = span.text[start:end], span.start + start
            spans.append(replace(span, text=text, start=first, end=first + len(text)))
        return Read(tuple(spans), read.hits)

    def evidence(self, question: str, hits: Sequence[Hit]) -> list[tuple[Span, Features]]:
        """Every span that was marked, with what speaks for it."""
        pieces, readings, asked = self._readings(question, hits, None)
        return self._spans(asked, pieces, readings)

    def _readings(
        self, question: str, hits: Sequence[Hit], budget_ms: float | None
    ) -> tuple[list[Piece], list[Reading], Asked]:
        asked = Asked(question, self._corpus.lexical)
        room = ROOM if budget_ms is None or not self._pace else budget_ms / self._pace
        found = list(within(pieces(asked, hits), room, len(question)))
        start = time.perf_counter()
        readings = self._model.read(question, [piece.window for piece in found])
        size = sum(len(question) + piece.length for piece in found)
        if size:
            self._pace = (time.perf_counter() - start) * 1000 / size
        return found, readings, asked

    def _spans(
        self, asked: Asked, found: Sequence[Piece], readings: Sequence[Reading]
    ) -> list[tuple[Span, Features]]:
        able = [one.hit for one in found if one.features[one.best]["expected"] >= 0]
        marked = [
            _Marked(piece, reading, mark, normalise(piece.window.text[mark.start : mark.end]))
            for piece, reading in zip(found, readings, strict=True)
            for mark in ((piece.whole,) if reading.marks is None else reading.marks)
        ]
        marked = [one for one in marked if one.words not in PRONOUNS]
        spans = []
        for one in marked:
            features = _features(asked, one, marked) | {"margin": margin(one.piece.hit, able)}
            confidence = self._calibration.confidence(features) if asked.about_something else 0.0
            spans.append((_span(one, confidence), features))
        return spans


@dataclass(frozen=True, slots=True)
class _Marked:
    """Words that a model marked in one window."""

    piece: Piece
    reading: Reading
    mark: Mark
    words: str

    @property
    def score(self) -> float:
        return self.reading.relevance if self.reading.marks is None else self.mark.score


def _span(marked: _Marked, confidence: float) -> Span:
    """The words where they stand in the article, with what qualifies them."""
    piece, passage = marked.piece, marked.piece.hit.passage
    start, end = piece.place(marked.mark)
    start = passage.start + qualified(passage.text, start - passage.start)
    first, last = piece.sentence_of(start), piece.sentence_of(end - 1)
    return Span(
        text=passage.slice(start, end),
        passage=passage,
        start=start,
        end=end,
        sentence=(passage.sentences[first][0], passage.sentences[last][1]),
        score=piece.hit.score,
        confidence=confidence,
    )


def _features(asked: Asked, marked: _Marked, others: Sequence[_Marked]) -> Features:
    """All of `qa.calibrate.MARKED_FEATURES` but the margin of the passage."""
    piece, mark = marked.piece, marked.mark
    sentence = piece.features[piece.sentence_of(piece.place(mark)[0])]
    inside = [one.score for one in others if one.piece is piece and one is not marked]
    outside = [
        one.score for one in others if one.piece.hit is not piece.hit and one.words != marked.words
    ]
    return {
        "score": piece.hit.score,
        "sentence_coverage": sentence["sentence_coverage"],
        "names": sentence["names"],
        "span": _clipped(marked.score),
        "inside": _clipped(marked.score - max(inside, default=0.0)),
        "outside": _clipped(marked.score - max(outside, default=0.0)),
        "relevance": _clipped(marked.reading.relevance),
        "kind": asked.kind_of(piece.window.text, (mark.start, mark.end)),
    }


def reranked(
    hits: Sequence[Hit], pieces: Sequence[Piece], readings: Sequence[Reading]
) -> tuple[Hit, ...]:
    """The hits with what was read in them, best first."""
    read: dict[int, dict[str, float]] = {}
    for piece, reading in zip(pieces, readings, strict=True):
        best = max((mark.score for mark in reading.marks or ()), default=reading.relevance)
        own = {"relevance": reading.relevance, "span": best}
        known = read.setdefault(piece.hit.passage.id, own)
        read[piece.hit.passage.id] = {name: max(known[name], own[name]) for name in own}
    found = []
    for hit in hits:
        if parts := read.get(hit.passage.id):
            gain = RERANKED / (1 + math.exp(-_clipped(parts["relevance"])))
            hit = replace(hit, score=hit.score + gain, parts={**hit.parts, **parts})
        found.append(hit)
    return tuple(sorted(found, key=lambda one: -one.score))


def _clipped(logit: float) -> float:
    return max(-CLIP, min(CLIP, logit))
