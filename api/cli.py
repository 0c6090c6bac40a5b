"""The command line, `qa`: each command is a few lines around a service, here or elsewhere."""

import json
import logging
import os
import signal
import sys
from contextlib import closing, redirect_stdout
from typing import Any

import typer

from api import cli_articles, cli_measure, display, doors, exits, options
from api.schemas import AskRequest, SearchRequest
from index.errors import MissingExtra

app = typer.Typer(
    name="qa",
    cls=exits.Commands,
    help="Answer questions from news articles, with the exact place in the source.",
    epilog="Exit status: 0 ok, 1 error, 2 wrong usage, 3 nothing indexed yet, 4 not allowed, "
    "5 server not reached, 10 no answer (with --fail-on-abstain), 11 a gate failed (eval, bench), "
    "12 damaged data (doctor).",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(cli_articles.app)
app.add_typer(cli_measure.app)


def main() -> None:
    """The entry point."""
    # A locale that cannot write a letter is no reason to write nothing.
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    if logging.lastResort and os.environ.get("QA_LOG_LEVEL", "").lower() != "debug":
        logging.lastResort.setFormatter(_OneLine("qa: %(message)s"))
    app(prog_name="qa")


@app.command(epilog="Example: qa serve --data data --port 8000")
def serve(
    ctx: typer.Context,
    *,
    host: options.Host = options.HOST,
    port: options.Port = options.PORT,
    data: options.Data = options.DATA,
) -> None:
    """Serve the HTTP interface and the web page until told to stop."""
    from api import app as application
    from api import build, logs

    settings = doors.settings_of(ctx, data=data, host=host, port=port)
    logs.configure(settings)
    # Opened here, so that a locked or damaged directory ends as it does in every other command.
    with closing(build.build_service(settings)) as service:
        # uvicorn stops in order, then sends itself the signal again, which would end us unsaved.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        try:
            application.serve(settings, service)
        except SystemExit as ended:  # uvicorn's statuses are not ours
            raise typer.Exit(exits.ERROR if ended.code else exits.OK) from None


@app.command(epilog='Example: qa ask "who is meeting in Geneva?"')
def ask(
    ctx: typer.Context,
    question: options.Question,
    *,
    limit: options.AskLimit = options.ASK_LIMIT,
    from_: options.From = None,
    to: options.To = None,
    source: options.Source = None,
    lang: options.Lang = None,
    collapse: options.Collapse = "none",
    min_confidence: options.MinConfidence = None,
    conversation: options.Conversation = None,
    explain: options.Explain = False,
    fail_on_abstain: options.FailOnAbstain = False,
    as_json: options.Json = False,
    data: options.Data = options.DATA,
    url: options.Url = None,
) -> None:
    """Answer a question, with the place of the answer."""
    settings = doors.settings_of(ctx, data=data, url=url)
    given = {"q": question, "limit": limit, "from": from_, "to": to, "source": source}
    more = {"lang": lang, "collapse": collapse, "min_confidence": min_confidence}
    more |= {"explain": explain, "conversation": conversation}
    request = doors.request_of(AskRequest, given | more)
    with closing(doors.answering(settings)) as door:
        answer = door.ask(request)
    typer.echo(answer.model_dump_json() + "\n" if as_json else display.answer(answer), nl=False)
    if fail_on_abstain and not answer.answered:
        raise typer.Exit(exits.NO_ANSWER)


@app.command(epilog='Example: qa search "ceasefire vote" --from 2016-12-01 --source AFP')
def search(
    ctx: typer.Context,
    question: options.Question,
    *,
    limit: options.SearchLimit = options.SEARCH_LIMIT,
    from_: options.From = None,
    to: options.To = None,
    source: options.Source = None,
    lang: options.Lang = None,
    collapse: options.Collapse = "none",
    min_confidence: options.MinConfidence = None,
    explain: options.Explain = False,
    rerank: options.Rerank = False,
    as_json: options.Json = False,
    data: options.Data = options.DATA,
    url: options.Url = None,
) -> None:
    """Find the passages that fit a question best."""
    settings = doors.settings_of(ctx, data=data, url=url)
    given = {"q": question, "limit": limit, "from": from_, "to": to, "source": source}
    more = {"lang": lang, "collapse": collapse, "min_confidence": min_confidence}
    more |= {"explain": explain, "rerank": rerank}
    request = doors.request_of(SearchRequest, given | more)
    with closing(doors.answering(settings)) as door:
        found = door.search(request)
    typer.echo(found.model_dump_json() + "\n" if as_json else display.hits(found), nl=False)


@app.command(epilog="Example: qa mcp --data data, or: qa mcp --url http://127.0.0.1:8000")
def mcp(ctx: typer.Context, *, data: options.Data = options.DATA, url: options.Url = None) -> None:
    """Answer over the Model Context Protocol, on standard input and output.

    For a program that starts this command, such as a desktop assistant. The data directory is read
    as it is at the start; a running server, with --url, is asked anew each time.
    """
    from api import logs
    from api.mcp import serve_stdio

    settings = doors.settings_of(ctx, data=data, url=url)
    logs.configure(settings)
    # Standard output is the protocol's: no library may greet there while it is loaded.
    with redirect_stdout(sys.stderr):
        opened = doors.answering(settings)
    with closing(opened) as door:
        serve_stdio(door)


@app.command(epilog="Example: qa matrix --url http://127.0.0.1:8000")
def matrix(
    ctx: typer.Context, *, data: options.Data = options.DATA, url: options.Url = None
) -> None:
    """Answer in Matrix rooms, as the account that QA_MATRIX_URL and QA_MATRIX_TOKEN name."""
    from api import logs

    try:
        from api.chat import matrix as bot
    except ModuleNotFoundError as error:
        raise MissingExtra("`qa matrix` needs `pip install 'dateline[matrix]'`") from error
    settings = doors.settings_of(ctx, data=data, url=url)
    bot.expect_account(settings)
    logs.configure(settings)
    with closing(doors.answering(settings)) as door:
        bot.serve(door, settings)


@app.command(epilog="Example: qa doctor --data data")
def doctor(
    ctx: typer.Context, *, as_json: options.Json = False, data: options.Data = options.DATA
) -> None:
    """Examine what is stored, and say what cures what is wrong.

    Nothing is changed."""
    from api.doctor import examine

    report = examine(doors.settings_of(ctx, data=data))
    typer.echo(json.dumps(report.as_json()) + "\n" if as_json else display.report(report), nl=False)
    if not report.healthy:
        raise typer.Exit(exits.DAMAGED)


@app.command(epilog="Example: qa version --json")
def version(ctx: typer.Context, *, as_json: options.Json = False, url: options.Url = None) -> None:
    """Tell the versions, with --url those of a running server."""
    found = doors.about(doors.settings_of(ctx, url=url))
    text = f"{found.name} {found.version}, Python {found.python}, {found.models['embed']}"
    typer.echo(found.model_dump_json() if as_json else text)


class _OneLine(logging.Formatter):
    """What libraries and our own code log, without traces."""

    def formatException(self, ei: Any) -> str:
        return ""
