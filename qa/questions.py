"""A collection with questions about it: what is asked, and what should be found."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from index.types import Article


@dataclass(frozen=True, slots=True)
class Gold:
    """A right answer and its place in the paragraph."""

    text: str
    start: int

    @property
    def end(self) -> int:
        """Half-open, in code points, like every offset."""
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Question:
    """One question with what is right for it; documents go by their `external_id`."""

    id: str
    text: str
    relevant: Mapping[str, int]
    """Document to grade, above zero; empty when nothing in the collection is relevant."""
    paragraph: str = ""
    """The document that the question was written about (SQuAD)."""
    answers: tuple[Gold, ...] = ()
    """Places in `paragraph`; empty when the collection has no answer."""
    siblings: frozenset[str] = frozenset()
    """All paragraphs of the article that `paragraph` is from, itself included (SQuAD)."""
    removed: bool = False
    """For this question the siblings count as never collected."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A collection and its questions."""

    name: str
    layout: Literal["beir", "squad"]
    articles: tuple[Article, ...]
    questions: tuple[Question, ...]
    empty: int = 0
    """Documents without any text: they cannot be found, but count where they are relevant."""

    @property
    def asked(self) -> tuple[Question, ...]:
        """The questions of which it is known what is right, be it that there is no answer."""
        return tuple(one for one in self.questions if one.relevant or one.paragraph)

    @property
    def digest(self) -> str:
        """Of the articles alone, so that other questions or judgements reuse their vectors."""
        sha = hashlib.sha256()
        for one in self.articles:
            parts = (one.id, one.title, one.text, one.url, one.source, one.published_at)
            sha.update(json.dumps(parts, default=str).encode())
        return sha.hexdigest()


def remove_articles(dataset: Dataset, share: float) -> Dataset:
    """The same set, with a share of the answerable questions losing the article they are about.

    Those have no answer then. Which they are follows from the ids alone, so runs can be compared.
    """
    answerable = sorted((one.id for one in dataset.questions if one.answers), key=_shuffled)
    chosen = set(answerable[: round(len(answerable) * share)])
    questions = [
        replace(one, relevant={}, answers=(), removed=True) if one.id in chosen else one
        for one in dataset.questions
    ]
    return replace(dataset, questions=tuple(questions))


def _shuffled(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
