import platform
from importlib import metadata

import pytest
from starlette.testclient import TestClient

from api.problems import KINDS
from api.version import version


@pytest.fixture
def client(shared_client: TestClient) -> TestClient:
    """Every test here only reads."""
    return shared_client


def test_the_page_and_its_parts_are_served(client: TestClient) -> None:
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for name in ("app.js", "style.css"):
        assert f"static/{name}" in page.text
        assert client.get(f"/static/{name}").status_code == 200


@pytest.mark.parametrize("path", ["/static/none.js", "/static/../app.py", "/static/%2e%2e/app.py"])
def test_nothing_else_is_served(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_the_version_says_what_runs_here(client: TestClient) -> None:
    assert client.get("/version").json() == {
        "name": "dateline",
        "version": version(),
        "python": platform.python_version(),
        "models": {"embed": "hashing-256", "read": "sentence"},
        "generation": 1,
    }


def test_the_version_is_known_without_being_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", unknown)
    assert version() == "0.1.0"


@pytest.mark.parametrize("code", KINDS)
def test_every_problem_has_a_page(client: TestClient, code: str) -> None:
    response = client.get(f"/problems/{code}")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.text.startswith(f"{code} (HTTP {KINDS[code].status})\n")


def test_an_unknown_problem_is_not_found(client: TestClient) -> None:
    assert client.get("/problems/none").json()["code"] == "not_found"


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/articles/art_1"), ("PUT", "/v1/ask"), ("DELETE", "/livez"), ("POST", "/")],
)
def test_other_methods_are_refused(client: TestClient, method: str, path: str) -> None:
    response = client.request(method, path)
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert response.headers["allow"]
