"""Readers that others trained: extractive question answering, and cross-encoders."""

from collections.abc import Sequence
from typing import Any

import torch
from sentence_transformers import CrossEncoder
from transformers import AutoConfig, AutoModelForQuestionAnswering, AutoTokenizer

from index.errors import InvalidInput
from qa.readers.spans import marks, merged, words
from qa.types import Mark, Reading, SpanModel, Window

MAX_TOKENS = 384
"""Of question and window together, what models trained on SQuAD are used with."""
OVERLAP = 64
FOUND_NOWHERE = (OSError, ValueError)
"""What transformers raises for a model that is not there or that it does not know."""


def load(name: str) -> SpanModel:
    """A folder's or the hub's model; raises InvalidInput where it is not one that reads."""
    try:
        config = AutoConfig.from_pretrained(name)
        kinds = config.architectures or ()
        if any(kind.endswith("ForQuestionAnswering") for kind in kinds):
            return QuestionAnsweringModel(name)
        if any(kind.endswith("ForSequenceClassification") for kind in kinds):
            return RankingModel(name)
    except FOUND_NOWHERE as error:
        raise InvalidInput(f"the reader {name!r} could not be loaded: {error}") from None
    raise InvalidInput(
        f"the reader {name!r} is {', '.join(kinds) or 'of no known kind'}: it must be a model for "
        "question answering (transformers) or a cross-encoder (sentence-transformers)"
    )


class QuestionAnsweringModel:
    """Any `AutoModelForQuestionAnswering`; "no answer" is its span on the first token."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._tokenizer = AutoTokenizer.from_pretrained(name)
        self._model = AutoModelForQuestionAnswering.from_pretrained(name).eval()

    @torch.inference_mode()
    def read(self, question: str, windows: Sequence[Window]) -> list[Reading]:
        """One reading a window, in their order; relevance is the best span's score."""
        if not windows:
            return []
        heads = [f"{window.title}\n" if window.title else "" for window in windows]
        texts = [head + window.text for head, window in zip(heads, windows, strict=True)]
        encoded = self._tokenizer(
            [question] * len(texts),
            texts,
            truncation="only_second",
            max_length=min(MAX_TOKENS, self._tokenizer.model_max_length),
            stride=OVERLAP,
            padding=True,
            return_overflowing_tokens=True,
            return_tensors="pt",
        )
        owners = encoded.pop("overflow_to_sample_mapping").tolist()
        logits: Any = self._model(**encoded)
        starts, ends = logits.start_logits.numpy(), logits.end_logits.numpy()
        found: list[list[tuple[Mark, ...]]] = [[] for _ in windows]
        for row, owner in enumerate(owners):
            places = words(encoded.encodings[row], len(heads[owner]))
            nothing = float(starts[row, 0] + ends[row, 0])
            found[owner].append(
                marks(starts[row], ends[row], places, nothing, text=windows[owner].text)
            )
        return [_reading(merged(each)) for each in found]


class RankingModel:
    """Any cross-encoder: it ranks the windows, and marks nothing."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._model = CrossEncoder(name, device="cpu", activation_fn=torch.nn.Identity())
        if self._model.num_labels != 1:
            raise InvalidInput(f"the cross-encoder {name!r} gives no score but several labels")

    def read(self, question: str, windows: Sequence[Window]) -> list[Reading]:
        """One reading a window, in their order."""
        if not windows:
            return []
        pairs = [(question, f"{window.title}\n{window.text}".strip()) for window in windows]
        scores = self._model.predict(pairs, show_progress_bar=False)
        return [Reading(float(score), None) for score in scores]


def _reading(found: tuple[Mark, ...]) -> Reading:
    return Reading(max((mark.score for mark in found), default=0.0), found)
