"""Two measures that `qa eval` has no layout for: sentences ranked, and answers among the first."""

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
