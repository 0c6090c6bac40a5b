"""/mcp: over HTTP, by the official Python client and by what no client would send."""

import asyncio
import json
import os
import random
import shutil
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from starlette.testclient import TestClient

from api.app import create_app
from api.routes_mcp import MAX_BYTES
from api.service import Service
from api.settings import Settings
from tests.api.wire import Request, answers_to

ERAS = ("legacy", "auto")
"""With a handshake, and as new as client and server can."""
HEADERS = {"Accept": "application/json, text/event-stream", "Host": "127.0.0.1"}
ASK = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "ask", "arguments": {"q": "who will meet in Geneva?"}},
}
SCRIPT = Path(__file__).with_name("mcp_client.cjs")


@pytest.fixture
def client(shared_client: TestClient) -> TestClient:
    """Every test here only reads."""
    return shared_client


def talking(
    url: str, said: Callable[[Client], Awaitable[Any]], era: str = "auto", key: str = ""
) -> Any:
    async def run() -> Any:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        async with httpx2.AsyncClient(headers=headers) as http:
            transport = streamable_http_client(f"{url}/mcp", http_client=http)
            async with Client(transport, mode=era) as client:
                return await said(client)

    return asyncio.run(run())


@pytest.mark.parametrize("era", ERAS)
def test_every_tool_and_resource_is_there(url: str, era: str) -> None:
    async def said(client: Client) -> None:
        assert client.server_info.name == "dateline"
        assert client.instructions.startswith("Answers questions from a collection of news")
        assert len((await client.list_tools()).tools) == 4
        asked = await client.call_tool("ask", {"q": "who will meet in Geneva?"})
        assert asked.structured_content["answers"][0]["citation"]["start"] == 46
        found = await client.call_tool("search", {"q": "harbour", "limit": 2})
        assert len(found.structured_content["passages"]) == 2
        article = await client.call_tool("get_article", {"id": "ext:aleppo", "length": 6})
        assert article.structured_content["text"] == "Syrian"
        listed = await client.call_tool("list_articles", {})
        assert listed.structured_content["total"] == 3
        assert (await client.call_tool("ask", {"q": ""})).is_error
        resources = (await client.list_resources()).resources
        read = await client.read_resource(resources[1].uri)
        assert read.contents[0].text.startswith("Syrian warplanes")

    talking(url, said, era)


@pytest.mark.parametrize("era", ERAS)
def test_a_key_lets_in(locked_url: str, era: str) -> None:
    found = talking(locked_url, lambda client: client.list_tools(), era, key="secret")
    assert len(found.tools) == 4


@pytest.mark.parametrize("key", ["", "secreT", "secret ,x"])
@pytest.mark.parametrize("era", ERAS)
def test_no_other_does(locked_url: str, era: str, key: str) -> None:
    with pytest.raises(BaseExceptionGroup):
        talking(locked_url, lambda client: client.list_tools(), era, key=key)
    headers = HEADERS | {"Authorization": f"Bearer {key}".strip()}
    assert httpx2.post(f"{locked_url}/mcp", json=ASK, headers=headers).status_code == 401


def test_a_call_needs_no_handshake_and_no_redirect(client: TestClient) -> None:
    found = client.post("/mcp", json=ASK, headers=HEADERS, follow_redirects=False)
    assert (found.status_code, found.headers["content-type"]) == (200, "application/json")
    assert found.json()["result"]["structuredContent"]["answered"] is True
    assert "mcp-session-id" not in found.headers


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "OPTIONS"])
def test_only_post_is_spoken(client: TestClient, method: str) -> None:
    found = client.request(method, "/mcp", headers=HEADERS)
    assert (found.status_code, found.headers["allow"]) == (405, "POST")
    assert found.json()["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", -32700),
        (b"{", -32700),
        (b"\xff", -32700),
        (b"[" * 100_000, -32700),
        (b"1" * 5000, -32700),
        (b"[]", -32602),
        (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32602),
        (b'{"jsonrpc":"1.0","id":1,"method":"ping"}', -32602),
    ],
)
def test_what_is_no_message_is_refused(client: TestClient, body: bytes, code: int) -> None:
    kind = {"Content-Type": "application/json"}
    found = client.post("/mcp", content=body, headers=HEADERS | kind)
    assert (found.status_code, found.json()["error"]["code"]) == (400, code)


