"""CompiledEmbedder: a model as `compiling.py` has made it, run by OpenVINO without torch.

Its vectors are those of the reference, `sentence_transformers.py`, within `compiling.LIMIT`, so
that an index may be made with one and searched with the other.
"""

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Encoding, Tokenizer

from index.embedders.late import heads, mean_by_sentence, unit
from index.embedders.weights import tensor
from index.processor import cores
from index.types import Matrix, Spans

# The first would tell its makers of every import, unasked; the second makes models and is slow to
# load. openvino does without either.
for name in ("openvino_telemetry", "openvino.tools.ovc"):
    sys.modules.setdefault(name, None)  # type: ignore[arg-type]

import openvino  # noqa: E402  # only now

GRAPH = "encoder.xml"
NUMBERS = "encoder.bin"
WORDS = "tokenizer.json"

BUDGET = 1024
"""Tokens, with padding, that go through the network at once; with 4,096 it is slower and larger."""
CALL = 18
"""Tokens that could be computed in the time that a call takes beside its tokens; most of that goes
by until the weights have come from memory."""
STEP = 8
"""Lengths are padded to a multiple of it: each new shape costs the runtime some milliseconds."""
TOKENIZED = 32
"""Texts whose words are looked up together, while the batch before is computed."""


@dataclass(frozen=True, slots=True)
class About:
    """What is to be known of a compiled model besides its files."""

    embeddings: str
    """The name of the word embeddings in the model's own weights: they are not kept twice."""
    max_tokens: int
    precision: str
    question_prompt: str = ""
    passage_prompt: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts that go through the network together; `rows` are their places among all."""

    rows: list[int]
    encodings: list[Encoding]
    words: Any
    mask: Any


class CompiledEmbedder:
    """A BERT-like model that pools by the mean. Safe for any number of threads."""

    def __init__(
        self, folder: Path, weights: Path, about: About, *, name: str, threads: int = 0
    ) -> None:
        self.name = name
        self._about = about
        self._tokenizer = Tokenizer.from_file(str(folder / WORDS))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(about.max_tokens)
        self._embeddings = tensor(weights, about.embeddings)
        self.dim = self._embeddings.shape[1]
        self._network = _loaded(folder / GRAPH, about.precision, threads or cores())
        self._idle: list[Any] = []  # requests that no thread is using; each has its own memory

    def embed_queries(self, texts: Sequence[str]) -> Matrix:
        """A row a question, with the model's own question prompt where it has one."""
        whole = np.empty((len(texts), self.dim), np.float32)
        for batch in self._batches([self._about.question_prompt + text for text in texts]):
            whole[batch.rows] = _means(self._tokens(batch), batch)
        return whole

    def embed_passages(
        self, titles: Sequence[str], texts: Sequence[str], sentences: Sequence[Spans]
    ) -> tuple[Matrix, list[Matrix]]:
        """A row a passage with its title, and for each a row a sentence."""
        before = [self._about.passage_prompt + head for head in heads(titles)]
        whole = np.empty((len(texts), self.dim), np.float32)
        parts: list[Matrix] = [whole[:0]] * len(texts)
        for batch in self._batches([a + b for a, b in zip(before, texts, strict=True)]):
            tokens = self._tokens(batch)
            whole[batch.rows] = _means(tokens, batch)
            for row, i in enumerate(batch.rows):
                offsets = np.array(batch.encodings[row].offsets) - len(before[i])
                mine = tokens[row, : len(offsets)]
                parts[i] = mean_by_sentence(mine, offsets, sentences[i], whole[i])
        return whole, parts

    def _batches(self, texts: Sequence[str]) -> Iterator[Batch]:
        """All texts, the longest first, so that those of like length go together."""
        made = self._made(texts)
        return _ahead(made) if len(texts) > TOKENIZED else made

    def _made(self, texts: Sequence[str]) -> Iterator[Batch]:
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        for low in range(0, len(order), TOKENIZED):
            rows = order[low : low + TOKENIZED]
            found = self._tokenizer.encode_batch([texts[i] for i in rows])
            for part in within_budget([len(one.ids) for one in found]):
                yield self._batch([rows[k] for k in part], [found[k] for k in part])

    def _batch(self, rows: list[int], encodings: list[Encoding]) -> Batch:
        shape = (len(rows), padded(max(len(one.ids) for one in encodings)))
        ids, mask = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        for row, one in enumerate(encodings):
            ids[row, : len(one.ids)] = one.ids
            mask[row, : len(one.ids)] = 1
        return Batch(rows, encodings, self._embeddings[ids], mask)

    def _tokens(self, batch: Batch) -> Matrix:
        """A vector for each token of each text."""
        request = self._idle.pop() if self._idle else self._network.create_infer_request()
        tokens = np.array(request.infer([batch.words, batch.mask], share_inputs=True)[0])
        self._idle.append(request)
        return tokens


def within_budget(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Places of the texts that go together, the longest first.

    As many as keep to the budget, and no more than are worth their padding.
    """
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    while order:
        longest = padded(lengths[order[0]])
        fit = max(1, BUDGET // longest)
        wasted = [longest - padded(lengths[i]) for i in order[:fit]]
        cut = next((k for k, one in enumerate(wasted) if one * (len(wasted) - k) > CALL), fit)
        yield order[:cut]
        order = order[cut:]


def padded(length: int) -> int:
    """The next multiple of `STEP`."""
    return -(-length // STEP) * STEP


def _loaded(graph: Path, precision: str, threads: int) -> Any:
    options = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": precision,
        "ENABLE_CPU_PINNING": False,  # others work here too
    }
    return openvino.Core().compile_model(str(graph), "CPU", options)


def _means(tokens: Matrix, batch: Batch) -> Matrix:
    rows = [tokens[k, : len(one.ids)].mean(axis=0) for k, one in enumerate(batch.encodings)]
    return unit(np.stack(rows))


def _ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The same, each made in a thread while the one before it is computed."""
    with ThreadPoolExecutor(1, "tokenizer") as worker:
        following = worker.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = worker.submit(next, batches, None)
            yield batch
