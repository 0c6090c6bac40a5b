from pathlib import Path

import pytest

from index.embedders.hashing import HashingEmbedder
from index.types import Passage
from qa.cached import collected
from qa.calibrate import Calibration
from qa.datasets import named
from qa.pipeline import Pipeline
from qa.questions import Gold, Question
from qa.read import SentenceReader
from qa.report import Outcome
from qa.retrieve import HybridRetriever
from qa.types import Span
from training.goals import _above, _threshold, best_answers


def outcome(confidence: float, *, answerable: bool) -> Outcome:
    golds = (Gold("Geneva", 0),) if answerable else ()
    passage = Passage(1, "a", "Geneva", 0, 6, ((0, 6),))
    span = Span("Geneva", passage, 0, 6, (0, 6), score=0.0, confidence=confidence)
    return Outcome(Question("1", "where?", {}, "a", golds), {}, span=span, confidence=confidence)


def test_the_best_answer_is_judged_and_whether_there_is_one(squad: Path, tmp_path: Path) -> None:
    dataset = named(str(squad))
    with collected(dataset, HashingEmbedder(), tmp_path / "cache") as corpus:
        pipeline = Pipeline(HybridRetriever(corpus), SentenceReader(corpus, Calibration.load()))
        figures = best_answers(dataset, pipeline, asked=99)
        some = best_answers(dataset, pipeline, asked=5)
    # "Talks were held in Geneva on day 0" for "Geneva": one of seven words, one of one.
    assert figures["f1"] == pytest.approx(2 / 8, abs=0.03)
    assert (figures["em"], figures["sentence"]) == (0, 1)
    assert (figures["questions"], figures["of"], some["of"]) == (9, 18, 5)
    assert figures["answerable_ap"] > 0.5
    assert figures["squad2_f1"] >= 0.5


def test_the_threshold_is_the_one_that_serves_best() -> None:
    told = [
        outcome(0.9, answerable=False),
        outcome(0.8, answerable=False),
        outcome(0.2, answerable=True),
    ]
    assert 0.9 < _threshold(told) < 0.91
    assert _above(told, 0.85) == [0.0, 1.0, 0.0]