def test_errors_of_the_protocol_stay_its_own(client: TestClient) -> None:
    era = {"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "nope"}
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    body = {"jsonrpc": "2.0", "id": 1, "method": "nope", "params": {"_meta": meta}}
    found = client.post("/mcp", json=body, headers=HEADERS | era)
    assert (found.status_code, found.json()["error"]["code"]) == (404, -32601)


@pytest.mark.parametrize("kind", ["text/plain", "", "application/x-www-form-urlencoded"])
def test_only_json_is_read(client: TestClient, kind: str) -> None:
    found = client.post("/mcp", content=b"{}", headers=HEADERS | {"Content-Type": kind})
    assert (found.status_code, found.json()["code"]) == (415, "unsupported_media_type")


def test_too_much_is_refused_with_and_without_a_length(client: TestClient) -> None:
    kind = {"Content-Type": "application/json"}
    body = json.dumps(ASK).encode().ljust(MAX_BYTES + 1)
    for content in (body, iter((body[:500_000], body[500_000:]))):
        found = client.post("/mcp", content=content, headers=HEADERS | kind)
        assert (found.status_code, found.json()["code"]) == (413, "payload_too_large")
    found = client.post("/mcp", content=body[:-1], headers=HEADERS | kind)
    assert found.status_code == 200


def test_a_page_of_another_site_cannot_ask(client: TestClient) -> None:
    found = client.post("/mcp", json=ASK, headers=HEADERS | {"Origin": "https://evil.example"})
    assert (found.status_code, found.json()["code"]) == (403, "forbidden")


def test_before_it_is_ready_it_says_so(shared_service: Service) -> None:
    app = TestClient(create_app(Settings(), shared_service))
    found = app.post("/mcp", json=ASK, headers=HEADERS)
    assert (found.status_code, found.json()["code"]) == (503, "not_ready")


def test_questions_are_counted_as_those_of_http(settings: Settings, service: Service) -> None:
    with TestClient(create_app(settings, service)) as client:
        client.post("/mcp", json=ASK, headers=HEADERS)
        counted = client.get("/metrics").text
    assert 'dateline_answers_total{outcome="answered"} 1.0' in counted
    assert 'dateline_stage_seconds_count{stage="retrieve"} 1.0' in counted
    assert 'route="/mcp",status="200"' in counted


def test_what_was_asked_is_not_logged(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    for arguments in ({"q": "a secret"}, {"secret": 1}, {"q": "x", "from": "secret"}):
        params = {"name": "ask", "arguments": arguments}
        client.post("/mcp", json=ASK | {"params": params}, headers=HEADERS)
    client.post("/mcp", content=b"{secret", headers=HEADERS | {"Content-Type": "application/json"})
    assert "secret" not in caplog.text


def mutated(random_: random.Random) -> tuple[dict[str, str], bytes]:
    """A call with some of its bytes and headers changed, cut off, repeated or left out."""
    body = bytearray(json.dumps(ASK).encode())
    for _ in range(random_.randrange(6)):
        place = random_.randrange(len(body)) if body else 0
        piece = random_.randbytes(random_.randrange(4))
        body[place : place + random_.randrange(5)] = piece
    if random_.random() < 0.1:
        body *= random_.randrange(4)
    headers = {"Content-Type": "application/json", "Accept": "application/json", **HEADERS}
    versions = ("2026-07-28", "2025-11-25", "2024-11-05", "1", "\xff", "")
    extra = {
        "Mcp-Protocol-Version": random_.choice(versions),
        "Mcp-Session-Id": random_.choice(("x", "\xff", "")),
        "Mcp-Method": random_.choice(("tools/call", "nope")),
        "Mcp-Name": random_.choice(("ask", "=?base64?x?=")),
        "Last-Event-Id": "1",
        "Accept": random_.choice(("*/*", "text/event-stream", "")),
        "Content-Type": random_.choice(("application/json; charset=x", "application/jsonl")),
    }
    headers |= {name: value for name, value in extra.items() if random_.random() < 0.2}
    return headers, bytes(body)


def forged(random_: random.Random) -> dict[str, str]:
    keys = ("", "secret", "Bearer", "Bearer ", "Bearer secreT", "Bearer secret\0", "Basic secret")
    keys += ("Bearer sécret", "Bearer " + "s" * 5000, "bearer  secre", "Bearer secret,secret")
    name = random_.choice(("Authorization", "X-Api-Key", "Cookie", "X-Forwarded-For"))
    key = random_.choice(keys)
    return {name: "secre" if (name, key) == ("X-Api-Key", "secret") else key}


def test_no_mutation_gets_in_without_a_key_or_breaks_anything(
    shared_service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    random_ = random.Random(7)
    known = {"Authorization": "Bearer secret"}

    def requests(count: int, *, key: bool) -> Iterator[Request]:
        for _ in range(count):
            headers, body = mutated(random_)
            headers |= known if key else forged(random_)
            yield body, {name: value.encode("latin-1") for name, value in headers.items()}

    app = create_app(Settings(api_keys=("secret",)), shared_service)
    assert answers_to(app, "/mcp", requests(10_000, key=False)) == {401: 10_000}
    statuses = set(answers_to(app, "/mcp", requests(1_000, key=True)))
    assert statuses <= {200, 202, 400, 404, 406, 415}
    assert {200, 400} <= statuses
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_another_implementation_understands_it(locked_url: str) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    environ = os.environ | {"NODE_PATH": os.environ.get("NODE_PATH", "node_modules")}
    done = subprocess.run(
        [node, str(SCRIPT), f"{locked_url}/mcp", "secret"],
        capture_output=True,
        text=True,
        env=environ,
        timeout=60,
        check=False,
    )
    if "Cannot find module '@modelcontextprotocol/sdk" in done.stderr:
        pytest.skip("NODE_PATH has no @modelcontextprotocol/sdk")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["server"]["name"] == "dateline"
    assert found["tools"] == ["ask", "search", "get_article", "list_articles"]
    assert found["answer"].startswith("US officials will meet tomorrow")
    assert found["wrong"] == {"isError": True, "text": "q: String should have at least 1 character"}
    assert found["text"].startswith("Syrian warplanes")
