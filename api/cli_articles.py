"""The commands on articles: ingest, show, ls and rm."""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import typer

from api import display, doors, exits, options
from api.ingest import Ingest, Tally
from api.schemas_articles import ArticleList
from index.errors import NotFound

PAGE = 1000

app = typer.Typer()


@app.command(epilog="Example: qa ingest seeds/ more.jsonl, or: zcat news.jsonl.gz | qa ingest -")
def ingest(
    ctx: typer.Context,
    paths: options.Paths,
    *,
    if_empty: options.IfEmpty = False,
    as_json: options.Json = False,
    data: options.Data = options.DATA,
    url: options.Url = None,
) -> None:
    """Store articles, embed them and make them findable.

    What is there already and unchanged costs nothing. What cannot be read is told, with the
    reason, and the rest goes in. An interruption loses nothing that was stored before it.
    """
    settings = doors.settings_of(ctx, data=data, url=url)
    if if_empty and not doors.is_empty(settings):
        _tell("there are articles already, so nothing was done")
        return
    tally, opened = Tally(), False
    try:
        with closing(doors.writing(settings)) as store:
            opened = True
            run = Ingest(store, max_bytes=settings.max_article_bytes, tell=_tell_as_is, tally=tally)
            with _stopped_gently(run):
                run.run(paths)
    finally:
        if opened:
            typer.echo(json.dumps(tally.as_json()) if as_json else tally.as_text())
    if tally.rejected:
        raise typer.Exit(exits.ERROR)


@app.command(epilog="Example: qa show ext:afp-20161208-aleppo --text > article.txt")
def show(
    ctx: typer.Context,
    key: options.Key,
    *,
    text: options.Text = False,
    as_json: options.Json = False,
    data: options.Data = options.DATA,
    url: options.Url = None,
) -> None:
    """Show an article, or a passage with its place in one."""
    settings = doors.settings_of(ctx, data=data, url=url)
    if key.startswith("psg_"):
        with closing(doors.stored(settings)) as here:
            passage = here.passage(key)
        body, exact, shown = passage.model_dump_json(), passage.text, display.passage(passage)
    else:
        with closing(doors.reading(settings)) as door:
            article = door.article(key)
        body, exact, shown = article.model_dump_json(), article.text, display.article(article)
    if text:
        typer.echo(exact.encode(), nl=False)
    else:
        typer.echo(body + "\n" if as_json else shown, nl=False)


@app.command(epilog="Example: qa ls --limit 20, or: qa ls --all --json")
def ls(
    ctx: typer.Context,
    *,
    limit: options.PageLimit = 50,
    cursor: options.Cursor = None,
    every: options.Every = False,
    as_json: options.Json = False,
    data: options.Data = options.DATA,
    url: options.Url = None,
) -> None:
    """List articles: id, date, number of passages, source and title."""
    settings = doors.settings_of(ctx, data=data, url=url)
    with closing(doors.reading(settings)) as door:
        page = door.articles(PAGE if every else limit, cursor)
        doors.expect(page, settings)
        if as_json:
            typer.echo((_joined(door, page) if every else page).model_dump_json())
            return
        for one in _pages(door, page) if every else [page]:
            typer.echo("".join(map(display.row, one.data)), nl=False)
    if page.next_cursor and not every:
        _tell(f"{page.total:,} in all; go on with --cursor {page.next_cursor}, or take --all")


@app.command(epilog="Example: qa rm art_2b8e0f6c1d9a47f3b5e1 ext:afp-20161208-aleppo")
def rm(
    ctx: typer.Context,
    keys: options.Keys,
    *,
    yes: options.Yes = False,
    data: options.Data = options.DATA,
    url: options.Url = None,
) -> None:
    """Remove articles for good; on a terminal, ask first."""
    settings = doors.settings_of(ctx, data=data, url=url)
    doors.reading(settings).close()  # not to make a directory where there is none
    if sys.stdin.isatty() and not yes:
        typer.confirm(f"Remove {', '.join(keys)} for good?", abort=True, err=True)
    missing = False
    with closing(doors.writing(settings)) as door:
        for key in keys:
            try:
                door.delete(key)
                typer.echo(f"removed {key}")
            except NotFound as error:
                missing = True
                _tell(str(error))
    if missing:
        raise typer.Exit(exits.ERROR)


@contextmanager
def _stopped_gently(run: Ingest) -> Iterator[None]:
    """The first Ctrl-C stops between two batches, so that the indexes are whole; a second, now."""

    def stop(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        _tell("stopping after this batch; again to stop at once")
        run.stop()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _pages(door: doors.Shelf, page: ArticleList) -> Iterator[ArticleList]:
    """This page and all that follow."""
    yield page
    while page.next_cursor:
        page = door.articles(PAGE, page.next_cursor)
        yield page


def _joined(door: doors.Shelf, page: ArticleList) -> ArticleList:
    data = [article for one in _pages(door, page) for article in one.data]
    return page.model_copy(update={"data": data, "next_cursor": None})


def _tell(message: str) -> None:
    typer.echo(f"qa: {message}", err=True)


def _tell_as_is(message: str) -> None:
    typer.echo(message, err=True)
