"""The commands that measure and remake: eval, bench and reindex."""

import json
import os
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import typer
from tqdm import tqdm

from api import display, doors, exits, options

if TYPE_CHECKING:
    from qa.fit import Held
    from qa.report import Report

app = typer.Typer()

COMPARED = "ndcg@10"
"""What the table of a sweep shows."""


@app.command(
    "eval", epilog="Example: qa eval beir/scifact --gate ndcg@10=0.72 --per-query found.jsonl"
)
def evaluate(
    ctx: typer.Context,
    datasets: options.Datasets,
    *,
    split: options.Split = None,
    min_relevance: options.MinRelevance = 1,
    closed: options.Closed = False,
    rerank: options.Rerank = False,
    removed: options.Removed = 0.0,
    sweep: options.Sweep = None,
    per_query: options.PerQuery = None,
    gate: options.Gate = None,
    calibrate: options.Calibrate = None,
    cache: options.Cache = None,
    as_json: options.Json = False,
) -> None:
    """Measure retrieval and answers on a question set with the settings of the service.

    A set is a folder in BEIR's layout (corpus, queries, qrels) or a file in SQuAD's. Vectors are
    kept, so that a second run takes seconds. To calibrate, the confidence is fitted to how often
    the answers are right when half of the questions have lost their article.
    """
    from api.build import build_embedder, build_pipeline
    from qa.cached import cache_folder
    from qa.fit import calibrated
    from qa.sweep import Options, read_settings, run, table

    settings = doors.settings_of(ctx)
    place = cache or cache_folder(os.environ)
    embedder = build_embedder(settings)
    if calibrate:
        build = partial(build_pipeline, settings=settings)
        fitted, held = calibrated(datasets, embedder, build, cache=place, progress=_bar)
        fitted.save(calibrate)
        _tell_held(held)
        return
    wanted = Options(split, min_relevance, closed, removed, rerank)
    if sweep:
        wanted = replace(wanted, settings=read_settings(sweep))
    reports = [
        report
        for dataset in datasets
        for report in run(
            dataset,
            embedder,
            partial(build_pipeline, settings=settings),
            cache=place,
            options=wanted,
            progress=_bar,
        )
    ]
    if per_query:
        rows = (row for report in reports for row in report.per_query())
        per_query.write_text("".join(json.dumps(row) + "\n" for row in rows))
    _tell(reports, as_json=as_json)
    if sweep and not as_json and not closed:
        typer.echo(COMPARED)
        _tell_table(table(reports, COMPARED))
    if gate and _fell_short(reports, gate):
        raise typer.Exit(exits.GATE_FAILED)


@app.command(epilog="Example: qa bench --count 400 --gate total_p95=150,per_second=20")
def bench(
    ctx: typer.Context,
    *,
    questions: options.Questions = None,
    count: options.Count = 200,
    gate: options.BenchGate = None,
    as_json: options.Json = False,
    data: options.Data = options.DATA,
    url: options.Url = None,
) -> None:
    """Measure how fast this index answers, stage by stage, and say what would help.

    The questions are all different: titles and sentences of the articles, or those of a file. A
    server that has been asked the same before, with --url, may remember its answers.
    """
    from api import bench as benches
    from qa.report import missed

    settings = doors.settings_of(ctx, data=data, url=url)
    with closing(doors.answering(settings)) as door:
        asked = benches.asked_in(questions, count) if questions else benches.asked_from(door, count)
        found = benches.measure(door, settings, asked)
    typer.echo(json.dumps(found.to_json()) if as_json else display.speed(found))
    lines = missed(found.metrics, gate, set(found.metrics) - {"per_second"}) if gate else []
    for line in lines:
        typer.echo(f"qa: {line}", err=True)
    if lines:
        raise typer.Exit(exits.GATE_FAILED)


@app.command(epilog="Example: qa reindex --data data (after QA_EMBED_MODEL has changed)")
def reindex(ctx: typer.Context, *, data: options.Data = options.DATA) -> None:
    """Embed every article again, with the model that is set now.

    The old index stays until the new one is complete. Stop a server on the same folder first.
    """
    from api.build import build_embedder, build_engine
    from index.reindex import reindex as again

    settings = doors.settings_of(ctx, data=data)
    embedder, engine = build_embedder(settings), build_engine(settings)
    written = again(settings.data, embedder, engine)
    count = sum(1 for _ in tqdm(written, unit=" articles", disable=None))
    typer.echo(f"embedded {count} articles again with {embedder.name}")


def _bar(items: Iterable[Any], label: str, total: int) -> Iterable[Any]:
    bar: Iterable[Any] = tqdm(items, desc=label, total=total, disable=None)
    return bar


def _tell(reports: Sequence["Report"], *, as_json: bool) -> None:
    if as_json:
        found = [report.to_json() for report in reports]
        typer.echo(json.dumps(found[0] if len(found) == 1 else found))
        return
    for report in reports:
        about = f"{report.dataset}, {report.setting}, {report.mode}"
        counts = f"{report.documents} documents, {report.queries} questions, {report.judged} judged"
        typer.echo(f"{about}: {counts}, {report.seconds:.1f} s")
        typer.echo("".join(f"  {name:<20} {value:.4f}\n" for name, value in report.metrics.items()))


def _tell_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))


def _tell_held(held: Sequence["Held"]) -> None:
    """How the confidence holds on each set when it is fitted to the others."""
    from qa.metrics import reliability

    if not held:
        return
    typer.echo("fitted to the other sets:")
    names = list(held[0].figures)
    rows = [[one.dataset, *(f"{one.figures[name]:.3f}" for name in names)] for one in held]
    _tell_table([["", *names], *rows])
    typer.echo("\nreliability over all of these:")
    confidences = [value for one in held for value in one.confidences]
    right = [value for one in held for value in one.right]
    bins = [
        [
            f"{one.low:.1f} to {one.high:.1f}",
            f"{one.count}",
            f"{one.confidence:.2f}",
            f"{one.accuracy:.2f}",
        ]
        for one in reliability(confidences, right)
    ]
    _tell_table([["confidence", "answers", "mean", "right"], *bins])


def _fell_short(reports: Sequence["Report"], limits: str) -> bool:
    from qa.report import gate as failures

    lines = [f"{one.setting}: {line}" for one in reports for line in failures(one, limits)]
    for line in lines:
        typer.echo(f"qa: {line}", err=True)
    return bool(lines)
