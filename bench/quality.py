"""Which documents come first: ours and txtai's, with one model, the same passages and questions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from api.build import build_pipeline
from api.settings import Settings
from api.version import version
from bench import peer
from bench.peer_txtai import Hits, deep
from bench.sets import SEEDS
from index.corpus import Corpus
from index.embedders.late import TITLE_CHARACTERS
from index.types import Embedder, Passage
from qa.cached import Progress, collected, silent
from qa.evaluate import RANKING, Setting
from qa.metrics import mean, ranked
from qa.pipeline import Pipeline
from qa.questions import Dataset
from qa.retrieve import Weights

GENEVA = "who is meeting in Geneva?"
"""The customer's question: it is shown what each system puts first."""
FIGURES = ("ndcg@10", "recall@1", "mrr@10")
OURS = "ours, as it ships"
SETTINGS = (
    Setting("ours, passage vectors only", Weights(dense=1, sentence=0, lexical=0, feedback=0)),
    Setting("ours, sentence vectors only", Weights(dense=0, sentence=1, lexical=0, feedback=0)),
    Setting("ours, BM25 only", Weights(dense=0, sentence=0, lexical=1, article=0, feedback=0)),
    Setting(OURS),
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One set: what was compared, and the figures of every system."""

    dataset: str
    documents: int
    passages: int
    questions: int
    versions: Mapping[str, str]
    figures: Mapping[str, Mapping[str, float]]
    firsts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """By system, the passage and the sentence that come first for the customer's question."""


def compare(
    dataset: Dataset,
    embedder: Embedder,
    cache: Path,
    *,
    share: bool = False,
    progress: Progress = silent,
) -> Comparison:
    """Every system on the questions of a set; with `share` txtai gets our vectors."""
    with collected(dataset, embedder, cache, progress=progress) as corpus:
        pipeline = build_pipeline(corpus, Settings.from_env({}))
        passages = list(corpus.store.all_passages())
        task = task_of(dataset, corpus, passages, share=share)
        theirs = peer.ask(task, cache)
        ours = {
            one.name: searched(pipeline, task, passages, weights=one.weights, progress=progress)
            for one in SETTINGS
        }
        firsts = _firsts(pipeline, passages, cache) if dataset.name == SEEDS else {}
    suffix = ", our vectors" if share else ""
    hits = {f"txtai {name}{suffix}": found for name, found in theirs.hits.items()} | ours
    return Comparison(
        dataset="/".join(Path(dataset.name).parts[-2:]),
        documents=len(dataset.articles),
        passages=len(task.texts),
        questions=len(task.questions),
        versions={"txtai": theirs.version, "Dateline": version()},
        figures={name: judged(dataset, task.documents, one) for name, one in hits.items()},
        firsts=firsts,
    )


def searched(
    pipeline: Pipeline,
    task: peer.Task,
    passages: Sequence[Passage],
    *,
    weights: Weights | None = None,
    progress: Progress = silent,
) -> list[Hits]:
    """What we find for each question: rows of the task."""
    rows = {one.id: row for row, one in enumerate(passages)}

    def search(question: str, k: int) -> Hits:
        found = pipeline.search(question, k=k, weights=weights)
        return [(rows[hit.passage.id], hit.score) for hit in found.hits]

    questions = progress(task.questions, "questions", len(task.questions))
    return [deep(partial(search, one), task.documents) for one in questions]


def judged(dataset: Dataset, owners: Sequence[str], hits: Sequence[Hits]) -> dict[str, float]:
    """The figures of the rows found for each question; a document counts as its best row."""
    rankings = []
    for one in hits:
        scores: dict[str, float] = {}
        for row, score in one:
            scores[owners[row]] = max(score, scores.get(owners[row], score))
        rankings.append(ranked(scores))
    pairs = list(zip(rankings, [one.relevant for one in dataset.questions], strict=True))
    return {name: mean([RANKING[name](*pair) for pair in pairs]) for name in FIGURES}


def task_of(
    dataset: Dataset, corpus: Corpus, passages: Sequence[Passage], *, share: bool
) -> peer.Task:
    """What txtai is given: our passages, our questions, and with `share` our vectors."""
    names = {one.id: one.external_id or one.id for one in dataset.articles}
    questions = [one.text for one in dataset.questions]
    vectors = None
    if share:
        ids = np.array([one.id for one in passages], np.int64)
        stored = corpus.vectors[np.sort(ids)]
        ours = stored.vectors[stored.starts[np.searchsorted(stored.ids, ids)]].rows()
        vectors = ours, corpus.embedder.embed_queries(questions)
    owners = [names[one.article_id] for one in passages]
    return peer.Task(_embedded(passages), owners, questions, vectors)


def _embedded(passages: Iterable[Passage]) -> list[str]:
    """With the title in front, as the embedder has it."""
    return [
        f"{one.title[:TITLE_CHARACTERS]}\n{one.text}" if one.title else one.text for one in passages
    ]


def _firsts(
    pipeline: Pipeline, passages: Sequence[Passage], cache: Path
) -> dict[str, tuple[str, str]]:
    """txtai is given the passages, then the sentences, as rows; we find both from the passages."""
    sentences = [one.slice(*place) for one in passages for place in one.sentences]
    found = [
        peer.ask(peer.Task(texts, texts, [GENEVA]), cache).hits
        for texts in (_embedded(passages), sentences)
    ]
    firsts = {
        f"txtai {name}": (
            passages[found[0][name][0][0][0]].text,
            sentences[found[1][name][0][0][0]],
        )
        for name in found[0]
    }
    answer = pipeline.ask(GENEVA, min_confidence=0)
    hit, span = answer.found.hits[0], answer.spans[0]
    return firsts | {OURS: (hit.passage.text, span.passage.slice(*span.sentence))}
