import os
from collections.abc import Callable

import pytest
import typer
from typer.testing import CliRunner

from api import options
from api.doors import expect, request_of, settings_of
from api.models import model_of
from api.schemas import AskRequest, SearchRequest
from api.schemas_articles import ArticleList
from api.settings import Settings
from api.version import About
from index.errors import InvalidInput, NotReady


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings | int]:
    """What a command with some options is set to, or the status that it ends with."""
    for name in os.environ:
        if name.startswith("QA_"):
            monkeypatch.delenv(name)
    app = typer.Typer()
    found: list[Settings] = []

    @app.command()
    def one(
        ctx: typer.Context,
        *,
        limit: options.AskLimit = 3,
        data: options.Data = options.DATA,
        url: options.Url = None,
    ) -> None:
        found.append(settings_of(ctx, data=data, url=url))

    @app.command()
    def two() -> None: ...

    def choose(*words: str, **variables: str) -> Settings | int:
        done = CliRunner().invoke(app, ["one", *words], env=variables)
        if isinstance(done.exception, InvalidInput):
            raise done.exception
        return done.exit_code or found[-1]

    return choose


def test_an_option_goes_before_its_variable_and_that_before_the_default(
    chosen: Callable[..., Settings],
) -> None:
    assert str(chosen().data) == "data"
    assert str(chosen(QA_DATA="there").data) == "there"
    assert str(chosen("--data", "here", QA_DATA="there").data) == "here"
    assert str(chosen(QA_DATA="").data) == "data"
    assert chosen(QA_URL="http://a").url == "http://a"
    assert chosen("--url", "http://b", QA_URL="http://a").url == "http://b"


def test_a_typed_directory_goes_before_a_server_in_the_environment(
    chosen: Callable[..., Settings],
) -> None:
    assert chosen("--data", "here", QA_URL="http://a").url is None
    both = chosen(QA_DATA="there", QA_URL="http://a")
    assert (str(both.data), both.url) == ("there", "http://a")
    assert chosen("--data", "here", "--url", "http://a") == 2


def test_variables_of_options_are_no_settings_but_others_must_be(
    chosen: Callable[..., Settings],
) -> None:
    assert chosen(QA_LIMIT="7") == Settings()
    assert chosen(QA_THREADS="2").threads == 2
    with pytest.raises(InvalidInput, match="QA_LIMITS is not a setting"):
        chosen(QA_LIMITS="7")


def test_options_become_the_request_of_http() -> None:
    given = {"q": " who? ", "limit": 5, "from": "2016-12-08", "to": None, "explain": True}
    assert request_of(AskRequest, given) == AskRequest.model_validate(
        {"q": "who?", "limit": 5, "from": "2016-12-08", "explain": True}
    )


@pytest.mark.parametrize(
    ("given", "reason", "pointer"),
    [
        ({"q": ""}, "the question: String should have at least 1 character", "/q"),
        ({"q": "x\0"}, "the question: must not contain the character NUL", "/q"),
        ({"q": "x", "from": "soon"}, "--from: must be a date", "/from"),
        ({"q": "x", "min_confidence": 7}, "--min-confidence: Input should be", "/min_confidence"),
    ],
)
def test_what_cannot_be_asked_is_told_by_the_options_name(
    given: dict[str, object], reason: str, pointer: str
) -> None:
    with pytest.raises(InvalidInput, match=f"^{reason}") as caught:
        request_of(SearchRequest, given)
    assert caught.value.pointer == pointer


def test_an_empty_list_is_not_ready() -> None:
    empty = ArticleList(data=[], total=0, next_cursor=None)
    with pytest.raises(NotReady, match="nothing is indexed in http://a yet"):
        expect(empty, Settings(url="http://a"))
    expect(empty.model_copy(update={"total": 1}), Settings())


def test_the_model_is_known_without_loading_it() -> None:
    assert model_of(Settings()) == "all-MiniLM-L6-v2"
    assert model_of(Settings(embed_model="some/model")) == "some/model"
    assert model_of(Settings(embed_model="hashing")) == "hashing-256"


def test_what_a_server_tells_besides_is_kept() -> None:
    told = {"name": "dateline", "version": "1", "python": "3.11", "models": {"embed": "m"}}
    assert About.model_validate(told | {"generation": 7}).model_dump()["generation"] == 7
