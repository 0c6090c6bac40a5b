"""The protocol by its official Python client, in this process and with `qa mcp` as another one."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Never

import pytest
from mcp import Client, StdioServerParameters, stdio_client
from mcp.shared.exceptions import MCPError

from api.mcp import Protocol
from api.schemas import AskResponse
from api.service import Service
from index.errors import NotAllowed, Unreachable

ERAS = ("legacy", "2026-07-28")
"""With a handshake, and with every request by itself."""
ALEPPO = "art_2392895f23821ba30a44"

Talk = Callable[[Client], Awaitable[Any]]


@pytest.fixture(params=ERAS)
def talk(request: pytest.FixtureRequest, shared_service: Service) -> Callable[[Talk], Any]:
    """What a client gets from the protocol over three articles, errors too."""
    return lambda said: talking(shared_service, said, request.param)


def talking(desk: Any, said: Talk, era: str = "legacy") -> Any:
    async def run() -> Any:
        async with Client(Protocol(desk).server(), mode=era) as client:
            try:
                return await said(client)
            except MCPError as error:  # else it would come in the groups of the client's tasks
                return error

    return asyncio.run(run())


class Broken:
    """A desk where everything fails alike."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def ask(self, _request: object) -> Never:
        raise self._error

    def articles(self, _limit: int, _cursor: str | None = None) -> Never:
        raise self._error

    def text(self, _key: str) -> Never:
        raise self._error


def test_four_tools_are_offered_that_only_read(talk: Callable[[Talk], Any]) -> None:
    tools = talk(lambda client: client.list_tools()).tools
    assert [tool.name for tool in tools] == ["ask", "search", "get_article", "list_articles"]
    assert {tool.annotations.read_only_hint for tool in tools} == {True}
    ask = tools[0].input_schema
    assert (ask["required"], ask["additionalProperties"]) == (["q"], False)
    assert ask["properties"]["from"]["description"] == "Published then or later."
    assert "description" not in ask
    assert tools[0].output_schema["properties"]["answered"]["type"] == "boolean"


def test_an_answer_comes_as_text_and_as_data(talk: Callable[[Talk], Any]) -> None:
    asked = {"q": "who will meet in Geneva?", "limit": 1}
    found = talk(lambda client: client.call_tool("ask", asked))
    assert not found.is_error
    assert found.content[0].text.startswith("US officials will meet tomorrow")
    answer = AskResponse.model_validate(found.structured_content)
    assert answer.answers[0].citation.article_id == ALEPPO
    assert (answer.answers[0].citation.start, answer.answers[0].citation.end) == (46, 132)


@pytest.mark.parametrize(
    ("tool", "arguments", "reason"),
    [
        ("ask", {"q": ""}, "q: String should have at least 1 character"),
        ("ask", {}, "q: Field required"),
        ("ask", {"question": "x"}, "q: Field required; question: Extra inputs are not permitted"),
        ("ask", {"q": "x", "from": "soon"}, "from: must be a date, 2016-12-08, or a time"),
        ("ask", {"q": "x", "from": "2017-01-01", "to": "2016-01-01"}, "from is later than to"),
        ("search", {"q": "x", "limit": 0}, "limit: Input should be greater than or equal to 1"),
        ("get_article", {"id": "art_none"}, "there is no article art_none"),
        ("list_articles", {"limit": 1001}, "limit: Input should be less than or equal to 1000"),
    ],
)
def test_a_failure_is_told_to_the_model(
    talk: Callable[[Talk], Any], tool: str, arguments: dict[str, Any], reason: str
) -> None:
    found = talk(lambda client: client.call_tool(tool, arguments))
    assert found.is_error
    assert found.content[0].text.startswith(reason)
    assert found.structured_content is None


def test_an_unknown_tool_is_an_error_of_the_protocol(talk: Callable[[Talk], Any]) -> None:
    error = talk(lambda client: client.call_tool("delete", {}))
    assert isinstance(error, MCPError)
    assert (error.code, error.message) == (
        -32602,
        "there is no such tool; there are: ask, search, get_article, list_articles",
    )


def test_articles_are_resources(talk: Callable[[Talk], Any], shared_service: Service) -> None:
    listed = talk(lambda client: client.list_resources())
    assert [str(one.uri) for one in listed.resources] == [
        f"dateline://articles/{row.id}" for row in shared_service.articles(10).data
    ]
    aleppo = listed.resources[1]
    assert (aleppo.title, aleppo.description) == ("US, Russia to meet", "AFP, 2016-12-08")
    read = talk(lambda client: client.read_resource(aleppo.uri))
    assert read.contents[0].text == shared_service.text(ALEPPO)
    templates = talk(lambda client: client.list_resource_templates()).resource_templates
    assert [one.uri_template for one in templates] == ["dateline://articles/{id}"]


