"""SentenceReader: answers with whole sentences, where no model marks the words."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from index.corpus import Corpus
from index.types import Hit
from qa.calibrate import Calibration
from qa.evidence import Asked, Features, margin
from qa.metrics import normalise
from qa.types import Read, Span

PASSAGES_READ = 10
"""At least, whatever the number of answers that is wanted."""


class SentenceReader:
    """Answers with the best sentence of each passage; needs no weights of its own."""

    name = "sentence"

    def __init__(self, corpus: Corpus, calibration: Calibration) -> None:
        self._corpus = corpus
        self._calibration = calibration

    @property
    def threshold(self) -> float:
        """The confidence below which an answer is withheld."""
        return self._calibration.threshold

    def read(self, question: str, hits: Sequence[Hit], *, budget_ms: float | None = None) -> Read:
        """At most one span a hit; the hits stay in their order."""
        spans = [span for span, _ in self.evidence(question, hits)]
        return Read(distinct(spans), tuple(hits))

    def evidence(self, question: str, hits: Sequence[Hit]) -> list[tuple[Span, Features]]:
        """The best sentence of each hit, with what speaks for it."""
        asked = Asked(question, self._corpus.lexical)  # another index after a rebuild
        chosen = [(hit, *asked.sentences(hit)) for hit in hits]
        able = [hit for hit, best, features in chosen if features[best]["expected"] >= 0]
        found = []
        for hit, best, features in chosen:
            own = features[best] | {"score": hit.score, "margin": margin(hit, able)}
            confidence = self._calibration.confidence(own) if asked.about_something else 0.0
            start, end = place = hit.passage.sentences[best]
            text = hit.passage.slice(start, end)
            span = Span(text, hit.passage, start, end, place, hit.score, confidence)
            found.append((span, own))
        return found


def closest_sentence(hit: Hit) -> tuple[int, int]:
    """The offsets of the sentence whose vector is nearest to the question's."""
    cosines = hit.sentence_cosines
    return hit.passage.sentences[max(range(len(cosines)), key=cosines.__getitem__)]


def distinct(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The most probable of those that overlap, and of those that say the same.

    The same in another article is kept with it.
    """
    found: dict[str, Span] = {}
    for span in sorted(spans, key=lambda one: -one.confidence):
        if any(_overlap(span, one) for known in found.values() for one in (known, *known.also)):
            continue
        said = normalise(span.text)
        known = found.get(said)
        if known is None:
            found[said] = span
        elif all(one.passage.article_id != span.passage.article_id for one in (known, *known.also)):
            found[said] = replace(known, also=(*known.also, span))
    return tuple(found.values())


def _overlap(one: Span, other: Span) -> bool:
    same = one.passage.article_id == other.passage.article_id
    return same and one.start < other.end and other.start < one.end
