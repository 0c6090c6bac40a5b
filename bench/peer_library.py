"""The side of Chroma and of Haystack in `python -m bench speed`; it runs in their environment.

Reads `task.json` in a folder: which of them, the model, passages and questions, and where what has
been indexed is kept. Writes `found.json`: passages a second where some were indexed, milliseconds
of each search, and megabytes resident. They are called in this process: no HTTP is in their times.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

os.environ |= {"HAYSTACK_TELEMETRY_ENABLED": "False", "ANONYMIZED_TELEMETRY": "False"}

LIMIT = 10
BATCH = 500
"""Passages that Chroma is given at once; it takes no more than some thousands."""
WARM = 20

Search = Callable[[str], Any]


def chroma(model: str, place: Path, texts: Sequence[str]) -> Search:
    """Its persistent client; by vectors only, which is the search that it has."""
    import chromadb  # type: ignore[import-not-found]  # noqa: PLC0415 -- not ours
    from chromadb.utils import embedding_functions as known  # type: ignore[import-not-found]  # noqa: PLC0415

    embed = known.SentenceTransformerEmbeddingFunction(model_name=model, device="cpu")
    client = chromadb.PersistentClient(str(place))
    stored = client.get_or_create_collection("passages", embedding_function=embed)
    for start in range(stored.count(), len(texts), BATCH):
        some = list(texts[start : start + BATCH])
        stored.add(ids=[f"{start + row}" for row in range(len(some))], documents=some)
    return lambda question: stored.query(query_texts=[question], n_results=LIMIT)


def haystack(model: str, place: Path, texts: Sequence[str]) -> Search:
    """Its store in memory, by BM25 and by vectors, joined by rank as its guide for hybrids does."""
    from haystack import Document, Pipeline  # type: ignore[import-not-found]  # noqa: PLC0415
    from haystack.components.joiners import DocumentJoiner  # type: ignore[import-not-found]  # noqa: PLC0415
    from haystack.components.retrievers.in_memory import (  # type: ignore[import-not-found]  # noqa: PLC0415
        InMemoryBM25Retriever,
        InMemoryEmbeddingRetriever,
    )
    from haystack.document_stores.in_memory import (  # type: ignore[import-not-found]  # noqa: PLC0415
        InMemoryDocumentStore,
    )
    from haystack_integrations.components.embedders.sentence_transformers import (  # type: ignore[import-not-found]  # noqa: PLC0415
        SentenceTransformersDocumentEmbedder,
        SentenceTransformersTextEmbedder,
    )

    if place.exists():
        store = InMemoryDocumentStore.load_from_disk(str(place))
    else:
        store = InMemoryDocumentStore(embedding_similarity_function="cosine")
        embedder = SentenceTransformersDocumentEmbedder(model=model, progress_bar=False)
        embedder.warm_up()
        store.write_documents(embedder.run([Document(content=one) for one in texts])["documents"])
        store.save_to_disk(str(place))
    asked = Pipeline()
    asked.add_component("embed", SentenceTransformersTextEmbedder(model=model, progress_bar=False))
    asked.add_component("dense", InMemoryEmbeddingRetriever(store, top_k=LIMIT))
    asked.add_component("words", InMemoryBM25Retriever(store, top_k=LIMIT))
    asked.add_component("join", DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=LIMIT))
    asked.connect("embed.embedding", "dense.query_embedding")
    asked.connect("dense", "join")
    asked.connect("words", "join")
    return lambda question: asked.run({"embed": {"text": question}, "words": {"query": question}})


SYSTEMS = {"chroma": chroma, "haystack": haystack}
PACKAGES = {"chroma": "chromadb", "haystack": "haystack-ai"}


def main(folder: Path) -> None:
    """Index, unless that was done before, and search for all questions."""
    task = json.loads((folder / "task.json").read_text())
    system, model, place = SYSTEMS[task["system"]], task["model"], Path(task["place"])
    found: dict[str, Any] = {"version": metadata.version(PACKAGES[task["system"]])}
    if some := task["some"]:
        system(model, folder / "warm", some[:WARM])
        begun = time.perf_counter()
        system(model, folder / "some", some)
        found["ingest_per_s"] = len(some) / (time.perf_counter() - begun)
    search = system(model, place, task["texts"])
    found["ms"] = [_taken(search, one) for one in task["questions"]][WARM:]
    found["megabytes"] = _resident()
    (folder / "found.json").write_text(json.dumps(found))


def _taken(search: Search, question: str) -> float:
    begun = time.perf_counter()
    search(question)
    return 1000 * (time.perf_counter() - begun)


def _resident() -> float:
    command = ["ps", "-o", "rss=", "-p", f"{os.getpid()}"]
    return int(subprocess.run(command, capture_output=True, check=True).stdout) / 1024  # noqa: S603


if __name__ == "__main__":
    main(Path(sys.argv[1]))
