import asyncio
import logging
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from api.app import create_app
from api.metrics import Metrics
from api.middleware import Keys, LastResort, Observed, RequestId
from api.service import Service
from api.settings import Settings

KEYS = ("first-key", "schlüssel")


@pytest.fixture
def client(shared_client: TestClient) -> TestClient:
    """Every test here only reads."""
    return shared_client


@pytest.fixture
def locked(shared_service: Service) -> TestClient:
    """The application with keys; not started, so what is let in is answered 503."""
    return TestClient(create_app(Settings(api_keys=KEYS), shared_service))


@pytest.mark.parametrize(
    "path",
    ["/v1/ask?q=a", "/v1/articles", "/v1/none", "/v1", "/metrics", "/mcp", "/none", "/static"],
)
def test_nobody_comes_in_without_a_key(locked: TestClient, path: str) -> None:
    response = locked.get(path)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer realm="dateline"'
    assert response.json()["code"] == "unauthenticated"
    assert response.headers["x-request-id"] == response.json()["request_id"]


def test_chat_tools_need_no_key_and_may_come_from_anywhere(locked: TestClient) -> None:
    foreign = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    for path, status in (("/hooks/slack", 404), ("/hooks/none", 404), ("/hooks", 403)):
        assert locked.post(path, headers=foreign).status_code == status
    assert locked.post("/hooks").status_code == 401
    assert locked.post("/hooksy").status_code == 401


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/openapi.json", "/livez", "/readyz", "/problems/timeout", "/version"]
)
def test_what_tells_nothing_needs_no_key(locked: TestClient, path: str) -> None:
    assert locked.get(path).status_code in (200, 503)


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer first-key"},
        {"authorization": "bearer first-key"},
        {"X-API-Key": "first-key"},
        {"X-API-Key": "schlüssel".encode()},
        {"Authorization": "Bearer schlüssel".encode()},
        {"Authorization": "Basic abc", "X-API-Key": "first-key"},
    ],
)
def test_a_key_lets_in(locked: TestClient, headers: dict[str, str | bytes]) -> None:
    assert locked.get("/v1/articles", headers=headers).json()["code"] == "not_ready"


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer first-keY"},
        {"Authorization": "Basic first-key"},
        {"Authorization": "first-key"},
        {"X-API-Key": "first-key,schlüssel".encode()},
        {"X-API-Key": b"\xff\xfe"},
        {"X-API-Key": ""},
    ],
)
def test_anything_else_does_not(locked: TestClient, headers: dict[str, str | bytes]) -> None:
    assert locked.get("/v1/articles", headers=headers).status_code == 401


def test_the_body_of_a_stranger_is_not_read() -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("the body was asked for")

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/v1/articles/import", "headers": []}
    asyncio.run(Keys(broken, KEYS)(scope, receive, send))
    assert sent[0]["status"] == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "Cross-Site", "Origin": "http://testserver"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "http://testserver:81"},
        {"Origin": "http://testserver.elsewhere.example"},
        {"Origin": "null"},
    ],
)
def test_a_page_of_another_site_cannot_write(client: TestClient, headers: dict[str, str]) -> None:
    kind = {"Content-Type": "application/jsonl"}
    for method, path in (
        ("POST", "/v1/articles/import"),
        ("DELETE", "/v1/articles/ext:aleppo"),
        ("POST", "/v1/none"),
    ):
        response = client.request(method, path, headers=headers | kind)
        assert (response.status_code, response.json()["code"]) == (403, "forbidden")
        assert response.json()["detail"] == "A page of another site may not do that."
    assert client.get("/v1/articles", headers=headers).json()["total"] == 3


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"},
        {"Origin": "https://TestServer"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://before.the.proxy"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://[::1]:8000", "Host": "[::1]:8000"},
    ],
)
def test_a_page_of_our_own_can(client: TestClient, headers: dict[str, str]) -> None:
    response = client.post("/v1/search", json={"q": "harbour"}, headers=headers)
    assert response.status_code == 200


NEWS, MORE = "https://news.example", "http://[::1]:8443"


@pytest.fixture
def shared_out(shared_service: Service) -> Iterator[TestClient]:
    """The application, which pages of two other sites may ask."""
    settings = Settings(cors_origins=(NEWS, MORE), api_keys=("secret",))
    with TestClient(create_app(settings, shared_service)) as client:
        yield client


def asking(origin: str, **more: str) -> dict[str, str]:
    return {"Origin": origin, "Sec-Fetch-Site": "cross-site", "X-API-Key": "secret"} | more


@pytest.mark.parametrize("origin", [NEWS, MORE])
def test_a_page_of_a_listed_site_may_ask(shared_out: TestClient, origin: str) -> None:
    wanted = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    before = shared_out.options("/v1/ask", headers={"Origin": origin} | wanted)
    assert (before.status_code, before.headers["access-control-allow-origin"]) == (200, origin)
    assert "x-request-id" in before.headers
    body = {"q": "harbour"}
    for path in ("/v1/ask", "/v1/search"):
        response = shared_out.post(path, json=body, headers=asking(origin))
        assert response.status_code == 200
        assert response.headers["access-control-allow-origin"] == origin
        assert "access-control-allow-credentials" not in response.headers
        assert "Origin" in response.headers["vary"]


