"""From items to batches: windows of passages, as token ids with the places of the answers."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from qa.metrics import normalise
from training.altered import altered, names
from training.data import Item, Source, Text

MAX_TOKENS = 192
SHARES = {"qamr": 0.4, "reddit": 0.5, "amazon_reviews": 0.5, "squad2": 2.0}
"""How often a source's questions are seen in one epoch: QAMR asks 35 about each of its sentences,
and only SQuAD has questions that people wrote to have no answer."""
POOL = 16
"""Batches that are formed together, so that those of one length go together."""


@dataclass(frozen=True, slots=True)
class Window:
    """A piece of a passage for one question; `spans` are the answers in it."""

    title: str
    text: str
    spans: tuple[tuple[int, int], ...]
    relevant: bool


@dataclass(frozen=True, slots=True)
class Group:
    """One question with all its windows; `located` is whether the places of answers are known."""

    question: str
    windows: tuple[Window, ...]
    located: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """Windows of several questions; shapes are (windows, tokens) but for the last two."""

    inputs: dict[str, Tensor]
    allowed: Tensor
    """Tokens of the passage, where an answer may start or end."""
    starts: Tensor
    ends: Tensor
    relevant: Tensor
    """(windows,): as many of each question, one question after the other."""
    located: Tensor
    """(questions,)"""


@dataclass(frozen=True, slots=True)
class Mix:
    """What a question is shown with."""

    windows: int = 2
    """For each question."""
    removed: float = 0.15
    """The share of the answerable questions that are shown only what does not answer them."""
    altered: float = 0.25
    """The share of them that are altered, where that can be done, so that nothing answers them."""
    beside: float = 0.25
    """The share of the others' windows that are the right passage without its answer."""
    whole: float = 0.2
    """The share of the windows that are whole passages; the others are some of its sentences."""
    longest: int = 4
    """Sentences of a window that is not a whole passage."""


MIX = Mix()


def group(
    item: Item,
    texts: Sequence[Text],
    chance: random.Random,
    known: list[str],
    mix: Mix = MIX,
) -> Group:
    """A question with one window that answers it, where there is one, and others that do not.

    `known` are names for questions that are altered.
    """
    chosen: list[Window] = []
    question = item.question
    others = [texts[place] for place in item.others]
    if item.golds:
        place, spans = chance.choice(item.golds)
        if chance.random() >= mix.removed:
            window = cut(texts[place], spans, chance, mix, relevant=True)
            if spans and chance.random() < mix.altered:
                other = altered(question, window.text, known, chance)
                if other:
                    question = other
                    window = replace(window, spans=(), relevant=False)
            chosen.append(window)
        chance.shuffle(others)
        beside = _without(texts[place], spans, item.answers) if spans else None
        if beside and chance.random() < mix.beside:
            others.insert(0, beside)
    # Of a question that nothing answers, the first is the passage that it was asked about.
    chosen += [
        cut(one, (), chance, mix, relevant=False) for one in others[: mix.windows - len(chosen)]
    ]
    while len(chosen) < mix.windows:
        chosen.append(cut(texts[chance.randrange(len(texts))], (), chance, mix, relevant=False))
    return Group(question, tuple(chosen), not item.golds or bool(item.golds[0][1]))


def _without(text: Text, spans: Sequence[tuple[int, int]], answers: Sequence[str]) -> Text | None:
    """The longest run of the passage's sentences that do not say the answer."""
    words = [f" {normalise(one)} " for one in answers]
    best: list[tuple[int, int]] = []
    run: list[tuple[int, int]] = []
    for start, end in text.sentences:
        said = f" {normalise(text.text[start:end])} "
        free = all(end <= a or b <= start for a, b in spans)
        run = [*run, (start, end)] if free and not any(one in said for one in words) else []
        best = max(best, run, key=len)
    if not best:
        return None
    low, high = best[0][0], best[-1][1]
    return Text(text.title, text.text[low:high], tuple((a - low, b - low) for a, b in best))


