"""Fits the calibration of `qa.calibrate` to answers that are known to be right or wrong."""

from collections.abc import Iterator, Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression

from qa.calibrate import FEATURES, Calibration
from qa.evaluate import holds_answer, scope
from qa.pipeline import Pipeline
from qa.questions import Dataset
from qa.read import PASSAGES_READ, SentenceReader

THRESHOLD = 0.5
"""An answer is given when it is more likely right than wrong; a caller may ask for more."""


def samples(
    dataset: Dataset, pipeline: Pipeline, reader: SentenceReader
) -> Iterator[tuple[dict[str, float], bool]]:
    """What speaks for the first hit's answer to each question, and whether it was right."""
    names = {one.id: one.external_id or one.id for one in dataset.articles}
    for question in dataset.questions:
        found = pipeline.search(question.text, k=PASSAGES_READ, where=scope(question))
        for span, features in reader.evidence(question.text, found.hits)[:1]:
            document = names[span.passage.article_id]
            yield features, holds_answer(question, document, span.sentence)


def fit(features: Sequence[dict[str, float]], right: Sequence[bool]) -> Calibration:
    """The maximum-likelihood weights."""
    rows = np.array([[row[name] for name in FEATURES] for row in features])
    model = LogisticRegression(C=3.0, max_iter=3000).fit(rows, np.array(right, bool))
    weights = dict(zip(FEATURES, (round(float(w), 3) for w in model.coef_[0]), strict=True))
    return Calibration(weights, round(float(model.intercept_[0]), 3), THRESHOLD)
