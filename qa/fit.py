"""Fits the calibration of `qa.calibrate` to answers that are known to be right or wrong."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from index.corpus import Corpus
from index.errors import InvalidInput
from index.types import Embedder
from qa.cached import Progress, collected, silent
from qa.calibrate import FEATURES, Calibration
from qa.datasets import named
from qa.evaluate import holds_answer, scope
from qa.pipeline import Pipeline
from qa.questions import Dataset, remove_articles
from qa.read import PASSAGES_READ, SentenceReader
from qa.retrieve import HybridRetriever

THRESHOLD = 0.5
"""An answer is given when it is more likely right than wrong; a caller may ask for more."""


def calibrated(
    names: Sequence[str], embedder: Embedder, *, cache: Path, progress: Progress = silent
) -> Calibration:
    """Fitted to the answerable questions of SQuAD sets, half of which lose their article."""
    rows: list[tuple[dict[str, float], bool]] = []
    for name in names:
        dataset = named(name)
        answerable = tuple(one for one in dataset.questions if one.answers)
        halved = remove_articles(replace(dataset, questions=answerable), 0.5)
        with collected(dataset, embedder, cache, progress=progress) as corpus:
            rows += samples(halved, corpus, progress=progress)
    return fit([features for features, _ in rows], [right for _, right in rows])


def samples(
    dataset: Dataset, corpus: Corpus, *, progress: Progress = silent
) -> Iterator[tuple[dict[str, float], bool]]:
    """What speaks for the first hit's answer to each question, and whether it was right."""
    reader = SentenceReader(corpus, Calibration(dict.fromkeys(FEATURES, 0.0), 0.0, 0.0))
    pipeline = Pipeline(HybridRetriever(corpus), reader)
    names = {one.id: one.external_id or one.id for one in dataset.articles}
    for question in progress(dataset.questions, dataset.name, len(dataset.questions)):
        found = pipeline.search(question.text, k=PASSAGES_READ, where=scope(question))
        for span, features in reader.evidence(question.text, found.hits)[:1]:
            document = names[span.passage.article_id]
            yield features, holds_answer(question, document, span.sentence)


def fit(features: Sequence[dict[str, float]], right: Sequence[bool]) -> Calibration:
    """The maximum-likelihood weights; raises InvalidInput where all is right or all is wrong."""
    if len(set(right)) < 2:
        raise InvalidInput("the confidence is fitted to right and to wrong answers: one is missing")
    rows = np.array([[row[name] for name in FEATURES] for row in features])
    model = LogisticRegression(C=3.0, max_iter=3000).fit(rows, np.array(right, bool))
    weights = dict(zip(FEATURES, (round(float(w), 3) for w in model.coef_[0]), strict=True))
    return Calibration(weights, round(float(model.intercept_[0]), 3), THRESHOLD)
