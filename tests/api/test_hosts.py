import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.service import Service
from api.settings import Settings

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
LOOPBACK = ("localhost", "localhost:8000", "127.0.0.1:8000", "127.9.9.9", "[::1]:8000", "[::1]")
LOOPBACK += ("LocalHost", "app.localhost:3000", "localhost.")
NO_HOST = ("", "@", "a b", "http://localhost", "localhost:x", "[::1", "::1", "localhost@evil.com")


def status(service: Service, path: str, host: str, **settings: object) -> int:
    app = create_app(Settings(**settings), service)  # type: ignore[arg-type]
    client = TestClient(app, headers={"Host": host})  # not started: what is let in gets 503
    if path == "/mcp":
        return client.post(path, json=PING).status_code
    return client.get(path).status_code


@pytest.mark.parametrize("host", [*LOOPBACK, "192.168.1.7:8000", "[fd00::7]:8000", "10.0.0.7"])
def test_without_keys_addresses_may_be_asked(shared_service: Service, host: str) -> None:
    assert status(shared_service, "/mcp", host) == 503


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "xlocalhost",
        *NO_HOST,
    ],
)
def test_without_keys_a_name_may_not(shared_service: Service, host: str) -> None:
    assert status(shared_service, "/mcp", host) == 421
    assert status(shared_service, "/v1/articles", host) == 503


def test_with_keys_the_key_is_what_counts(shared_service: Service) -> None:
    assert status(shared_service, "/mcp", "news.example.org", api_keys=("k",)) == 401


NAMES = ("news.example.org", "*.example.net")
PATHS = ("/mcp", "/v1/articles", "/v1/ask?q=a", "/")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "host", [*LOOPBACK, "news.example.org", "NEWS.example.org:443", "a.b.example.net"]
)
def test_where_names_are_set_these_are_answered(
    shared_service: Service, path: str, host: str
) -> None:
    assert status(shared_service, path, host, allowed_hosts=NAMES) in (200, 503)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "host",
    [
        "example.net",
        "example.org",
        "news.example.org.evil.example",
        "192.168.1.7",
        *NO_HOST,
    ],
)
def test_where_names_are_set_no_others_are(shared_service: Service, path: str, host: str) -> None:
    assert status(shared_service, path, host, allowed_hosts=NAMES) == 421


def test_a_star_lets_any_name_in(shared_service: Service) -> None:
    assert status(shared_service, "/mcp", "any.example", allowed_hosts="*") == 503
    assert status(shared_service, "/mcp", "", allowed_hosts="*") == 421


def test_addresses_can_be_set(shared_service: Service) -> None:
    allowed = "10.0.0.7, [FD00::7]"
    assert status(shared_service, "/mcp", "10.0.0.7:8000", allowed_hosts=allowed) == 503
    assert status(shared_service, "/mcp", "[fd00::7]:8000", allowed_hosts=allowed) == 503


def test_probes_are_asked_by_any_name(shared_service: Service) -> None:
    assert status(shared_service, "/livez", "10.1.2.3:8000", allowed_hosts="example.org") == 200


def test_the_refusal_says_what_to_do(shared_service: Service) -> None:
    app = create_app(Settings(), shared_service)
    found = TestClient(app).post("/mcp", json=PING, headers={"Host": "evil.example"})
    assert (found.status_code, found.json()["code"]) == (421, "misdirected")
    assert "QA_ALLOWED_HOSTS" in found.json()["detail"]
