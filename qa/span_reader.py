"""SpanReader: a model marks the words that answer, in windows around the evidence."""

import math
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from index.corpus import Corpus
from index.types import Hit
from qa.calibrate import SENTENCE, Calibration
from qa.evidence import PRONOUN, Asked, Features, margin
from qa.expect import credited, origin, qualified
from qa.metrics import normalise
from qa.read import SentenceReader, distinct
from qa.types import Mark, Read, Reading, Span, SpanModel, Window

ROOM = 1500
"""Characters that are read for one question, counting the question and the title each time."""
WINDOW = 300
"""Characters that a window grows to around the best sentence; it has at least that sentence."""
RERANKED = 0.25
"""What a passage gains in score where the model is sure that it answers."""
CLIP = 12.0
"""Logits beyond are taken for this."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some sentences of one hit; `features` are those of every sentence of the passage."""

    hit: Hit
    best: int
    features: Sequence[Features]
    low: int
    high: int

    @property
    def window(self) -> Window:
        passage = self.hit.passage
        return Window(passage.title, passage.slice(self.start, passage.sentences[self.high - 1][1]))

    @property
    def start(self) -> int:
        return self.hit.passage.sentences[self.low][0]

    def sentence_of(self, place: int) -> int:
        """The number of the sentence that an offset into the article is in."""
        ends = [end for _, end in self.hit.passage.sentences[self.low : self.high]]
        return self.low + next((i for i, end in enumerate(ends) if place < end), len(ends) - 1)


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
    ) -> tuple[list[_Piece], list[Reading], Asked]:
        asked = Asked(question, self._corpus.lexical)
        room = ROOM if budget_ms is None or not self._pace else budget_ms / self._pace
        pieces = list(_within(_pieces(asked, hits), room, len(question)))
        start = time.perf_counter()
        readings = self._model.read(question, [piece.window for piece in pieces])
        size = sum(_cost(piece, len(question)) for piece in pieces)
        if size:
            self._pace = (time.perf_counter() - start) * 1000 / size
        return pieces, readings, asked

    def _spans(
        self, asked: Asked, pieces: Sequence[_Piece], readings: Sequence[Reading]
    ) -> list[tuple[Span, Features]]:
        able = [one.hit for one in pieces if one.features[one.best]["expected"] >= 0]
        marked = [
            (piece, reading, mark, _words(piece, mark))
            for piece, reading in zip(pieces, readings, strict=True)
            for mark in ((_whole(piece, reading),) if reading.marks is None else reading.marks)
        ]
        found = []
        for piece, reading, mark, words in marked:
            start = piece.start + qualified(piece.window.text, mark.start)
            end = piece.start + mark.end
            place, last = piece.sentence_of(start), piece.sentence_of(end - 1)
            rivals = [other.score for _, _, other, said in marked if said != words]
            elsewhere = [
                one.hit.passage.article_id for one, _, other, said in marked if said == words
            ]
            features = piece.features[place] | {
                "score": piece.hit.score,
                "margin": margin(piece.hit, able),
                "span": _clipped(mark.score),
                "span_margin": _clipped(mark.score - max(rivals, default=0.0)),
                "relevance": _clipped(reading.relevance),
                "agreed": float(len(set(elsewhere)) > 1),
            }
            confidence = self._calibration.confidence(features) if asked.about_something else 0.0
            passage = piece.hit.passage
            found.append(
                (
                    Span(
                        text=passage.slice(start, end),
                        passage=passage,
                        start=start,
                        end=end,
                        sentence=(passage.sentences[place][0], passage.sentences[last][1]),
                        score=piece.hit.score,
                        confidence=confidence,
                    ),
                    features,
                )
            )
        return found


def reranked(
    hits: Sequence[Hit], pieces: Sequence[_Piece], readings: Sequence[Reading]
) -> tuple[Hit, ...]:
    """The hits with what was read in them, best first."""
    read: dict[int, dict[str, float]] = {}
    for piece, reading in zip(pieces, readings, strict=True):
        best = max((mark.score for mark in reading.marks or ()), default=reading.relevance)
        read[piece.hit.passage.id] = {"relevance": reading.relevance, "span": best}
    found = []
    for hit in hits:
        if parts := read.get(hit.passage.id):
            gain = RERANKED / (1 + math.exp(-_clipped(parts["relevance"])))
            hit = replace(hit, score=hit.score + gain, parts={**hit.parts, **parts})
        found.append(hit)
    return tuple(sorted(found, key=lambda one: -one.score))


def _pieces(asked: Asked, hits: Sequence[Hit]) -> Iterable[_Piece]:
    """Around the best sentence of each hit what stands before it, then what stands after it.

    What a pronoun at its start stands for is there in any case.
    """
    for hit in hits:
        best, features = asked.sentences(hit)
        sentences = hit.passage.sentences
        low, high = (
            best - bool(best and PRONOUN.match(hit.passage.slice(*sentences[best]))),
            best + 1,
        )
        while True:
            longer = [(low - 1, high), (low, high + 1)]
            fitting = [
                (a, b)
                for a, b in longer
                if a >= 0
                and b <= len(sentences)
                and sentences[b - 1][1] - sentences[a][0] <= WINDOW
            ]
            if not fitting:
                break
            low, high = fitting[0]
        yield _Piece(hit, best, features, low, high)


def _within(pieces: Iterable[_Piece], room: float, question: int) -> Iterable[_Piece]:
    """The first of them that fit; one in any case."""
    for number, piece in enumerate(pieces):
        room -= _cost(piece, question)
        if number and room < 0:
            return
        yield piece


def _cost(piece: _Piece, question: int) -> int:
    return question + len(piece.window.title) + len(piece.window.text)


def _whole(piece: _Piece, reading: Reading) -> Mark:
    """The best sentence, where a model only ranks."""
    start, end = piece.hit.passage.sentences[piece.best]
    return Mark(start - piece.start, end - piece.start, reading.relevance)


def _words(piece: _Piece, mark: Mark) -> str:
    return normalise(piece.window.text[mark.start : mark.end])


def _clipped(logit: float) -> float:
    return max(-CLIP, min(CLIP, logit))