def test_a_publishers_own_id_is_an_address_too(talk: Callable[[Talk], Any]) -> None:
    read = talk(lambda client: client.read_resource("dateline://articles/ext%3Aaleppo"))
    assert read.contents[0].text.startswith("Syrian warplanes")


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("dateline://articles/art_none", "there is no article art_none"),
        ("dateline://articles/", "there is no article"),
        ("dateline://articles/..%2F..%2Fetc", "there is no article ../../etc"),
        ("file:///etc/passwd", "there is no such resource"),
    ],
)
def test_no_other_resource_is_read(talk: Callable[[Talk], Any], uri: str, reason: str) -> None:
    error = talk(lambda client: client.read_resource(uri))
    assert error.code == -32602
    assert error.message.startswith(reason)


def test_long_lists_come_in_pages(
    talk: Callable[[Talk], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.mcp.PAGE", 2)
    first = talk(lambda client: client.list_resources())
    rest = talk(lambda client: client.list_resources(cursor=first.next_cursor))
    assert [len(page.resources) for page in (first, rest)] == [2, 1]
    assert rest.next_cursor is None


@pytest.mark.parametrize("era", ERAS)
def test_what_was_not_foreseen_is_logged_and_not_told(
    era: str, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Broken(RuntimeError("secret"))
    found = talking(desk, lambda client: client.call_tool("ask", {"q": "x"}), era)
    assert (found.is_error, found.content[0].text) == (True, "Something went wrong here")
    for said in (
        lambda client: client.list_resources(),
        lambda client: client.read_resource("dateline://articles/a"),
    ):
        error = talking(desk, said, era)
        assert (error.code, error.message) == (-32603, "Something went wrong here")
    assert caplog.text.count("RuntimeError: secret") == 3


@pytest.mark.parametrize(
    ("error", "code"), [(Unreachable("cannot reach it"), -32603), (NotAllowed("no key"), -32602)]
)
def test_what_a_server_elsewhere_says_is_passed_on(error: Exception, code: int) -> None:
    found = talking(Broken(error), lambda client: client.call_tool("ask", {"q": "x"}))
    assert (found.is_error, found.content[0].text) == (True, str(error))
    told = talking(Broken(error), lambda client: client.list_resources())
    assert (told.code, told.message) == (code, str(error))


def test_what_tools_give_is_noticed(shared_service: Service) -> None:
    noticed: list[object] = []

    async def run() -> None:
        async with Client(Protocol(shared_service, noticed.append).server()) as client:
            await client.call_tool("ask", {"q": "harbour"})
            await client.call_tool("ask", {"q": ""})

    asyncio.run(run())
    assert [type(one) for one in noticed] == [AskResponse]


PROGRAM = ("-c", "from api.cli import main; main()", "mcp")


def over_stdio(said: Talk, *options: str, era: str = "auto", **variables: str) -> Any:
    """What a client gets from `qa mcp`, started as a desktop program would do it."""
    environ = {key: value for key, value in os.environ.items() if key != "QA_URL"} | variables
    started = StdioServerParameters(
        command=sys.executable, args=[*PROGRAM, *options], env=environ, cwd=Path.cwd()
    )

    async def run() -> Any:
        with Path(os.devnull).open("w") as nowhere:
            async with Client(stdio_client(started, errlog=nowhere), mode=era) as client:
                return await said(client)

    return asyncio.run(run())


@pytest.mark.parametrize("era", ERAS)
def test_a_data_directory_is_asked_over_stdio(stored: Path, era: str) -> None:
    async def said(client: Client) -> tuple[Any, ...]:
        asked = await client.call_tool("ask", {"q": "who will meet in Geneva?"})
        wrong = await client.call_tool("ask", {"q": ""})
        listed = await client.list_resources()
        read = await client.read_resource(listed.resources[0].uri)
        return asked, wrong, listed, read

    asked, wrong, listed, read = over_stdio(said, "--data", str(stored), era=era)
    assert asked.content[0].text.startswith("US officials will meet tomorrow")
    assert wrong.is_error
    assert len(listed.resources) == 2
    assert read.contents[0].text


def test_a_running_server_is_asked_over_stdio(data: Path, locked_url: str) -> None:
    async def said(client: Client) -> Any:
        return await client.call_tool("get_article", {"id": "ext:aleppo"})

    found = over_stdio(said, "--url", locked_url, QA_API_KEYS="secret")
    assert found.structured_content["id"] == ALEPPO


def test_stdout_carries_the_protocol_and_nothing_else(stored: Path) -> None:
    lines = b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}\nno JSON\n'
    done = subprocess.run(
        [sys.executable, *PROGRAM], input=lines, capture_output=True, timeout=60, check=True
    )
    assert done.stdout.splitlines() == [b'{"jsonrpc":"2.0","id":1,"result":{}}']
    assert b'"event": "opened' in done.stderr


@pytest.mark.parametrize(
    ("options", "status"), [(("--url", "http://127.0.0.1:1"), 5), (("--data", "none"), 3)]
)
def test_what_cannot_be_asked_ends_before_the_protocol_begins(
    data: Path, options: tuple[str, str], status: int
) -> None:
    done = subprocess.run([sys.executable, *PROGRAM, *options], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (status, b"")
    assert done.stderr.splitlines()[-1].startswith(b"qa: ")