def test_a_page_of_a_listed_site_may_read_why_not(shared_out: TestClient) -> None:
    refused = shared_out.post("/v1/ask", json={"q": ""}, headers=asking(NEWS))
    locked = shared_out.post("/v1/ask", json={"q": "x"}, headers={"Origin": NEWS})
    assert (refused.status_code, locked.status_code) == (422, 401)
    for response in (refused, locked):
        assert response.headers["access-control-allow-origin"] == NEWS


@pytest.mark.parametrize(
    "origin",
    [
        "https://news.example:443",
        "http://news.example",
        "https://news.example.evil.example",
        "https://evil.example/https://news.example",
        "https://NEWS.example",
        "null",
    ],
)
def test_any_other_page_asks_in_vain(shared_out: TestClient, origin: str) -> None:
    wanted = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    before = shared_out.options("/v1/ask", headers=wanted)
    response = shared_out.post("/v1/ask", json={"q": "harbour"}, headers=asking(origin))
    read = shared_out.get("/v1/ask", params={"q": "harbour"}, headers=asking(origin))
    assert (before.status_code, response.status_code) == (400, 403)
    for one in (before, response, read):
        assert "access-control-allow-origin" not in one.headers


def test_a_page_of_a_listed_site_may_not_write(shared_out: TestClient) -> None:
    kind = {"Content-Type": "application/jsonl"}
    for method, path in (
        ("POST", "/v1/articles"),
        ("POST", "/v1/articles/import"),
        ("DELETE", "/v1/articles/ext:aleppo"),
    ):
        response = shared_out.request(method, path, headers=asking(NEWS) | kind)
        assert response.status_code == 403
    wanted = {"Origin": NEWS, "Access-Control-Request-Method": "DELETE"}
    assert shared_out.options("/v1/articles/x", headers=wanted).status_code == 400


def test_without_a_list_nothing_is_said_of_other_sites(client: TestClient) -> None:
    response = client.get("/v1/ask", params={"q": "harbour"}, headers={"Origin": NEWS})
    assert response.status_code == 200
    assert "access-control-allow-origin" not in response.headers


def test_a_request_id_is_kept_or_made(client: TestClient) -> None:
    given = client.get("/livez", headers={"X-Request-Id": "abc-1.2:3"})
    assert given.headers["x-request-id"] == "abc-1.2:3"
    made = {client.get("/livez").headers["x-request-id"] for _ in range(3)}
    assert len(made) == 3


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "a\tb", "<b>", "é".encode(), '"'])
def test_an_unsafe_request_id_is_replaced(client: TestClient, given: str | bytes) -> None:
    found = client.get("/livez", headers={"X-Request-Id": given}).headers["x-request-id"]
    assert len(found) == 32
    assert found.isalnum()


@pytest.mark.parametrize("path", ["/", "/static/app.js", "/docs", "/v1/ask", "/none", "/livez"])
def test_every_response_is_safe_to_show(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_head_is_get(client: TestClient) -> None:
    assert client.head("/livez").status_code == 200
    assert client.head("/none").status_code == 404


def test_the_total_comes_with_the_stages(client: TestClient) -> None:
    timing = client.get("/v1/ask", params={"q": "harbour"}).headers["server-timing"]
    assert [part.partition(";")[0].strip() for part in timing.split(",")] == [
        "embed",
        "retrieve",
        "read",
        "total",
    ]


def test_a_request_is_logged_without_what_was_asked(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        client.get("/v1/ask", params={"q": "harbour secret"})
        client.get("/v1/articles/ext:a/b/text")
        client.get("/made/up")
    ours = [record for record in caplog.records if not record.name.startswith("httpx")]
    events = [(record.method, record.route, record.status) for record in ours]  # type: ignore[attr-defined]
    assert events == [
        ("GET", "/v1/ask", 200),
        ("GET", "/v1/articles/{id:path}/text", 404),
        ("GET", "unmatched", 404),
    ]
    assert "secret" not in str([vars(record) for record in ours])


async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise RuntimeError("secret")


async def broken_late(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise RuntimeError("secret")


async def refusing(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 413, "headers": []})
    await send({"type": "http.response.body", "body": b"Content Too Large"})


def test_an_unforeseen_error_is_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    app = RequestId(Observed(LastResort(broken), Metrics()))
    response = TestClient(app).get("/", headers={"X-Request-Id": "r1"})
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.json()["code"], response.json()["request_id"]) == ("internal", "r1")
    assert "secret" not in response.text
    assert "secret" in caplog.text


def test_an_error_after_the_start_ends_the_response(caplog: pytest.LogCaptureFixture) -> None:
    response = TestClient(LastResort(broken_late)).get("/")
    assert (response.status_code, response.content) == (200, b"")
    assert "unforeseen error" in caplog.text


def test_the_frameworks_own_refusals_become_problems() -> None:
    response = TestClient(LastResort(refusing)).get("/")
    assert response.json()["code"] == "payload_too_large"
