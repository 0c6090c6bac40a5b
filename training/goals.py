"""What `qa eval` does not measure: best answers, ranked sentences, the first answers, the time."""

import random
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sklearn.metrics import average_precision_score

from qa.cached import Progress, silent
from qa.evaluate import evaluate
from qa.metrics import exact_match, f1, mean, normalise
from qa.pipeline import Pipeline
from qa.questions import Dataset
from qa.records import json_lines
from qa.report import Outcome
from qa.types import SpanModel, Window
from training.data import plain_or_packed

FIRST = 3
"""Answers that are looked at."""
TIMED = (1, 2, 4, 6, 8, 12)
"""Numbers of windows."""
REPEATS = 30
TEXT = Window(
    "Syria army pounds Aleppo rebels as US, Russia to meet",
    "The city’s loss would be the biggest blow for the rebels in Syria’s nearly six-year-old war, "
    "which has killed more than 300,000 people and displaced over half the country’s population. "
    "Tens of thousands of civilians have fled east Aleppo in recent weeks, the UN said.",
)


def best_answers(
    dataset: Dataset, pipeline: Pipeline, *, asked: int, progress: Progress = silent
) -> dict[str, float]:
    """Of so many questions, each with its paragraph, the best answer whatever its confidence.

    Where some have no answer: whether the confidence tells them from the others (average
    precision), and F1 as of SQuAD 2.0 when none is given below the threshold that is best for the
    other half of the questions.
    """
    known = [one for one in dataset.questions if one.paragraph]
    some = random.Random(0).sample(known, min(asked, len(known)))
    part = replace(dataset, questions=tuple(some))
    outcomes = evaluate(part, pipeline, closed=True, progress=progress).outcomes
    able = [one for one in outcomes if one.question.answers]
    figures = {
        "f1": mean([_f1(one) for one in able]),
        "em": mean([exact_match(_said(one), _golds(one)) for one in able]),
        "sentence": mean([one.sentence for one in able]),
        "questions": len(able),
    }
    if len(able) == len(outcomes):
        return figures
    labels = [bool(one.question.answers) for one in outcomes]
    told = average_precision_score(labels, [one.confidence for one in outcomes])
    halves = outcomes[::2], outcomes[1::2]
    apart = [_above(one, _threshold(other)) for one, other in (halves, halves[::-1])]
    f1_of_all = sum(map(sum, apart)) / len(outcomes)
    return figures | {"answerable_ap": told, "squad2_f1": f1_of_all, "of": len(outcomes)}


def _threshold(outcomes: Sequence[Outcome]) -> float:
    """The confidence from which to give answers that is best for these."""
    tried = [0.0, *(one.confidence + 1e-9 for one in outcomes)]
    return max(tried, key=lambda limit: sum(_above(outcomes, limit)))


def _above(outcomes: Sequence[Outcome], limit: float) -> list[float]:
    """F1 of each where answers of less confidence are not given."""
    return [
        _f1(one) if one.confidence >= limit else float(not one.question.answers) for one in outcomes
    ]


def _f1(outcome: Outcome) -> float:
    return f1(_said(outcome), _golds(outcome))


def _said(outcome: Outcome) -> str:
    return outcome.span.text if outcome.span else ""


def _golds(outcome: Outcome) -> list[str]:
    return [one.text for one in outcome.question.answers]


def ranked_sentences(
    model: SpanModel, path: Path, *, progress: Progress = silent
) -> dict[str, float]:
    """MAP and MRR over the questions that have right and wrong candidates (Wang et al. 2007)."""
    precisions, reciprocals = [], []
    rows = [one.value for one in json_lines(path)]
    for row in progress(rows, path.name, len(rows)):
        labels = [bool(one["label"]) for one in row["candidates"]]
        if len(set(labels)) < 2:
            continue
        windows = [Window("", one["text"]) for one in row["candidates"]]
        scores = [one.relevance for one in model.read(row["question"], windows)]
        order = sorted(range(len(labels)), key=lambda place: -scores[place])
        ranks = [rank for rank, place in enumerate(order, 1) if labels[place]]
        precisions.append(mean([found / rank for found, rank in enumerate(ranks, 1)]))
        reciprocals.append(1 / ranks[0])
    return {"map": mean(precisions), "mrr": mean(reciprocals), "questions": len(precisions)}


def answers_among_first(
    pipeline: Pipeline, folder: Path, asked: Iterable[str], *, progress: Progress = silent
) -> dict[str, float]:
    """The share of the questions whose answer is in the first answers, whole.

    By the words that are given, and by the sentences that these stand in.
    """
    wanted = set(asked)
    rows = [one.value for one in json_lines(plain_or_packed(folder / "queries.jsonl"))]
    rows = [row for row in rows if row["_id"] in wanted]
    found = [_found(pipeline, row) for row in progress(rows, folder.name, len(rows))]
    words, sentences = zip(*found, strict=True)
    return {
        f"answer_in_{FIRST}": mean(words),
        f"answer_in_{FIRST}_sentences": mean(sentences),
        "questions": len(found),
    }


def _found(pipeline: Pipeline, row: Any) -> tuple[float, float]:
    spans = pipeline.ask(row["text"], k=FIRST, min_confidence=0.0).spans
    sentences = [one.passage.slice(*one.sentence) for one in spans]
    return _says(row, [one.text for one in spans]), _says(row, sentences)


def _says(row: Any, texts: Sequence[str]) -> float:
    said = [f" {normalise(text)} " for text in texts]
    return float(any(f" {normalise(answer)} " in one for answer in row["answers"] for one in said))


def reading_times(model: SpanModel) -> dict[int, float]:
    """Milliseconds, the median of several, to read so many windows of about 300 characters."""
    found: dict[int, list[float]] = {windows: [] for windows in TIMED}
    model.read("how many people has the war killed?", [TEXT])
    for _ in range(REPEATS):
        for windows, times in found.items():
            start = time.perf_counter()
            model.read("how many people has the war killed?", [TEXT] * windows)
            times.append((time.perf_counter() - start) * 1000)
    return {windows: statistics.median(times) for windows, times in found.items()}
