"""Collections of any size, made from real articles: with the words and neighbourhoods of news.

The real passages come first, with their own vectors. Each that is made then has sentences of real
ones, with these sentences' vectors; its own is mixed of two real passages', as `_made` says.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.identity import new_article
from index.split import Piece, split
from index.tables import Embedded
from index.types import Article, Embedder, Matrix
from qa.records import json_lines

PARTS = (3, 12)
"""Passages of an article that is made: from so many to fewer than so many."""
OTHER, NOISE = 0.3, 0.3
"""Of a made vector, at most this share is another real one; and the length of the noise on it."""


@dataclass(frozen=True, slots=True)
class Base:
    """Real articles: a row a passage, its sentences' rows, and headlines as questions."""

    articles: Sequence[Embedded]
    questions: Sequence[str]
    asked: Matrix


def base(files: Sequence[Path], passages: int, questions: int, embedder: Embedder) -> Base:
    """So many real passages, from JSONL files in turn; headlines that follow are the questions."""
    chosen: list[tuple[Article, list[Piece]]] = []
    asked: list[str] = []
    count = 0
    for article in _articles(files):
        if count < passages:
            chosen.append((article, split(article.text, article.title)))
            count += len(chosen[-1][1])
        elif len(asked) < questions and article.title:
            asked.append(article.title)
        elif len(asked) >= questions:
            break
    found = []
    for article, pieces in chosen:
        texts = [article.text[one.start : one.end] for one in pieces]
        places = [[(a - one.start, b - one.start) for a, b in one.sentences] for one in pieces]
        whole, parts = embedder.embed_passages([article.title] * len(texts), texts, places)
        rows = [np.vstack([one[None], more]) for one, more in zip(whole, parts, strict=True)]
        found.append(Embedded(article, pieces, rows))
    return Base(found, asked, embedder.embed_queries(asked))


def upto(base: Base, passages: int) -> Iterator[Embedded]:
    """The real articles, then made ones, until there are so many passages."""
    left = passages
    for item in base.articles:
        if left <= 0:
            return
        yield Embedded(item.article, item.pieces[:left], item.vectors[:left])
        left -= len(item.pieces)
    chance = np.random.default_rng(0)
    pool = [rows for item in base.articles for rows in item.vectors]
    own = np.stack([rows[0] for rows in pool])
    sentences = [
        (item.article.text[a:b], rows[1 + place])
        for item in base.articles
        for piece, rows in zip(item.pieces, item.vectors, strict=True)
        for place, (a, b) in enumerate(piece.sentences)
    ]
    counts = [len(rows) - 1 for rows in pool]
    titles = [item.article.title for item in base.articles]
    number = 0
    while left > 0:
        count = min(int(chance.integers(*PARTS)), left)
        title = titles[int(chance.integers(len(titles)))]
        yield _made(chance, number, title, count, own, sentences, counts)
        number += 1
        left -= count


def _made(
    chance: np.random.Generator,
    number: int,
    title: str,
    count: int,
    own: Matrix,
    sentences: Sequence[tuple[str, Matrix]],
    counts: Sequence[int],
) -> Embedded:
    """An article of sentences of real ones, each with its own vector; a passage's is mixed.

    Of two real passages' vectors, the second with a share of up to `OTHER`, and noise.
    """
    text, pieces, vectors = "", [], []
    for one, other in chance.integers(len(own), size=(count, 2)):
        chosen = chance.integers(len(sentences), size=counts[one])
        spans = []
        for place in chosen:
            spans.append((len(text), len(text) + len(sentences[place][0])))
            text += sentences[place][0] + " "
        share = chance.uniform(0, OTHER)
        noise = chance.normal(size=own.shape[1]) * NOISE / own.shape[1] ** 0.5
        mixed = unit(((1 - share) * own[one] + share * own[other] + noise)[None])
        pieces.append(Piece(spans[0][0], spans[-1][1], tuple(spans)))
        vectors.append(np.vstack([mixed, *(sentences[place][1][None] for place in chosen)]))
    article = new_article(external_id=f"made-{number}", title=title, text=text)
    return Embedded(article, pieces, vectors)


def _articles(files: Sequence[Path]) -> Iterator[Article]:
    """A line of each file in turn, so that a part of all is a part of each."""
    readers = [json_lines(path) for path in files]
    seen: set[str] = set()
    while readers:
        for reader in list(readers):
            line = next(reader, None)
            if line is None:
                readers.remove(reader)
            elif text := line.text("text", ""):
                title = str(line.value.get("title") or "")
                article = new_article(text=text, title=title)
                if article.id not in seen:
                    seen.add(article.id)
                    yield article


def unit(rows: Matrix) -> Matrix:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)
