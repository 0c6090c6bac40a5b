"""Makes a compiled model from the reference, and checks it against the reference before it is used.

A program, `python -m index.embedders.compiling MODEL FOLDER`, so that torch, which does it, is gone
when it is done.
"""

import importlib
import json
import logging
import sys
import warnings
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from index.embedders.compiled import GRAPH, NUMBERS, WORDS, About, CompiledEmbedder
from index.embedders.sentence_transformers import SentenceTransformerEmbedder
from index.embedders.weights import PACKAGED, WEIGHTS, folder_of, matrices, sha256, tensor
from index.processor import multiplies_bfloat16
from index.types import Embedder, Matrix

import openvino  # isort: skip  # only after network.py has silenced it

ABOUT = "about.json"
LIMIT = 0.999
"""The least cosine that any vector of the check may have with the reference's."""

PASSAGES = (
    (
        "US, Russia to meet",
        "Syrian warplanes pounded Aleppo again today. US officials will meet tomorrow with their "
        "Russian counterparts in Geneva, Kerry said. He was in Paris for a meeting of ministers.",
    ),
    (
        "",
        "Shares of the brewer fell 4.5 percent to €31.20 on Tuesday, their lowest since 2019.",
    ),
    (
        "Östmere",
        "Der Hafen von Östmere öffnete am Montag wieder. 🚢 船員們回到了工作崗位。 Strike over!",
    ),
    ("Long", "The committee heard the second witness on Thursday afternoon. " * 40),
    ("A word", "Yes."),
    ("", ""),
)
QUESTIONS = (
    "who is meeting in Geneva?",
    "How many people were killed by the earthquake in southern Turkey and northern Syria in 2023?",
    "Österreich Wahl Ergebnis",
    "flood",
    "",
)


class Unsuitable(Exception):
    """Why a model is run by the reference instead; `expected` where its design is the reason."""

    def __init__(self, reason: str, *, expected: bool) -> None:
        super().__init__(reason)
        self.expected = expected


def compile_model(model: str, folder: Path) -> None:
    """Write the compiled model into the folder, or why there is none."""
    try:
        about = _compiled(model, folder)
        _write(folder, {"about": asdict(about), "files": _digests(folder)})
    except Unsuitable as why:
        _write(folder, {"unsuitable": str(why), "expected": why.expected})


def _compiled(model: str, folder: Path) -> About:
    reference = SentenceTransformerEmbedder(model)
    if not reference.pools_by_mean or reference.max_tokens is None:
        raise Unsuitable("it does not pool by the mean of so many tokens", expected=True)
    weights = _weights(model)
    about = About(
        embeddings=_named(weights, reference.network.get_input_embeddings().weight),
        max_tokens=reference.max_tokens,
        precision="",
        question_prompt=reference.question_prompt,
        passage_prompt=reference.passage_prompt,
    )
    reference.tokenizer.save(str(folder / WORDS))
    try:
        openvino.save_model(_graph(reference.network), folder / GRAPH, compress_to_fp16=True)
    except Exception as error:  # whatever a model's own code raises when it is traced
        raise Unsuitable(f"it cannot be exported: {error}", expected=False) from error
    return _agreeing(folder, weights, about, reference)


def _weights(model: str) -> Path:
    folder = folder_of(model)
    if folder is None:
        raise Unsuitable(f"its weights are not in a {WEIGHTS}", expected=True)
    return folder / WEIGHTS


def _named(weights: Path, parameter: torch.Tensor) -> str:
    """The name of the word embeddings in the file of weights."""
    words = parameter.detach().numpy()
    for name, shape in matrices(weights).items():
        if shape == words.shape and np.array_equal(tensor(weights, name), words):
            return name
    raise Unsuitable(f"its word embeddings are not in {weights} as float32", expected=True)


def _graph(network: Any) -> Any:
    """From word embeddings and mask to a vector for each token."""

    class Tokens(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, words: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            found: torch.Tensor = self.network(
                inputs_embeds=words, attention_mask=mask
            ).last_hidden_state
            return found

    sys.modules.pop("openvino.tools.ovc", None)  # which network.py has left out
    converter = importlib.import_module("openvino.tools.ovc")
    size = network.get_input_embeddings().embedding_dim
    mask = torch.ones(2, 9, dtype=torch.int64)
    mask[1, 5:] = 0
    shapes = [([-1, -1, size], openvino.Type.f32), ([-1, -1], openvino.Type.i64)]
    # Tracing warns of what is fixed in the graph; the check sees whether that matters.
    with torch.inference_mode(), warnings.catch_warnings(action="ignore"):
        example = (torch.randn(2, 9, size), mask)
        return converter.convert_model(Tokens().eval(), example_input=example, input=shapes)


def _agreeing(
    folder: Path, weights: Path, about: About, reference: SentenceTransformerEmbedder
) -> About:
    """With the fastest precision that passes."""
    found = 0.0
    for precision in ("bf16", "f32") if multiplies_bfloat16() else ("f32",):
        tried = replace(about, precision=precision)
        embedder = CompiledEmbedder(folder, weights, tried, name=reference.name)
        found = agreement(embedder, reference)
        if found >= LIMIT:
            return tried
    reason = f"its vectors have a cosine of {found:.4f} with the reference's, less than {LIMIT}"
    raise Unsuitable(reason, expected=False)


def agreement(one: Embedder, other: Embedder) -> float:
    """The least cosine between two embedders' vectors of passages, sentences and questions."""
    rows = zip(_vectors(one), _vectors(other), strict=True)
    return min(float((a * b).sum(axis=1).min()) for a, b in rows)


def _vectors(embedder: Embedder) -> Sequence[Matrix]:
    titles, texts = zip(*PASSAGES, strict=True)
    spans = [[(low, min(low + 60, len(text))) for low in range(0, len(text), 60)] for text in texts]
    whole, parts = embedder.embed_passages(titles, texts, spans)
    return [whole, np.concatenate(parts), embedder.embed_queries(QUESTIONS)]


def _digests(folder: Path) -> dict[str, str]:
    return {name: sha256(folder / name) for name in (GRAPH, NUMBERS, WORDS)}


def _write(folder: Path, facts: dict[str, Any]) -> None:
    (folder / ABOUT).write_text(json.dumps(facts, indent=1))


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    compile_model(sys.argv[1] or PACKAGED, Path(sys.argv[2]))
