"""Fits the calibration of `qa.calibrate` to answers that are known to be right or wrong."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from index.corpus import Corpus
from index.errors import InvalidInput
from index.types import Embedder
from qa.cached import Progress, collected, silent
from qa.calibrate import Calibration
from qa.datasets import named
from qa.evaluate import is_right, scope
from qa.metrics import answered_precision, expected_calibration_error
from qa.pipeline import Pipeline
from qa.questions import Dataset, remove_articles
from qa.read import PASSAGES_READ

THRESHOLD = 0.55
"""What an answer needs to be given; a caller may ask for more, or for less."""
ROUNDS = 3
"""Of fitting to the answers that the fit before would give."""

Sample = tuple[dict[str, float], bool]
"""What speaks for an answer, and whether it was right."""


@dataclass(frozen=True, slots=True)
class Held:
    """How a confidence holds on a set that it was not fitted to."""

    dataset: str
    confidences: tuple[float, ...]
    """Of the best answer to each question."""
    right: tuple[bool, ...]
    answerable: int

    @property
    def figures(self) -> dict[str, float]:
        """Calibration error, and precision and recall of the answers that are given."""
        given = [confidence >= THRESHOLD for confidence in self.confidences]
        found = sum(good for gave, good in zip(given, self.right, strict=True) if gave)
        return {
            "ece": expected_calibration_error(self.confidences, self.right),
            "answered_precision": answered_precision(given, self.right),
            "answered_recall": found / max(self.answerable, 1),
        }


def calibrated(
    names: Sequence[str],
    embedder: Embedder,
    build: Callable[[Corpus], Pipeline],
    *,
    cache: Path,
    progress: Progress = silent,
) -> tuple[Calibration, list[Held]]:
    """Fitted to the answerable questions of SQuAD sets, half of which lose their article.

    And, where there are several sets, how a fit to the others holds on each.
    """
    read: dict[str, list[list[Sample]]] = {}
    able: dict[str, int] = {}
    for name in names:
        dataset = named(name)
        answerable = tuple(one for one in dataset.questions if one.answers)
        halved = remove_articles(replace(dataset, questions=answerable), 0.5)
        able[name] = sum(bool(one.answers) for one in halved.questions)
        with collected(dataset, embedder, cache, progress=progress) as corpus:
            read[name] = list(samples(halved, build(corpus), progress=progress))
    found = refit([row for rows in read.values() for row in rows])
    held = []
    for name in names if len(names) > 1 else ():
        others = refit([row for other in names if other != name for row in read[other]])
        best = [_best(others, row) for row in read[name]]
        confidences = tuple(others.confidence(features) for features, _ in best)
        held.append(Held(name, confidences, tuple(right for _, right in best), able[name]))
    return found, held


def refit(rows: Sequence[Sequence[Sample]]) -> Calibration:
    """Fitted to the answers in the first passages, then to those that the fit itself would give."""
    found = fit([row[0] for row in rows])
    for _ in range(ROUNDS):
        found = fit([_best(found, row) for row in rows])
    return found


def _best(calibration: Calibration, row: Sequence[Sample]) -> Sample:
    return max(row, key=lambda sample: calibration.confidence(sample[0]))


def samples(
    dataset: Dataset, pipeline: Pipeline, *, progress: Progress = silent
) -> Iterator[list[Sample]]:
    """For each question the answers that were read, in the order of their passages."""
    names = {one.id: one.external_id or one.id for one in dataset.articles}
    for question in progress(dataset.questions, dataset.name, len(dataset.questions)):
        found = pipeline.search(question.text, k=PASSAGES_READ, where=scope(question))
        evidence = pipeline.reader.evidence(question.text, found.hits)
        rows = [
            (features, is_right(question, names[span.passage.article_id], span))
            for span, features in evidence
        ]
        if rows:
            yield rows


def fit(rows: Sequence[Sample]) -> Calibration:
    """A logistic regression, slightly regularised on features of one spread.

    Raises InvalidInput where all is right or all is wrong.
    """
    features, right = [one for one, _ in rows], [one for _, one in rows]
    if len(set(right)) < 2:
        raise InvalidInput("the confidence is fitted to right and to wrong answers: one is missing")
    matrix = np.array([list(row.values()) for row in features])
    middle, spread = matrix.mean(axis=0), matrix.std(axis=0) + 1e-9
    model = LogisticRegression(max_iter=3000).fit((matrix - middle) / spread, np.array(right, bool))
    weights = model.coef_[0] / spread
    bias = float(model.intercept_[0] - weights @ middle)
    by_name = dict(zip(features[0], (round(float(weight), 3) for weight in weights), strict=True))
    return Calibration(by_name, round(bias, 3), THRESHOLD)
