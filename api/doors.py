"""From options to what a command works on: the data directory here, or a server that runs."""

import os
import platform
from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import typer
from pydantic import ValidationError

from api.models import model_of
from api.schemas import QuestionQuery
from api.schemas_articles import ArticleList
from api.settings import Settings, variable
from api.version import NAME, About, version
from index.errors import InvalidInput, NotReady

if TYPE_CHECKING:
    from api.client import Client
    from api.local import Stored
    from api.service import Service

Query = TypeVar("Query", bound=QuestionQuery)
Shelf: TypeAlias = "Stored | Client"
"""For looking at what is stored."""
Desk: TypeAlias = "Service | Client"
"""For all the rest."""

# Imports inside functions are those that take long and that another door does without.


def settings_of(ctx: typer.Context, **given: object) -> Settings:
    """Option before variable before default; a typed `--data` is not outdone by QA_URL."""
    environ = _environment(ctx)
    typed = {name for name in given if _is_typed(ctx, name)}
    if {"data", "url"} <= typed:
        raise typer.BadParameter("--data and --url exclude each other", ctx)
    if "data" in typed:
        given["url"] = None
        environ.pop(variable("url"), None)
    return Settings.from_env(environ, **given)


def request_of(model: type[Query], given: Mapping[str, object]) -> Query:
    """The options of a question as the request that HTTP would get."""
    try:
        return model.model_validate({k: value for k, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        option = "the question" if name == "q" else "--" + name.replace("_", "-")
        reason = first["msg"].removeprefix("Value error, ")
        raise InvalidInput(f"{option}: {reason}", pointer=f"/{name}") from None


def answering(settings: Settings) -> Desk:
    """For questions; raises NotReady where there is nothing to ask about."""
    with closing(reading(settings)) as door:
        expect(door.articles(1), settings)
    if settings.url:
        return _client(settings)
    from api.build import build_service  # noqa: PLC0415

    return build_service(settings, write=False)


def reading(settings: Settings) -> Shelf:
    """For looking at what is stored."""
    return _client(settings) if settings.url else stored(settings)


def writing(settings: Settings) -> Desk:
    """For storing and removing."""
    if settings.url:
        return _client(settings)
    from api.local import open_for_writing  # noqa: PLC0415

    return open_for_writing(settings)


def stored(settings: Settings) -> "Stored":
    """The data directory here, for what no server tells."""
    if settings.url:
        raise InvalidInput("a passage can be shown from a data directory only: leave out --url")
    from api.local import Stored  # noqa: PLC0415

    return Stored(settings.data)


def is_empty(settings: Settings) -> bool:
    """Whether nothing is stored yet."""
    try:
        with closing(reading(settings)) as door:
            return not door.articles(1).total
    except NotReady:
        return True


def expect(found: ArticleList, settings: Settings) -> None:
    """Raise NotReady where nothing is stored."""
    if not found.total:
        place = settings.url or settings.data
        raise NotReady(f"nothing is indexed in {place} yet: run `qa ingest PATH`")


def about(settings: Settings) -> About:
    """What runs here or, with a URL, there."""
    if settings.url:
        with closing(_client(settings)) as client:
            return client.about()
    models = {"embed": model_of(settings)}
    return About(name=NAME, version=version(), python=platform.python_version(), models=models)


def _client(settings: Settings) -> "Client":
    from api.client import Client  # noqa: PLC0415

    return Client(settings.url or "", settings.api_keys)


def _environment(ctx: typer.Context) -> dict[str, str]:
    """Without the variables of options that are no settings, such as QA_LIMIT."""
    group = ctx.find_root().command
    commands = getattr(group, "commands", {}).values()
    options = {parameter.envvar for command in commands for parameter in command.params}
    settings = {variable(name) for name in Settings.model_fields}
    return {
        name: value for name, value in os.environ.items() if name in settings or name not in options
    }


def _is_typed(ctx: typer.Context, name: str) -> bool:
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"
