"""`python -m bench`: the benchmarks by name; without one, `quality` on the seeds."""

import json
import os
import subprocess
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from tqdm import tqdm

from bench import dialogues as talks
from bench import doors as chats
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
