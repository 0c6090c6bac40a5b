"""The encoder by runtime and precision: how fast it is, how near to the reference, what it finds.

Those that were not taken are made here only, from the same network.
"""

import statistics
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from api.build import build_pipeline
from api.settings import Settings
from index.embedders.compiled import About, CompiledEmbedder
from index.embedders.compiling import compile_model
from index.embedders.network import Batch, Network
from index.embedders.sentence_transformers import SentenceTransformerEmbedder
from index.embedders.weights import PACKAGED, WEIGHTS, folder_of
from index.split import split
from index.types import Embedder, Matrix, Spans
from qa.questions import Dataset
from qa.sweep import run

EMBEDDINGS = "embeddings.word_embeddings.weight"
TOGETHER = 16
QUESTIONS = 256
Progress = Callable[[Iterable[Any], str, int], Iterable[Any]]


@dataclass(frozen=True, slots=True)
class Texts:
    """What is embedded: passages as the index has them, and questions."""

    titles: Sequence[str]
    passages: Sequence[str]
    sentences: Sequence[Spans]
    questions: Sequence[str]


def texts(dataset: Dataset, passages: int) -> Texts:
    """The first passages of a set, and its first questions."""
    found: list[tuple[str, str, Spans]] = []
    for article in dataset.articles:
        for one in split(article.text, article.title):
            spans = [(a - one.start, b - one.start) for a, b in one.sentences]
            found.append((article.title, article.text[one.start : one.end], spans))
        if len(found) >= passages:
            break
    titles, cut, sentences = zip(*found[:passages], strict=True)
    return Texts(titles, cut, sentences, [one.text for one in dataset.questions[:QUESTIONS]])


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one encoder; medians of the rounds, times in milliseconds."""

    name: str
    passages_per_s: float
    question_ms: float
    questions_per_s: float
    cosines: tuple[float, float]
    """The mean and the least, of all vectors with the reference's."""
    found: dict[str, float]
    """nDCG@10 by the name of the set."""


class OnnxNetwork(Network):
    """ONNX Runtime in OpenVINO's place: the same words, batches and means around it."""

    def __init__(
        self, path: Path, _graph: Path, _precision: str, *, threads: int, streams: int = 1
    ) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads // streams
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        providers = ["CPUExecutionProvider"]
        self._session = onnxruntime.InferenceSession(str(path), options, providers)

    def __call__(self, batch: Batch) -> Matrix:
        """A vector for each token of each text."""
        (tokens,) = self._session.run(None, {"words": batch.words, "mask": batch.mask})
        return np.asarray(tokens, np.float32)


def variants(folder: Path) -> dict[str, Embedder]:
    """All of the packaged model, by name; the reference first."""
    reference = SentenceTransformerEmbedder()
    compile_model(PACKAGED, folder)
    weights = (folder_of(PACKAGED) or Path()) / WEIGHTS
    about = About(EMBEDDINGS, reference.max_tokens or 0, "f32")
    found: dict[str, Embedder] = {"PyTorch float32, the reference": reference}
    for graph, name in _onnx(reference.network, folder).items():
        load = partial(OnnxNetwork, graph)
        found[name] = CompiledEmbedder(folder, weights, about, name=PACKAGED, load=load)
    for precision, name in (("f32", "OpenVINO float32"), ("bf16", "OpenVINO bfloat16")):
        told = About(EMBEDDINGS, reference.max_tokens or 0, precision)
        found[name] = CompiledEmbedder(folder, weights, told, name=PACKAGED)
    return found


def _onnx(network: Any, folder: Path) -> dict[Path, str]:
    """Exported for ONNX Runtime: as it is, and with 8-bit integers."""

    class Tokens(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, words: torch.Tensor, mask: torch.Tensor) -> Any:
            return self.network(inputs_embeds=words, attention_mask=mask).last_hidden_state

    whole, small = folder / "whole.onnx", folder / "small.onnx"
    size = network.get_input_embeddings().embedding_dim
    free = {0: "texts", 1: "tokens"}
    with warnings.catch_warnings(action="ignore"):
        torch.onnx.export(
            Tokens().eval(),  # else it leaves the network in training
            (torch.randn(2, 9, size), torch.ones(2, 9, dtype=torch.int64)),
            str(whole),
            dynamo=False,
            input_names=["words", "mask"],
            output_names=["vectors"],
            dynamic_axes={"words": free, "mask": free, "vectors": free},
        )
    quantize_dynamic(whole, small, per_channel=True, weight_type=QuantType.QInt8)
    return {whole: "ONNX Runtime float32", small: "ONNX Runtime int8, dynamic, per channel"}


def ndcg(name: str, embedder: Embedder, cache: Path) -> float:
    """At 10, of a set, with this encoder's vectors alone."""
    build = partial(build_pipeline, settings=Settings(reader="none"))
    (found,) = run(name, embedder, build, cache=cache)
    return found.metrics["ndcg@10"]


def measured(
    embedders: dict[str, Embedder],
    texts: Texts,
    found: dict[str, dict[str, float]],
    *,
    rounds: int,
    progress: Progress,
) -> list[Figures]:
    """Each in turn, round by round; `found` is what each finds."""
    vectors = {name: _vectors(one, texts) for name, one in embedders.items()}  # and warm
    runs: dict[str, list[tuple[float, float, float]]] = {name: [] for name in embedders}
    for _ in progress(range(rounds), "rounds", rounds):
        for name, one in embedders.items():
            runs[name].append(_run(one, texts))
    reference = next(iter(vectors.values()))
    return [
        Figures(
            name,
            *(statistics.median(column) for column in zip(*runs[name], strict=True)),
            cosines=_cosines(rows, reference),
            found=found[name],
        )
        for name, rows in vectors.items()
    ]


def _run(embedder: Embedder, texts: Texts) -> tuple[float, float, float]:
    start = time.perf_counter()
    embedder.embed_passages(texts.titles, texts.passages, texts.sentences)
    passages = len(texts.passages) / (time.perf_counter() - start)
    times = []
    for question in texts.questions:
        start = time.perf_counter()
        embedder.embed_queries([question])
        times.append(time.perf_counter() - start)
    start = time.perf_counter()
    for low in range(0, len(texts.questions), TOGETHER):
        embedder.embed_queries(texts.questions[low : low + TOGETHER])
    together = len(texts.questions) / (time.perf_counter() - start)
    return passages, 1000 * statistics.median(times), together


def _vectors(embedder: Embedder, texts: Texts) -> Matrix:
    whole, parts = embedder.embed_passages(texts.titles, texts.passages, texts.sentences)
    return np.concatenate([whole, *parts, embedder.embed_queries(texts.questions)])


def _cosines(rows: Matrix, others: Matrix) -> tuple[float, float]:
    found = (rows * others).sum(axis=1)
    return float(found.mean()), float(found.min())


def report(found: Sequence[Figures]) -> str:
    """A table in Markdown."""
    heads = ["encoder", "passages/s", "a question, p50, ms", "16 at once, questions/s"]
    heads += ["cosine, mean (least)", *found[0].found]
    rows = [heads, ["---", *["---:"] * (len(heads) - 1)]]
    for one in found:
        speed = f"{one.passages_per_s:.0f}", f"{one.question_ms:.1f}", f"{one.questions_per_s:.0f}"
        mean, least = one.cosines
        figures = [f"{figure:.4f}" for figure in one.found.values()]
        rows.append([one.name, *speed, f"{mean:.4f} ({least:.4f})", *figures])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
