"""A question set through a pipeline: which documents are found, and which answers are right."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from index.filters import Filter
from index.types import Hit
from qa import metrics
from qa.cached import Progress, silent
from qa.pipeline import Pipeline
from qa.questions import Dataset, Question
from qa.report import Outcome, Report
from qa.retrieve import Weights
from qa.types import Span

DEPTH = 100
"""Documents wanted for each question: as many as recall@100 looks at."""
DEEPER = 4
"""Times as many passages are asked for while they are of fewer documents than that."""
SHOWN = 10
"""Passages that are kept of each question."""
LIST = 1000
"""Values that one list of a filter may hold."""

RANKING: Mapping[str, Callable[[Sequence[str], Mapping[str, int]], float]] = {
    "ndcg@10": partial(metrics.ndcg, k=10),
    "mrr@10": partial(metrics.mrr, k=10),
    "recall@1": partial(metrics.recall, k=1),
    "recall@5": partial(metrics.recall, k=5),
    "recall@20": partial(metrics.recall, k=20),
    "recall@100": partial(metrics.recall, k=100),
}


@dataclass(frozen=True, slots=True)
class Setting:
    """How to retrieve, with a name for the report; without weights the pipeline's own."""

    name: str = "default"
    weights: Weights | None = None


DEFAULT = Setting()


def evaluate(
    dataset: Dataset,
    pipeline: Pipeline,
    *,
    setting: Setting = DEFAULT,
    closed: bool = False,
    rerank: bool = False,
    progress: Progress = silent,
) -> Report:
    """Ask every question of which it is known what is right.

    The pipeline's corpus holds just the articles of the set. `closed` gives the right paragraph
    with each question, so only answers are judged. `rerank` ranks by what was read as well, as the
    passages of an answer are.
    """
    trial = _Trial(dataset, pipeline, setting.weights, closed=closed, rerank=rerank)
    start = time.perf_counter()
    asked = progress(dataset.asked, setting.name, len(dataset.asked))
    outcomes = tuple(trial.outcome(question) for question in asked)
    seconds = time.perf_counter() - start
    answers = dataset.layout == "squad"
    models = {"embed": pipeline.retriever.corpus.embedder.name}
    judged = [one for one in outcomes if one.question.relevant]
    return Report(
        dataset=dataset.name,
        setting=setting.name,
        mode="closed" if closed else "open",
        metrics=({} if closed else _ranking_figures(judged))
        | (_answer_figures(outcomes) if answers else {}),
        queries=len(dataset.questions),
        judged=len(judged),
        documents=len(dataset.articles),
        empty=dataset.empty,
        seconds=seconds,
        models=models | ({"read": pipeline.reader.name} if answers else {}),
        outcomes=outcomes,
    )


def scope(question: Question, *, closed: bool = False) -> Filter | None:
    """What may be searched for this question: its paragraph alone, or all but what was removed."""
    if closed:
        return {"external_id": question.paragraph}
    if not question.removed:
        return None
    gone = sorted(question.siblings)
    parts = [gone[low : low + LIST] for low in range(0, len(gone), LIST)]
    return {"not": {"or": [{"external_id": {"in": part}} for part in parts]}}


def holds_answer(question: Question, document: str, place: tuple[int, int]) -> bool:
    """Whether this piece of this document overlaps with a right answer."""
    start, end = place
    return document == question.paragraph and any(
        gold.start < end and start < gold.end for gold in question.answers
    )


def is_right(question: Question, document: str, span: Span) -> bool:
    """Whether a span overlaps with a right answer, or says the same elsewhere in the collection."""
    return holds_answer(question, document, (span.start, span.end)) or (
        bool(question.answers)
        and bool(metrics.exact_match(span.text, [gold.text for gold in question.answers]))
    )


