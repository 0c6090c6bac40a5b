"""Readers: they mark the answer in the passages that were found, or abstain."""

import re
from collections.abc import Sequence

from index.corpus import Corpus
from index.lexical import LexicalIndex, Terms
from index.types import Hit
from qa.calibrate import Calibration
from qa.expect import expected, holds, origin
from qa.types import Span

PASSAGES_READ = 10
"""At least, whatever the number of answers that is wanted."""
COSINE, COVERAGE = 0.5, 0.3
"""What chooses the sentence. Given the right passage it finds the answer's sentence for 86.7 % of
1,890 SQuAD questions; BM25 for 83.1 %, the cosine for 74 %, coverage alone for 84.4 %."""
PRONOUN = re.compile(r"[“\"'‘(]*(?:He|She|They|It|His|Her|Their|Its)\b")
"""At a sentence's start it stands for a name in the sentence before: without that name 86.3 %."""
SUBJECT = re.compile(
    r"\b(?:(?P<place>in|at|to|from|near|on|into|outside|inside|across|over) (?:the )?)?"
    r"(?P<name>[A-Z][\w’'-]+(?: [A-Z][\w’'-]+)*)"
)
"""Capitals, and whether a preposition makes them a place, which no pronoun stands for."""
NAME = re.compile(r"(?<=\S\s)(?:[A-Z][\w’'-]*|\d[\w.,-]*)")
"""A capital or a digit, but not at the question's start."""


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

    def read(self, question: str, hits: Sequence[Hit]) -> list[Span]:
        """At most one span a hit, most probable first."""
        spans = [span for span, _ in self.evidence(question, hits)]
        return sorted(spans, key=lambda span: -span.confidence)

    def evidence(self, question: str, hits: Sequence[Hit]) -> list[tuple[Span, dict[str, float]]]:
        """The best sentence of each hit, with what speaks for it."""
        lexical = self._corpus.lexical  # another one after a rebuild
        terms = lexical.terms(question)
        names = set(lexical.words(" ".join(NAME.findall(question))))
        asked = _Asked(question, terms, names, lexical)
        chosen = [(hit, *asked.best_sentence(hit)) for hit in hits]
        able = [hit for hit, _, features in chosen if features["expected"] >= 0]
        return [self._span(asked, hit, place, features, able) for hit, place, features in chosen]

    def _span(
        self,
        asked: "_Asked",
        hit: Hit,
        place: int,
        features: dict[str, float],
        able: Sequence[Hit],
    ) -> tuple[Span, dict[str, float]]:
        text = hit.passage.text  # a copy of it in another article is no rival
        rivals = [other for other in able if other.passage.text != text]
        features["score"] = hit.score
        features["margin"] = hit.score - max((one.score for one in rivals), default=0.0)
        start, end = hit.passage.sentences[place]
        text = hit.passage.slice(start, end)
        confidence = self._calibration.confidence(features) if asked.about_something else 0.0
        return Span(text, hit.passage, start, end, (start, end), hit.score, confidence), features


class _Asked:
    """One question, held against one passage after the other."""

    def __init__(self, question: str, terms: Terms, names: set[str], lexical: LexicalIndex) -> None:
        self._question = question
        self.about_something = terms.has_content
        self._idf = dict(zip(terms.words, terms.idf, strict=True))
        self._total = sum(terms.idf) or 1.0
        self._names = names
        asked = origin(question)
        self._origin = asked[1] if asked else None
        self._asks_origin = set(lexical.words(asked[0])) if asked else set()
        self._lexical = lexical

    def best_sentence(self, hit: Hit) -> tuple[int, dict[str, float]]:
        """Its number in the passage, and the features that need no other passage."""
        passage = hit.passage
        texts = [passage.slice(start, end) for start, end in passage.sentences]
        words = self._words(texts)
        coverage = [self._coverage(held) for held in words]
        scores = [
            COSINE * cosine + COVERAGE * covered
            for cosine, covered in zip(hit.sentence_cosines, coverage, strict=True)
        ]
        best = max(range(len(scores)), key=scores.__getitem__)
        there = set(self._lexical.words(passage.title)).union(*words)
        return best, {
            # The passage's words speak against a sentence that lacks them; a credit lacks none.
            "lexical": 0.0 if self._is_origin(texts[best]) else hit.parts["lexical"],
            "sentence": hit.sentence_cosines[best],
            "sentence_coverage": coverage[best],
            "names": len(self._names & there) / len(self._names) if self._names else 1.0,
            "expected": self._expected(texts[best]),
        }

    def _words(self, texts: Sequence[str]) -> list[set[str]]:
        """Of each sentence, with those of the sentence before it that it stands for.

        A pronoun at its start stands for the names there; a picture's credit, where one is asked
        for, for the whole caption and for what was asked.
        """
        found: list[set[str]] = []
        names: set[str] = set()
        for before, text in zip(["", *texts], texts, strict=False):
            held = set(self._lexical.words(text))
            if PRONOUN.match(text):
                earlier = names if PRONOUN.match(before) else set()
                names = earlier | self._subjects(before)
                held |= names
            if self._is_origin(text):
                held |= self._asks_origin.union(*found)
            found.append(held)
        return found

    def _is_origin(self, sentence: str) -> bool:
        return self._origin is not None and bool(self._origin.search(sentence))

    def _subjects(self, sentence: str) -> set[str]:
        found = [match["name"] for match in SUBJECT.finditer(sentence) if not match["place"]]
        return set(self._lexical.words(" ".join(found)))

    def _coverage(self, words: set[str]) -> float:
        return sum(idf for word, idf in self._idf.items() if word in words) / self._total

    def _expected(self, sentence: str) -> float:
        kind = expected(self._question)
        if kind is None:
            return 0.0
        return 1.0 if holds(kind, sentence, self._question) else -1.0


def closest_sentence(hit: Hit) -> tuple[int, int]:
    """The offsets of the sentence whose vector is nearest to the question's."""
    cosines = hit.sentence_cosines
    return hit.passage.sentences[max(range(len(cosines)), key=cosines.__getitem__)]
