"""The packaged model, compiled once for all tests."""

from pathlib import Path

import pytest

from index.embedders.compiled import CompiledEmbedder
from index.embedders.opened import open_embedder
from index.embedders.sentence_transformers import SentenceTransformerEmbedder
from index.embedders.weights import PACKAGED


@pytest.fixture(scope="session")
def encoders(caches: Path) -> Path:
    """Where `build_embedder` keeps them, with the packaged model in it."""
    cache = caches / "encoders"
    open_embedder(PACKAGED, cache)
    return cache


@pytest.fixture(scope="session")
def compiled(encoders: Path) -> CompiledEmbedder:
    found = open_embedder(PACKAGED, encoders)
    assert isinstance(found, CompiledEmbedder)
    return found


@pytest.fixture(scope="session")
def reference() -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder()
