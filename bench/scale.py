"""How the index does at a size: built from what is stored, opened again, asked and changed."""

import multiprocessing
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from bench import load
from bench.made import Base, unit, upto
from bench.servers import Side, dateline, running
from index.corpus import STORE, Corpus
from index.identity import new_article
from index.split import VERSION
from index.store import PassageStore
from index.tables import Embedded
from index.types import Embedder, Matrix, Spans
from qa.retrieve import CANDIDATES, HybridRetriever

GOALS = {
    "indexes built from the store, s": "≤ 600",
    "`qa serve` until ready, s": "≤ 2.5 at 100,000",
    "search over HTTP p50, ms": "≤ 6, 10 and 15 at 10,000, 100,000 and 1,000,000",
    "search over HTTP p95, ms": "≤ 30 at 1,000,000",
    "recall@10 against exact": "≥ 0.99 at 100,000; ≥ 0.97 at 1,000,000",
    "resident, the service, MB": "≤ 450 at 10,000; ≤ 2,000 at 1,000,000",
}
WARM = 5
"""One in so many questions is asked before any is timed."""
K = 10
CHANGES = 20
BATCH = 64


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of one size; times are seconds."""

    passages: int
    real: int
    lists: int
    build: float
    restart: float
    p50: float
    p95: float
    recall: float
    add: float
    remove: float
    ready: float
    """From the start of `qa serve` as a process until it can be asked."""
    search_p50: float
    search_p95: float
    """Of a search over HTTP by one client, with the model; every question is new."""
    resident: float
    """Megabytes of the service after these questions."""


class Known:
    """An embedder that has embedded before: it only says what it is."""

    def __init__(self, embedder: str, dim: int) -> None:
        self.name, self.dim = embedder, dim

    def embed_queries(self, texts: Sequence[str]) -> Matrix:
        """Never asked."""
        raise NotImplementedError

    def embed_passages(
        self, titles: Sequence[str], texts: Sequence[str], sentences: Sequence[Spans]
    ) -> tuple[Matrix, list[Matrix]]:
        """For what is added: rows that are somewhere."""
        chance = np.random.default_rng(len(texts))
        rows = [unit(chance.normal(size=(len(one) + 1, self.dim))) for one in sentences]
        return np.stack([one[0] for one in rows]), [one[1:] for one in rows]


def write(base: Base, passages: int, folder: Path, embedder: Embedder) -> None:
    """A store of so many passages."""
    folder.mkdir(parents=True)
    with closing(PassageStore(folder / STORE)) as store:
        store.connection().execute("PRAGMA synchronous = OFF")  # nothing of worth is lost
        store.set_meta({"model": embedder.name, "dim": str(embedder.dim), "split": str(VERSION)})
        batch: list[Embedded] = []
        for item in upto(base, passages):
            batch.append(item)
            if len(batch) == BATCH:
                store.put(batch)
                batch = []
        store.put(batch)


def measure(
    folder: Path,
    base: Base,
    passages: int,
    embedder: Embedder,
    *,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> Figures:
    """Make a store of this size, build its indexes, and ask in another process and over HTTP.

    The service gets these settings.
    """
    write(base, passages, folder, embedder)
    real = min(passages, sum(len(one.pieces) for one in base.articles))
    start = time.perf_counter()
    Corpus.open(folder, embedder).close()
    build = time.perf_counter() - start
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    arguments = (folder, embedder.name, embedder.dim, base.questions, base.asked, theirs)
    process = context.Process(target=_measured, args=arguments)
    process.start()
    theirs.close()
    found = ours.recv()
    process.join()
    side = dateline(folder)
    side = replace(side, environ={**side.environ, **settings})
    return Figures(real=real, build=build, **found, **_served(side, base.questions))


def _served(side: Side, questions: Sequence[str]) -> dict[str, float]:
    asked = [side.search(one) for one in questions]
    warm = len(asked) // WARM
    with running(side) as server:
        load.run(load.Task(server.port, asked[:warm]))
        times = np.array(load.run(load.Task(server.port, asked[warm:])).ms) / 1000
        return {
            "ready": server.ready_s,
            "search_p50": float(np.percentile(times, 50)),
            "search_p95": float(np.percentile(times, 95)),
            "resident": server.megabytes(),
        }


def report(found: Sequence[Figures]) -> str:
    """A table, with the goals beside it."""
    rows = {
        "passages": [f"{one.passages:,}" for one in found],
        "of them real": [f"{one.real:,}" for one in found],
        "lists": [f"{one.lists:,}" for one in found],
        "indexes built from the store, s": [f"{one.build:.0f}" for one in found],
        "opened again, s": [f"{one.restart:.2f}" for one in found],
        "retrieve p50, ms": [f"{one.p50 * 1000:.1f}" for one in found],
        "retrieve p95, ms": [f"{one.p95 * 1000:.1f}" for one in found],
        "recall@10 against exact": [f"{one.recall:.3f}" for one in found],
        "article added, ms": [f"{one.add * 1000:.0f}" for one in found],
        "article removed, ms": [f"{one.remove * 1000:.0f}" for one in found],
        "`qa serve` until ready, s": [f"{one.ready:.1f}" for one in found],
        "search over HTTP p50, ms": [f"{one.search_p50 * 1000:.1f}" for one in found],
        "search over HTTP p95, ms": [f"{one.search_p95 * 1000:.1f}" for one in found],
        "resident, the service, MB": [f"{one.resident:.0f}" for one in found],
    }
    lines = [_row(name, *cells, GOALS.get(name, "")) for name, cells in rows.items()]
    return "\n".join([lines[0], _row("---", *["---:"] * len(found), "---"), *lines[1:]])


# -- in a process of its own ----------------------------------------------------------------------


def _measured(
    folder: Path, name: str, dim: int, questions: Sequence[str], asked: Matrix, answer: object
) -> None:
    start = time.perf_counter()
    corpus = Corpus.open(folder, Known(name, dim))
    restart = time.perf_counter() - start
    retriever = HybridRetriever(corpus)
    times = []
    for question, vector in zip(questions, asked, strict=True):
        start = time.perf_counter()
        retriever.retrieve(question, vector, K)
        times.append(time.perf_counter() - start)
    recall = _recall(corpus, asked, dim)
    added, removed = _changes(corpus)
    found = {
        "passages": len(corpus.passages),
        "lists": getattr(getattr(corpus.passages, "_index", None), "nlist", 1),
        "restart": restart,
        "p50": float(np.percentile(times, 50)),
        "p95": float(np.percentile(times, 95)),
        "recall": recall,
        "add": added,
        "remove": removed,
    }
    answer.send(found)  # type: ignore[attr-defined]
    corpus.close()


def _recall(corpus: Corpus, asked: Matrix, dim: int) -> float:
    """The share of the ten best by the stored vectors that is among what is scored."""
    ids, scores = np.empty((len(asked), 0), np.int64), np.empty((len(asked), 0), np.float32)
    for stored in corpus.store.vectors(dim):
        own, keys = stored.vectors[stored.starts].rows(), stored.ids
        ids = np.hstack([ids, np.broadcast_to(keys, (len(asked), len(keys)))])
        scores = np.hstack([scores, asked @ own.T])
        best = np.argsort(-scores, axis=1)[:, :K]
        ids, scores = np.take_along_axis(ids, best, 1), np.take_along_axis(scores, best, 1)
    found = [corpus.passages.search(one[None], CANDIDATES)[0][0] for one in asked]
    shares = [np.isin(one, those).mean() for one, those in zip(ids, found, strict=True)]
    return float(np.mean(shares))


def _changes(corpus: Corpus) -> tuple[float, float]:
    """Medians of adding and of removing one article of one passage, safely on the disk."""
    added, removed = [], []
    for number in range(CHANGES):
        start = time.perf_counter()
        (written,) = corpus.add([new_article(text=f"Number {number} was added to the collection.")])
        added.append(time.perf_counter() - start)
        start = time.perf_counter()
        corpus.remove([written.id])
        removed.append(time.perf_counter() - start)
    return float(np.median(added)), float(np.median(removed))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
