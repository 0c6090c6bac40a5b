"""CompiledEmbedder: a model as `compiling.py` has made it, run by OpenVINO without torch.

Its vectors are those of the reference, `sentence_transformers.py`, within `compiling.LIMIT`, so
that an index may be made with one and searched with the other.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from tokenizers import Encoding, Tokenizer

from index.embedders.late import heads, mean_by_sentence, unit
from index.embedders.network import Batch, Behind, Network
from index.embedders.weights import tensor
from index.processor import cores
from index.types import Matrix, Spans

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
"""Texts whose words are looked up together; those of like length share a batch."""
PER_THREAD = 3
"""Passages for each thread that are embedded together: one by itself takes a tenth longer, and six
no less."""


@dataclass(frozen=True, slots=True)
class About:
    """What is to be known of a compiled model besides its files."""

    embeddings: str
    """The name of the word embeddings in the model's own weights: they are not kept twice."""
    max_tokens: int
    precision: str
    question_prompt: str = ""
    passage_prompt: str = ""


class CompiledEmbedder:
    """A BERT-like model that pools by the mean. Safe for any number of threads."""

    def __init__(
        self,
        folder: Path,
        weights: Path,
        about: About,
        *,
        name: str,
        threads: int = 0,
        load: Callable[..., Network] = Network,
    ) -> None:
        """`load` makes a network of the graph; benchmarks give that of another runtime."""
        self.name = name
        self._about = about
        self._tokenizer = Tokenizer.from_file(str(folder / WORDS))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(about.max_tokens)
        self._embeddings = tensor(weights, about.embeddings)
        self.dim = self._embeddings.shape[1]
        threads = threads or cores()
        self.at_once = PER_THREAD * threads
        """Passages that are best embedded together."""
        ready = partial(load, folder / GRAPH, about.precision, threads=threads)
        self._questions = ready()
        # By one network a question would wait for the passages that are being computed.
        self._passages = Behind(partial(ready, streams=threads), self._questions, threads=threads)
        # Two threads that are the first to call the runtime may wait for each other for ever: what
        # it makes ready then it does under a lock of its own, and lets go of Python's meanwhile.
        self.embed_queries([""])

    def embed_queries(self, texts: Sequence[str]) -> Matrix:
        """A row a question, with the model's own question prompt where it has one."""
        whole = np.empty((len(texts), self.dim), np.float32)
        asked = [self._about.question_prompt + text for text in texts]
        for rows in _alike(asked, TOKENIZED):
            for batch in self._batches(asked, rows):
                whole[batch.rows] = _means(self._questions(batch), batch)
        return whole

    def embed_passages(
        self, titles: Sequence[str], texts: Sequence[str], sentences: Sequence[Spans]
    ) -> tuple[Matrix, list[Matrix]]:
        """A row a passage with its title, and for each a row a sentence."""
        before = [self._about.passage_prompt + head for head in heads(titles)]
        read = [a + b for a, b in zip(before, texts, strict=True)]
        whole = np.empty((len(texts), self.dim), np.float32)
        parts: list[Matrix] = [whole[:0]] * len(texts)

        def embed(network: Network, rows: list[int]) -> None:
            for batch in self._batches(read, rows):
                tokens = network(batch)
                whole[batch.rows] = _means(tokens, batch)
                for row, i in enumerate(batch.rows):
                    offsets = np.array(batch.encodings[row].offsets) - len(before[i])
                    mine = tokens[row, : len(offsets)]
                    parts[i] = mean_by_sentence(mine, offsets, sentences[i], whole[i])

        # Each thread looks up the words of its own texts, while the others compute.
        share = -(-len(read) // self._passages.threads)
        self._passages.each(_alike(read, min(share, TOKENIZED)), embed)
        return whole, parts

    def _batches(self, texts: Sequence[str], rows: Sequence[int]) -> Iterator[Batch]:
        """Those of the texts, as they go through the network."""
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


def _alike(texts: Sequence[str], size: int) -> Iterator[list[int]]:
    """Places of texts of like length, so many at a time, the longest first."""
    order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
    return (order[low : low + size] for low in range(0, len(order), size or 1))


def _means(tokens: Matrix, batch: Batch) -> Matrix:
    rows = [tokens[k, : len(one.ids)].mean(axis=0) for k, one in enumerate(batch.encodings)]
    return unit(np.stack(rows))
