"""From the index's candidate lists to one fused, explained list of hits.

Four scores, each on a scale of its own that does not depend on the collection's size: the cosines
of the passage and of its best sentence, and the shares that the passage and its article reach of
the best BM25 score the question allows. To their weighted sum comes how near a passage is to those
that are best by it: pseudo-relevance feedback as in Li et al. 2021, arXiv 2108.11044, section 4.
"""

from dataclasses import dataclass, replace

import numpy as np

from index.coded import Coded
from index.corpus import Corpus
from index.filters import Filter
from index.lexical import Terms
from index.types import Hit, Ids, Matrix, Passage

CANDIDATES = 100
"""Taken from each of two lists, by passages' vectors and by words; the union is scored in full.

A third one, by sentences' vectors, changes no figure: what it alone finds is not among the best."""
FED_BACK = 2
"""Passages that the others are compared with. One, three, five and eight are worse."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each part counts; `lexical` for a question of one word that is as rare as can be.

    Its weight grows with a power of the question's `Terms.mass`: words find names and numbers
    better than vectors do, and common words worse.
    """

    dense: float = 0.4
    sentence: float = 0.6
    lexical: float = 0.6
    rarity: float = 0.5
    """That power."""
    article: float = 0.5
    """The whole article's share of the lexical part; the rest is the passage's."""
    feedback: float = 0.2
    """Of the cosine with the mean of the passages that are best without it."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Passages with all their scores: arrays of one length, and one entry a sentence.

    `sentence_starts[i]` is the place in `sentence_dense` of the first of the passage `ids[i]`.
    """

    ids: Ids
    dense: Matrix
    lexical: Matrix
    article: Matrix
    sentence_starts: Ids
    sentence_dense: Matrix
    own: Coded
    """The passages' vectors."""


class HybridRetriever:
    """Dense and lexical search over passages and sentences, fused by score."""

    def __init__(self, corpus: Corpus, weights: Weights | None = None) -> None:
        self.corpus = corpus
        self.weights = weights or Weights()

    def retrieve(
        self,
        question: str,
        vector: Matrix,
        k: int,
        *,
        where: Filter | None = None,
        weights: Weights | None = None,
    ) -> tuple[list[Hit], int]:
        """The `k` best passages, one hit each, and how many candidates were compared.

        `vector` is the question's, of shape (dim,).
        """
        allowed = None if where is None else self.corpus.store.passage_ids(where)
        terms = self.corpus.lexical.terms(question)
        found = self.candidates(terms, vector, max(k, CANDIDATES), allowed)
        weights = weights or self.weights
        weights = replace(weights, lexical=weights.lexical * terms.mass**weights.rarity)
        return self._hits(found, k, weights), len(found.ids)

    def candidates(
        self, terms: Terms, vector: Matrix, k: int, allowed: Ids | None = None
    ) -> Candidates:
        """The union of both lists, every member with all its scores."""
        corpus, lexical = self.corpus, self.corpus.lexical
        near = corpus.passages.search(vector[None], k, allowed)[0][0]
        worded = lexical.search(terms, k, allowed)
        # Nobody knows -1, for none, nor a passage that was just removed.
        stored = corpus.vectors[np.union1d(near, worded[0])]
        ids, cosines = stored.ids, stored.vectors.dot(vector)
        owners = corpus.articles_of(ids)
        articles = np.unique(owners)
        best = lexical.search(terms, 2 * len(articles), level="articles")
        return Candidates(
            ids=ids,
            dense=cosines[stored.starts],
            lexical=lexical.scores(terms, ids, worded),
            article=lexical.scores(terms, articles, best, level="articles")[
                np.searchsorted(articles, owners)
            ],
            sentence_starts=stored.starts - np.arange(len(ids)),
            sentence_dense=np.delete(cosines, stored.starts),
            own=stored.vectors[stored.starts],
        )

    def passages(self, ids: Ids) -> dict[int, Passage]:
        """The passages of these ids that are still there."""
        return self.corpus.store.passages(ids)

    def _hits(self, found: Candidates, k: int, weights: Weights) -> list[Hit]:
        if not len(found.ids):
            return []
        starts = found.sentence_starts
        parts = {
            "dense": found.dense,
            "sentence": np.maximum.reduceat(found.sentence_dense, starts),
            "lexical": found.lexical,
            "article": found.article,
        }
        score = _fused(parts, weights)
        if weights.feedback:
            parts["feedback"] = _feedback(found, score)
            score += np.float32(weights.feedback) * parts["feedback"]
        ends = np.append(starts[1:], len(found.sentence_dense))
        best = np.lexsort((found.ids, -score))[:k]
        passages = self.passages(found.ids[best])
        return [
            Hit(
                passage=passages[int(found.ids[row])],
                score=float(score[row]),
                parts={name: float(values[row]) for name, values in parts.items()},
                sentence_cosines=tuple(found.sentence_dense[starts[row] : ends[row]].tolist()),
            )
            for row in best
            if int(found.ids[row]) in passages  # else it was removed since it was found
        ]


def _fused(parts: dict[str, Matrix], weights: Weights) -> Matrix:
    dense = weights.dense * parts["dense"] + weights.sentence * parts["sentence"]
    lexical = (1 - weights.article) * parts["lexical"] + weights.article * parts["article"]
    return np.asarray(dense + weights.lexical * lexical, np.float32)


def _feedback(found: Candidates, score: Matrix) -> Matrix:
    """The cosine of each passage with the middle of those that are best."""
    best = np.lexsort((found.ids, -score))[:FED_BACK]
    middle = found.own[best].rows().mean(axis=0)
    return found.own.dot(middle / max(float(np.linalg.norm(middle)), 1e-12))
