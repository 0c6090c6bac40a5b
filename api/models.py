"""The names of the embedding models, known without loading one."""

from api.settings import Settings
from index.embedders.hashing import HashingEmbedder
from index.embedders.weights import PACKAGED

HASHING = "hashing"
"""Instead of a model: the embedder without weights."""


def model_of(settings: Settings) -> str:
    """The name of the embedding model that the settings ask for."""
    if settings.embed_model == HASHING:
        return HashingEmbedder().name
    return settings.embed_model or PACKAGED
