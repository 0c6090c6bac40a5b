"""`python -m bench`: the benchmarks by name; without one, `quality` on the seeds."""

import json
import os
import subprocess
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from tqdm import tqdm

from api.build import build_embedder
from api.settings import Settings
from bench import dialogues as talks
from bench import doors as chats
from bench import made, table
from bench import scale as sizes
from bench.figures import load as loaded
from bench.measuring import PARTS, Wanted, drawn, measure
from bench.quality import compare
from bench.report import report
from bench.sets import SEEDS, named
from index.embedders.sentence_transformers import SentenceTransformerEmbedder
from index.errors import ServiceError
from qa.cached import cache_folder

Sets = Annotated[
    list[str] | None,
    typer.Argument(metavar="SET...", help="Folders in BEIR's layout: PATH[:SPLIT[:GRADE]]."),
]
Split = Annotated[str | None, typer.Option(help="The split of the sets that name none.")]
MinRelevance = Annotated[int, typer.Option(min=1, help="Judgements below do not count.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Only the first questions of a set.")]
Share = Annotated[
    bool,
    typer.Option(
        "--share-vectors", help="Give txtai our vectors: for sets too large to embed twice."
    ),
]
Json = Annotated[Path | None, typer.Option("--json", help="Also write the figures to this file.")]
Articles = Annotated[
    Path | None,
    typer.Option(help="A JSONL file of articles, or a folder in BEIR's layout, instead of ours."),
]
Passages = Annotated[int, typer.Option(min=100, help="So many of them.")]
Runs = Annotated[int, typer.Option(min=1, help="Of each side, in turn.")]
Quick = Annotated[
    bool, typer.Option("--quick", help="2,000 passages, 2 runs, no plots: two to four minutes.")
]
Only = Annotated[
    str, typer.Option(help=f"Some of the parts, separated by commas: {', '.join(PARTS)}.")
]
ALL_PARTS = ",".join(PARTS)
Prepare = Annotated[
    bool, typer.Option("--prepare", help="Only make environments and indexes, which are kept.")
]
Markdown = Annotated[bool, typer.Option("--markdown", help="Print the README's table.")]
Plots = Annotated[Path | None, typer.Option(help="Draw the curves into this folder, as SVG.")]
From = Annotated[
    Path | None, typer.Option("--from", help="Measure nothing: print what this file has.")
]
Files = Annotated[
    list[Path], typer.Argument(metavar="FILE...", help="JSONL files of articles, plain or .gz.")
]
Sizes = Annotated[list[int], typer.Option(help="So many passages, one size after another.")]
Real = Annotated[int, typer.Option(min=100, help="Of these, so many are as they are in the files.")]
QUESTIONS = 300
Rounds = Annotated[int, typer.Option(min=1, help="Requests of each kind, idle and busy.")]

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.callback(invoke_without_command=True)
def bench(ctx: typer.Context) -> None:
    """Measure. Without a command: `quality` on the seeds."""
    if ctx.invoked_subcommand is None:
        quality()


@app.command()
def quality(
    sets: Sets = None,
    *,
    split: Split = None,
    min_relevance: MinRelevance = 1,
    limit: Limit = None,
    share_vectors: Share = False,
    json_file: Json = None,
) -> None:
    """Which system finds the right documents, ours or txtai; without a SET on the seeds."""
    cache = cache_folder(os.environ)
    try:
        datasets = [
            named(name, split=split, min_relevance=min_relevance, limit=limit)
            for name in sets or [SEEDS]
        ]
        embedder = SentenceTransformerEmbedder()
        found = [
            compare(one, embedder, cache, share=share_vectors, progress=_bar) for one in datasets
        ]
    except (ServiceError, subprocess.CalledProcessError) as error:
        typer.echo(f"bench: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(report(found))
    if json_file:
        json_file.write_text(json.dumps([asdict(one) for one in found], indent=1) + "\n")


@app.command()
def speed(
    *,
    articles: Articles = None,
    passages: Passages = 10_000,
    runs: Runs = 3,
    quick: Quick = False,
    only: Only = ALL_PARTS,
    prepare: Prepare = False,
    markdown: Markdown = False,
    plots: Plots = None,
    json_file: Json = None,
    from_: From = None,
) -> None:
    """How fast, side by side with txtai, of the same passages with the same model.

    With --json, what the file has from earlier and is not measured now stays in it.
    """
    wanted = Wanted(articles, passages, runs, only.split(","))
    cache = cache_folder(os.environ)
    try:
        found = (
            loaded(from_) if from_ else measure(wanted.quick() if quick else wanted, cache, prepare)
        )
        if prepare:
            return
        if json_file:
            found = found.over(loaded(json_file)) if json_file.exists() else found
            found.save(json_file)
        if plots:
            drawn(found, plots, cache)
    except (ServiceError, subprocess.CalledProcessError) as error:
        typer.echo(f"bench: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(table.markdown(found) if markdown else table.goals(found))


@app.command()
def scale(
    files: Files,
    *,
    passages: Sizes = [10_000, 100_000, 1_000_000],  # noqa: B006 -- typer copies it
    real: Real = 6_000,
    json_file: Json = None,
) -> None:
    """How the index does at a size, over real passages and what is made of them."""
    embedder = build_embedder(Settings())
    base = made.base(files, real, QUESTIONS, embedder)
    found = []
    for size in _bar(passages, "sizes", len(passages)):
        with TemporaryDirectory() as folder:
            found.append(sizes.measure(Path(folder) / "data", base, size, embedder))
    typer.echo(sizes.report(found))
    if json_file:
        json_file.write_text(json.dumps([asdict(one) for one in found], indent=1) + "\n")


@app.command()
def encoders(sets: Sets = None, *, passages: int = 256, rounds: int = 3) -> None:
    """The encoder by runtime and precision; with SETs also what each finds."""
    from bench import encoders as encoding  # noqa: PLC0415  # it needs what only tests install

    cache = cache_folder(os.environ)
    texts = encoding.texts(named((sets or [SEEDS])[0]), passages)
    with TemporaryDirectory() as folder:
        found = encoding.variants(Path(folder))
        figures = {
            name: {one: encoding.ndcg(one, embedder, cache / name) for one in sets or []}
            for name, embedder in _bar(found.items(), "encoders", len(found))
        }
        measured = encoding.measured(found, texts, figures, rounds=rounds, progress=_bar)
        typer.echo(encoding.report(measured))


@app.command()
def dialogues() -> None:
    """How many questions that lean on others find their passage, completed and as typed."""
    typer.echo(talks.report(talks.measured(_bar)))


@app.command()
def doors(*, rounds: Rounds = 40) -> None:
    """How soon each chat tool is acknowledged, while nothing else happens and during ingest."""
    typer.echo(chats.report(chats.measured(rounds, _bar)))


def _bar(items: Iterable[Any], label: str, total: int) -> Iterable[Any]:
    bar: Iterable[Any] = tqdm(items, desc=label, total=total, disable=None)
    return bar


if __name__ == "__main__":
    app(prog_name="python -m bench")
