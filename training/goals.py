"""What `qa eval` does not measure: sentences ranked, answers among the first, and the time."""

import statistics
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from qa.cached import Progress, silent
from qa.metrics import mean, normalise
from qa.pipeline import Pipeline
from qa.records import json_lines
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
    """The share of the questions whose answer's words are in the first answers, whole."""
    wanted = set(asked)
    rows = [one.value for one in json_lines(plain_or_packed(folder / "queries.jsonl"))]
    rows = [row for row in rows if row["_id"] in wanted]
    found = [_found(pipeline, row) for row in progress(rows, folder.name, len(rows))]
    return {f"answer_in_{FIRST}": mean([float(one) for one in found]), "questions": len(found)}


def _found(pipeline: Pipeline, row: Any) -> bool:
    spans = pipeline.ask(row["text"], k=FIRST, min_confidence=0.0).spans
    said = [f" {normalise(span.text)} " for span in spans]
    return any(f" {normalise(answer)} " in one for answer in row["answers"] for one in said)


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