class _Trial:
    """One pipeline under one setting, and the names that the set has for the articles."""

    def __init__(
        self,
        dataset: Dataset,
        pipeline: Pipeline,
        weights: Weights | None,
        *,
        closed: bool,
        rerank: bool,
    ) -> None:
        self._pipeline = pipeline
        self._weights = weights
        self._rerank = rerank
        self._closed = closed
        self._names = {one.id: one.external_id or one.id for one in dataset.articles}
        self._texts = {self._names[one.id]: one.text for one in dataset.articles}

    def outcome(self, question: Question) -> Outcome:
        expected = {name: self._texts.get(name, "") for name in question.relevant}
        outcome = Outcome(question, expected)
        if question.relevant and not self._closed:
            outcome = self._ranked(outcome)
        return self._answered(outcome) if question.paragraph else outcome

    def _ranked(self, outcome: Outcome) -> Outcome:
        """What a caller who asks for 100 passages sees stands first, whatever comes deeper."""
        ranking: dict[str, None] = {}
        first: Sequence[Hit] | None = None
        k = DEPTH
        while True:
            hits = self._pipeline.search(
                outcome.question.text, k=k, weights=self._weights, rerank=self._rerank
            ).hits
            first = hits if first is None else first
            ranking |= dict.fromkeys(metrics.ranked(self._new_documents(hits, ranking)))
            if len(ranking) >= DEPTH or len(hits) < k:
                break
            k *= DEEPER
        return replace(outcome, ranking=tuple(ranking), hits=self._named(first))

    def _new_documents(self, hits: Sequence[Hit], known: Mapping[str, None]) -> dict[str, float]:
        """A document scores by its best passage."""
        scores: dict[str, float] = {}
        for hit in hits:
            name = self._names[hit.passage.article_id]
            if name not in known:
                scores[name] = max(hit.score, scores.get(name, hit.score))
        return scores

    def _answered(self, outcome: Outcome) -> Outcome:
        question = outcome.question
        answer = self._pipeline.ask(
            question.text,
            where=scope(question, closed=self._closed),
            weights=self._weights,
            min_confidence=0.0,  # the best answer is wanted even where it would be withheld
        )
        hits = outcome.hits or self._named(answer.found.hits)
        if not answer.spans:
            return replace(outcome, hits=hits)
        span = answer.spans[0]
        document = self._names[span.passage.article_id]
        return replace(
            outcome,
            hits=hits,
            span=span,
            confidence=span.confidence,
            answered=span.confidence >= self._pipeline.reader.threshold,
            right=is_right(question, document, span),
            sentence=holds_answer(question, document, span.sentence),
        )

    def _named(self, hits: Sequence[Hit]) -> tuple[tuple[str, Hit], ...]:
        return tuple((self._names[hit.passage.article_id], hit) for hit in hits[:SHOWN])


def _ranking_figures(outcomes: Sequence[Outcome]) -> dict[str, float]:
    return {
        name: metrics.mean([figure(one.ranking, one.question.relevant) for one in outcomes])
        for name, figure in RANKING.items()
    }


def _answer_figures(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Over all questions: to one without an answer, giving none is what is right."""
    golds = [[gold.text for gold in one.question.answers] for one in outcomes]
    answered = [one.answered for one in outcomes]
    right = [one.right for one in outcomes]
    answerable = [bool(gold) for gold in golds]
    withheld = [not one for one in answered]
    unanswerable = [not one for one in answerable]
    return {
        "em": metrics.mean(
            [metrics.exact_match(one.text, gold) for one, gold in zip(outcomes, golds, strict=True)]
        ),
        "f1": metrics.mean(
            [metrics.f1(one.text, gold) for one, gold in zip(outcomes, golds, strict=True)]
        ),
        "sentence": metrics.mean([_right_sentence(one) for one in outcomes]),
        "best_sentence": metrics.mean([one.sentence for one in outcomes if one.question.answers]),
        "answered_precision": metrics.answered_precision(answered, right),
        "answered_recall": metrics.answered_recall(answered, right, answerable),
        "no_answer_precision": metrics.answered_precision(withheld, unanswerable),
        "no_answer_recall": metrics.answered_recall(withheld, unanswerable, unanswerable),
        "ece": metrics.expected_calibration_error([one.confidence for one in outcomes], right),
    }


def _right_sentence(outcome: Outcome) -> bool:
    return outcome.sentence if outcome.answered else not outcome.question.answers
