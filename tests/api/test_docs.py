from typing import Any

import pytest
from starlette.testclient import TestClient


@pytest.fixture
def client(shared_client: TestClient) -> TestClient:
    """Every test here only reads."""
    return shared_client


PROBLEM = {"$ref": "#/components/schemas/Problem"}
OPENAI = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorOut"}}}


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def references(value: object) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(references, value.values()))
    if isinstance(value, list):
        return set().union(*map(references, value))
    return set()


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    names = {name.removeprefix("#/components/schemas/") for name in references(document)}
    assert names <= set(document["components"]["schemas"])


def test_every_route_of_ours_is_there(document: dict[str, Any]) -> None:
    found = {(m.upper(), path) for path, item in document["paths"].items() for m in item}
    assert found == {
        ("GET", "/v1/ask"),
        ("POST", "/v1/ask"),
        ("GET", "/v1/search"),
        ("POST", "/v1/search"),
        ("GET", "/v1/articles"),
        ("POST", "/v1/articles"),
        ("POST", "/v1/articles/import"),
        ("GET", "/v1/articles/{id}"),
        ("DELETE", "/v1/articles/{id}"),
        ("GET", "/v1/articles/{id}/text"),
        ("POST", "/v1/chat/completions"),
        ("GET", "/v1/models"),
        ("GET", "/v1/models/{id}"),
        ("POST", "/v1/embeddings"),
        ("GET", "/livez"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
        ("GET", "/version"),
        ("GET", "/problems/{code}"),
    }


def test_errors_are_problems_on_every_route(document: dict[str, Any]) -> None:
    for item in document["paths"].values():
        for operation in item.values():
            content = operation["responses"]["default"]["content"]
            theirs = "openai" in operation["tags"]
            assert content == (
                OPENAI if theirs else {"application/problem+json": {"schema": PROBLEM}}
            )
            assert "422" not in operation["responses"]
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_ask_is_documented_with_its_forms_and_examples(document: dict[str, Any]) -> None:
    get = document["paths"]["/v1/ask"]["get"]
    assert set(get["responses"]["200"]["content"]) == {
        "application/json",
        "text/plain",
        "text/markdown",
        "text/event-stream",
    }
    parameters = {parameter["name"]: parameter for parameter in get["parameters"]}
    assert list(parameters) == [
        "q",
        "limit",
        "from",
        "to",
        "source",
        "lang",
        "collapse",
        "min_confidence",
        "explain",
        "conversation",
        "follow_up",
    ]
    assert parameters["q"]["schema"]["examples"] == ["who is meeting in Geneva?"]
    schemas = document["components"]["schemas"]
    assert schemas["AskRequest"]["additionalProperties"] is False
    assert set(schemas["AskRequest"]["properties"]) - set(parameters) == {
        "filter",
        "weights",
        "budget_ms",
        "generate",
    }


def test_the_page_lists_every_route_and_needs_nothing_from_outside(
    client: TestClient, document: dict[str, Any]
) -> None:
    page = client.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for path in document["paths"]:
        assert f"{path}</code></h2>" in page.text
    assert "budget_ms" in page.text
    assert "external_id" in page.text
    limit = "The most passages to give. Default: <code>10</code>."
    assert f"<dt><code>limit</code></dt><dd>{limit}</dd>" in page.text
    for outside in ("http:", "https:", "//", "<script", "style=", "<style"):
        assert outside not in page.text.replace("http or https.", "")
