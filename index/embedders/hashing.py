"""An embedder without weights: hashed words. Finds shared words, knows no meaning."""

import re
import zlib
from collections.abc import Sequence

import numpy as np

from index.types import Matrix, Spans

WORD = re.compile(r"\w+")


class HashingEmbedder:
    """The hashing trick (Weinberger et al. 2009) on lower-cased words; instant and repeatable."""

    def __init__(self, dim: int = 256) -> None:
        self.dim = dim
        self.name = f"hashing-{dim}"

    def embed_queries(self, texts: Sequence[str]) -> Matrix:
        """A row a question."""
        return self._rows(texts)

    def embed_passages(
        self, titles: Sequence[str], texts: Sequence[str], sentences: Sequence[Spans]
    ) -> tuple[Matrix, list[Matrix]]:
        """A row a passage with its title, and for each a row a sentence."""
        whole = self._rows([f"{a}\n{b}" for a, b in zip(titles, texts, strict=True)])
        parts = [
            self._rows([text[start:end] for start, end in spans])
            for text, spans in zip(texts, sentences, strict=True)
        ]
        return whole, parts

    def _rows(self, texts: Sequence[str]) -> Matrix:
        rows = np.zeros((len(texts), self.dim), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in WORD.findall(text.lower()):
                digest = zlib.crc32(word.encode())
                row[digest % self.dim] += 1.0 if digest & (1 << 31) else -1.0
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        return np.asarray(rows / np.maximum(norms, 1e-12), np.float32)