def cut(
    text: Text,
    spans: Sequence[tuple[int, int]],
    chance: random.Random,
    mix: Mix = MIX,
    *,
    relevant: bool,
) -> Window:
    """The whole passage, or some of its sentences, among them that of an answer."""
    count = len(text.sentences)
    low, high = 0, count
    if count > 1 and chance.random() >= mix.whole and (spans or not relevant):
        size = chance.randint(1, min(mix.longest, count))
        first, last = 0, count - size
        if spans:
            start, end = chance.choice(list(spans))
            holding = [i for i, (a, b) in enumerate(text.sentences) if a < end and start < b]
            first = max(0, min(holding[-1] - size + 1, holding[0]))
            last = min(holding[0], count - 1)
            size = max(size, holding[-1] - holding[0] + 1)
        low = chance.randint(first, max(first, last))
        high = min(low + size, count)
    start, end = text.sentences[low][0], text.sentences[high - 1][1]
    kept = tuple((a - start, b - start) for a, b in spans if start <= a and b <= end)
    return Window(text.title, text.text[start:end], kept, relevant)


def encode(groups: Sequence[Group], tokenizer: Any) -> Batch:
    """As tensors. A title stands before its window, in the window's segment."""
    pairs = [(one.question, window) for one in groups for window in one.windows]
    heads = [f"{window.title}\n" if window.title else "" for _, window in pairs]
    found = tokenizer(
        [question for question, _ in pairs],
        [head + window.text for head, (_, window) in zip(heads, pairs, strict=True)],
        truncation="only_second",
        max_length=MAX_TOKENS,
        padding=True,
        return_offsets_mapping=True,
        return_tensors="pt",
    )
    offsets = found.pop("offset_mapping")
    shift = torch.tensor([len(head) for head in heads])[:, None]
    begin, finish = offsets[..., 0] - shift, offsets[..., 1] - shift
    allowed = (found["token_type_ids"] == 1) & (begin >= 0) & (finish > begin)
    starts, ends = torch.zeros_like(allowed), torch.zeros_like(allowed)
    for row, (_, window) in enumerate(pairs):
        for a, b in window.spans:
            inside = allowed[row] & (begin[row] < b) & (finish[row] > a)
            where = inside.nonzero()
            if len(where) and finish[row][where[-1]] >= b:  # else it was cut off
                starts[row, where[0]] = True
                ends[row, where[-1]] = True
    return Batch(
        dict(found),
        allowed,
        starts,
        ends,
        torch.tensor([float(window.relevant) for _, window in pairs]),
        torch.tensor([one.located for one in groups]),
    )


def batches(
    sources: Sequence[Source],
    tokenizer: Any,
    *,
    questions: int,
    seed: int,
    skip: int = 0,
    mix: Mix = MIX,
) -> Iterator[Batch]:
    """Without end; the same for the same seed, from the batch number `skip` on."""
    number = 0
    known = {one.name: names(text.text for text in one.texts) for one in sources}
    for epoch in range(10**6):
        items = _of_epoch(sources, random.Random(f"{seed} {epoch}"))
        for low in range(0, len(items) - questions, questions * POOL):
            chance = random.Random(f"{seed} {epoch} {low}")
            found = [
                group(item, texts, chance, known[item.source], mix)
                for item, texts in items[low : low + questions * POOL]
            ]
            found.sort(key=lambda one: max(len(window.text) for window in one.windows))
            pool = [found[at : at + questions] for at in range(0, len(found), questions)]
            chance.shuffle(pool)
            for part in pool:
                if number >= skip:
                    yield encode(part, tokenizer)
                number += 1


def _of_epoch(
    sources: Sequence[Source], order: random.Random
) -> list[tuple[Item, tuple[Text, ...]]]:
    items = []
    for source in sources:
        learnt = [one for one in source.items if not one.held_out]
        times, share = divmod(SHARES.get(source.name, 1.0), 1.0)
        chosen = learnt * int(times) + order.sample(learnt, round(len(learnt) * share))
        items += [(one, source.texts) for one in chosen]
    order.shuffle(items)
    return items
