"""txtai's side of `python -m bench quality`; it runs in txtai's own environment, without our code.

Reads `passages.jsonl` ([document, text] a line) and `questions.json` in a folder, searches each
question by vectors and by its default hybrid, and writes rows with scores to `found.json`.
"""

import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

SYSTEMS = {"dense": 1.0, "hybrid": None}
"""The weight of the vectors; None is txtai's default, half of the score. 1 leaves BM25 out."""
EXACT = {"components": "IDMap,Flat"}
"""Its default for up to 5,000 rows; above, it would search in a part of them only."""
DEPTH = 100
DOCUMENTS = 10
"""As many as the figures look at."""
DEEPER = 4

Hits = Sequence[tuple[int, float]]
"""Rows with their scores, best first."""


def deep(search: Callable[[int], Hits], owners: Sequence[str]) -> Hits:
    """The best 100 rows, or more until they are of 10 documents; asked of both sides alike."""
    k = DEPTH
    while True:
        hits = search(k)
        if len(hits) < k or len({owners[row] for row, _ in hits}) >= DOCUMENTS:
            return hits
        k *= DEEPER


def main(folder: Path, place: Path, model: str) -> None:
    """Search for all questions."""
    rows = [json.loads(line) for line in (folder / "passages.jsonl").open(encoding="utf-8")]
    questions = json.loads((folder / "questions.json").read_text())
    texts = [text for _, text in rows]
    owners = [document for document, _ in rows]
    source: dict[str, Any] = {"path": model}
    if (folder / "passages.npy").exists():
        source = {"transform": _lookup(folder, texts, questions)}
    index = _index(place, texts, source)
    hits = {
        name: [deep(partial(index.search, text, weights=weight), owners) for text in questions]
        for name, weight in SYSTEMS.items()
    }
    found = {"version": metadata.version("txtai"), "hits": hits}
    (folder / "found.json").write_text(json.dumps(found))


def _index(place: Path, texts: Sequence[str], source: dict[str, Any]) -> Any:
    from txtai import Embeddings  # type: ignore[import-not-found]  # noqa: PLC0415 -- not ours

    if place.exists():
        return Embeddings().load(str(place), config=source)
    index = Embeddings({"hybrid": True, "faiss": EXACT, **source})
    index.index(texts)
    unfinished = place.with_name(f"{place.name}.tmp")
    index.save(str(unfinished))
    unfinished.rename(place)
    return index


def _lookup(
    folder: Path, texts: Sequence[str], questions: Sequence[str]
) -> Callable[[Sequence[str]], Any]:
    """What txtai calls for vectors that come from elsewhere."""
    known = dict(zip(texts, np.load(folder / "passages.npy"), strict=True))
    known |= zip(questions, np.load(folder / "questions.npy"), strict=True)
    return lambda wanted: np.stack([known[text] for text in wanted])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
