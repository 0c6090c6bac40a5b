"""What a network knows about the questions that were held out."""

import math
import random
import statistics
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from sklearn.metrics import average_precision_score

from qa.metrics import exact_match, f1, mean
from training.data import Item, Source, Text
from training.network import ReaderNetwork
from training.samples import Group, Window, encode

LONGEST_ANSWER = 30
"""Tokens."""
OTHERS = 3
"""Passages beside those that answer."""
BATCH = 8


def measure(
    network: ReaderNetwork, sources: Sequence[Source], tokenizer: Any, *, questions: int = 40
) -> dict[str, float]:
    """F1 and EM on the passages that answer, and whether answers are told from none.

    `rank` is the share of questions for which the passage that answers scores above the others;
    `relevance_ap` is the average precision of that head, `answerable_ap` that of the spans, and
    `f1_error` the standard error of F1.
    """
    figures: dict[str, list[float]] = {"f1": [], "em": [], "rank": []}
    told: list[tuple[bool, float, float]] = []
    by_source: dict[str, list[float]] = {}
    for source in sources:
        for item in chosen(source, questions):
            places = [place for place, _ in item.golds] + list(item.others[:OTHERS])
            found = read(network, tokenizer, item.question, [source.texts[one] for one in places])
            count = len(item.golds)
            for place, one in enumerate(found[: count + 1]):
                told.append((place < count, one.score, one.relevance))
            if not item.answers or not count:
                continue
            best = max(found[:count], key=lambda one: one.score)
            figures["f1"].append(f1(best.words, item.answers))
            figures["em"].append(exact_match(best.words, item.answers))
            by_source.setdefault(source.name, []).append(figures["f1"][-1])
            if len(found) > count:
                others = max(one.score for one in found[count:])
                figures["rank"].append(float(best.score > others))
    overall = {name: mean(values) for name, values in figures.items()}
    for place, name in ((1, "answerable_ap"), (2, "relevance_ap")):
        overall[name] = average_precision_score([one[0] for one in told], [o[place] for o in told])
    overall["f1_error"] = _error(figures["f1"])
    return overall | {f"f1_{name}": mean(values) for name, values in by_source.items()}


def _error(values: Sequence[float]) -> float:
    return statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0


def chosen(source: Source, questions: int) -> Sequence[Item]:
    """The same of the held-out questions every time."""
    held = [one for one in source.items if one.held_out]
    random.Random(source.name).shuffle(held)
    return held[:questions]


class Read(NamedTuple):
    """What a network says of a passage."""

    score: float
    words: str
    """Of the best span."""
    relevance: float


@torch.inference_mode()
def read(
    network: ReaderNetwork, tokenizer: Any, question: str, texts: Sequence[Text]
) -> list[Read]:
    """For each text the best span's score and its words, and the text's relevance."""
    found: list[Read] = []
    for part in _parts(texts):
        windows = tuple(Window(one.title, one.text, (), relevant=False) for one in part)
        batch = encode([Group(question, windows, located=True)], tokenizer)
        marks = network(**batch.inputs)
        low = torch.finfo(torch.float32).min / 4
        starts = marks.starts.float().masked_fill(~batch.allowed, low)
        ends = marks.ends.float().masked_fill(~batch.allowed, low)
        for row, window in enumerate(windows):
            score, start, end = best_span(starts[row], ends[row])
            words = _words(tokenizer, batch.inputs, row, start, end, question, window)
            found.append(Read(score, words, float(marks.relevance[row])))
    return found


def best_span(starts: torch.Tensor, ends: torch.Tensor) -> tuple[float, int, int]:
    """The highest sum of a start and an end that is not before it, nor far behind it."""
    tokens = len(starts)
    sums = starts[:, None] + ends[None, :]
    order = torch.arange(tokens)
    distance = order[None, :] - order[:, None]
    sums = sums.masked_fill((distance < 0) | (distance >= LONGEST_ANSWER), -torch.inf)
    best = int(sums.argmax())
    return float(sums.flatten()[best]), best // tokens, best % tokens


def _words(
    tokenizer: Any,
    inputs: dict[str, torch.Tensor],
    row: int,
    start: int,
    end: int,
    question: str,
    window: Window,
) -> str:
    head = f"{window.title}\n" if window.title else ""
    offsets = tokenizer(
        question,
        head + window.text,
        truncation="only_second",
        max_length=inputs["input_ids"].shape[1],
        return_offsets_mapping=True,
    )["offset_mapping"]
    if max(start, end) >= len(offsets):
        return ""
    return (head + window.text)[offsets[start][0] : offsets[end][1]]


def _parts(texts: Sequence[Text]) -> Iterator[Sequence[Text]]:
    for low in range(0, len(texts), BATCH):
        yield texts[low : low + BATCH]
