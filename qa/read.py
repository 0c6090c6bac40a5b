"""Readers: they mark the answer in the passages that were found, or abstain."""

from collections.abc import Sequence

from index.lexical import LexicalIndex, Terms
from index.types import Hit
from qa.calibrate import Calibration
from qa.types import Span

PASSAGES_READ = 10
"""Of the hits, from the best."""


class SentenceReader:
    """Answers with the best sentence of each passage; needs no weights of its own."""

    name = "sentence"

    def __init__(self, lexical: LexicalIndex, calibration: Calibration) -> None:
        self._lexical = lexical
        self._calibration = calibration

    @property
    def threshold(self) -> float:
        """The confidence below which an answer is withheld."""
        return self._calibration.threshold

    def read(self, question: str, hits: Sequence[Hit]) -> list[Span]:
        """At most one span a hit, most probable first."""
        spans = [self._span(hit, features) for hit, features in self.evidence(question, hits)]
        return sorted(spans, key=lambda span: -span.confidence)

    def evidence(self, question: str, hits: Sequence[Hit]) -> list[tuple[Hit, dict[str, float]]]:
        """Each hit that is read with the features of its best sentence."""
        terms = self._lexical.terms(question)
        return [(hit, self._features(terms, hit, hits)) for hit in hits[:PASSAGES_READ]]

    def _features(self, terms: Terms, hit: Hit, hits: Sequence[Hit]) -> dict[str, float]:
        start, end = best_sentence(hit)
        passage = hit.passage
        rival = max((other.score for other in hits if other is not hit), default=0.0)
        return {
            "score": hit.score,
            "margin": hit.score - rival,
            "dense": hit.parts["dense"],
            "sentence_dense": hit.parts["sentence"],
            "passage_lexical": hit.parts["lexical_passage"],
            "sentence_lexical": hit.parts["lexical_sentence"],
            "passage_coverage": self._coverage(terms, f"{passage.title}\n{passage.text}"),
            "sentence_coverage": self._coverage(terms, passage.slice(start, end)),
        }

    def _coverage(self, terms: Terms, text: str) -> float:
        """The share of the question's idf that the text's words hold."""
        there = set(self._lexical.words(text))
        total = sum(terms.idf)
        held = sum(idf for word, idf in zip(terms.words, terms.idf, strict=True) if word in there)
        return held / total if total else 0.0

    def _span(self, hit: Hit, features: dict[str, float]) -> Span:
        start, end = best_sentence(hit)
        return Span(
            text=hit.passage.slice(start, end),
            passage=hit.passage,
            start=start,
            end=end,
            sentence=(start, end),
            score=hit.score,
            confidence=self._calibration.confidence(features),
        )


def best_sentence(hit: Hit) -> tuple[int, int]:
    """The offsets of the sentence with the best score."""
    best = max(range(len(hit.sentence_scores)), key=lambda i: hit.sentence_scores[i])
    return hit.passage.sentences[best]
