"""The names of the embedding models, known without loading one."""

from api.settings import Settings
from index.embedders.hashing import HashingEmbedder

DEFAULT = "all-MiniLM-L6-v2"
"""As index.embedders.sentence_transformers has it, which cannot be imported without torch."""
HASHING = "hashing"
"""Instead of a model: the embedder without weights."""


def model_of(settings: Settings) -> str:
    """The name of the embedding model that the settings ask for."""
    if settings.embed_model == HASHING:
        return HashingEmbedder().name
    return settings.embed_model or DEFAULT
