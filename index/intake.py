"""Articles on their way in: what each needs, and its vectors."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.split import Piece
from index.tables import Embedded
from index.types import Article, Embedder, WriteResult, Written


@dataclass(frozen=True, slots=True)
class Entry:
    """An article on its way in: with its pieces, or with its result where nothing is to do."""

    article: Article
    known: Written | None
    pieces: list[Piece]


def embedded(entries: Sequence[Entry], embedder: Embedder) -> list[Embedded]:
    """The entries with a vector for each passage and each of its sentences, in one call."""
    flat = [(entry.article, piece) for entry in entries for piece in entry.pieces]
    whole, parts = embedder.embed_passages(
        [article.title for article, _ in flat],
        [article.text[piece.start : piece.end] for article, piece in flat],
        [[(a - p.start, b - p.start) for a, b in p.sentences] for _, p in flat],
    )
    rows = [np.vstack([one[None], more]) for one, more in zip(whole, parts, strict=True)]
    vectors = iter(rows)
    return [
        Embedded(entry.article, entry.pieces, list(itertools.islice(vectors, len(entry.pieces))))
        for entry in entries
    ]


def written(entry: Entry, replaced: set[str]) -> Written:
    """What became of an article that was embedded."""
    article = entry.article
    result: WriteResult = "updated" if article.id in replaced else "created"
    return Written(article.id, article.external_id, result, len(entry.pieces))
