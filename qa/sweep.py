"""The whole of `qa eval`: a set from disk, a corpus from the cache, a report for each setting."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from index.corpus import Corpus
from index.errors import InvalidInput
from index.types import Embedder
from qa.cached import Progress, RememberingRetriever, collected, silent
from qa.datasets import named
from qa.evaluate import DEFAULT, Setting, evaluate
from qa.metrics import mean
from qa.pipeline import Pipeline
from qa.questions import Dataset, remove_articles
from qa.records import Record, Seen, json_list
from qa.report import Report
from qa.retrieve import Weights


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked, and how."""

    split: str | None = None
    min_relevance: int = 1
    closed: bool = False
    """The right paragraph is given with each question."""
    removed: float = 0.0
    """The share of the answerable questions that lose their article."""
    rerank: bool = False
    """Rank by what was read as well."""
    settings: Sequence[Setting] = (DEFAULT,)


def run(
    name: str,
    embedder: Embedder,
    build: Callable[[Corpus], Pipeline],
    *,
    cache: Path,
    options: Options | None = None,
    progress: Progress = silent,
) -> list[Report]:
    """Evaluate the set of this name (`qa.datasets.named`) under every setting.

    `build` makes the pipeline for a corpus, as the service would; vectors are kept in `cache`.
    """
    wanted = options or Options()
    dataset = named(name, split=wanted.split, min_relevance=wanted.min_relevance)
    _check(dataset, wanted)
    if wanted.removed:
        dataset = remove_articles(dataset, wanted.removed)
    with collected(dataset, embedder, cache, progress=progress) as corpus:
        pipeline = build(corpus)
        pipeline.retriever = RememberingRetriever(pipeline.retriever)
        return [
            evaluate(
                dataset,
                pipeline,
                setting=one,
                closed=wanted.closed,
                rerank=wanted.rerank,
                progress=progress,
            )
            for one in wanted.settings
        ]


def table(reports: Sequence[Report], metric: str) -> list[list[str]]:
    """A row a setting and a column a set, with the mean of all; and what leaving a set out costs.

    Where there are several sets, the last row has for each the figure of the setting that is best
    on the mean of the others.
    """
    sets = list(dict.fromkeys(one.dataset for one in reports))
    settings = list(dict.fromkeys(one.setting for one in reports))
    figures = {(one.setting, one.dataset): one.metrics[metric] for one in reports}

    def over(setting: str, chosen: Sequence[str]) -> float:
        return mean([figures[setting, one] for one in chosen])

    rows = [[name, *(figures[name, one] for one in sets), over(name, sets)] for name in settings]
    if len(sets) > 1:
        unseen = []
        for one in sets:
            others = [other for other in sets if other != one]
            unseen.append(figures[max(settings, key=lambda name: over(name, others)), one])
        rows.append(["best on the other sets", *unseen, mean(unseen)])
    short = ["/".join(Path(one).parts[-2:]) for one in sets]
    cells = [[str(name), *(f"{value:.4f}" for value in values)] for name, *values in rows]
    return [["", *short, "mean"], *cells]


def read_settings(path: Path) -> list[Setting]:
    """The file of `--sweep`: `[{"name": "dense only", "dense": 1, "lexical": 0}, …]`.

    A weight that is not named has its default.
    """
    names = Seen("setting")
    settings = [
        Setting(names.add(record.filled("name"), record), _weights(record))
        for record in json_list(path)
    ]
    if not settings:
        raise InvalidInput(f"{path}: no settings")
    return settings


def _weights(record: Record) -> Weights:
    known = [one.name for one in fields(Weights)]
    weights: dict[str, float] = {}
    for key, value in record.value.items():
        if key == "name":
            continue
        if key not in known:
            raise record.error(f"{key!r} is not one of: name, {', '.join(known)}")
        if not isinstance(value, int | float) or not math.isfinite(value):
            raise record.error(f'"{key}" must be a number')
        weights[key] = float(value)
    return Weights(**weights)


def _check(dataset: Dataset, options: Options) -> None:
    """Refuse before anything is embedded."""
    if dataset.layout == "beir" and (options.closed or options.removed):
        raise InvalidInput(f"{dataset.name} has no answers: it can be neither closed nor removed")
    if options.closed and options.removed:
        raise InvalidInput("a closed run is given the paragraph: it cannot have been removed")
    if not 0 <= options.removed <= 1:
        raise InvalidInput(f"the share to remove is from 0 to 1, not {options.removed:g}")
