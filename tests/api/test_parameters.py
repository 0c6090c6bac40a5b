from typing import Annotated

import pytest
from fastapi import FastAPI, Query
from pydantic import BaseModel
from starlette.testclient import TestClient

from api.parameters import documented
from api.schemas import AskQuery, SearchQuery


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/articles"),
        ("POST", "/v1/articles/import"),
        ("GET", "/v1/articles/ext:aleppo"),
        ("DELETE", "/v1/articles/ext:aleppo"),
        ("GET", "/v1/articles/ext:aleppo/text"),
    ],
)
def test_a_parameter_that_a_route_does_not_have_is_refused(
    client: TestClient, method: str, path: str
) -> None:
    kind = "application/jsonl" if path.endswith("import") else "application/json"
    content = b'{"text":"One."}' if method == "POST" else None
    response = client.request(
        method, f"{path}?dry_run=1&x", content=content, headers={"Content-Type": kind}
    )
    assert response.status_code == 422
    pointers = [fault["pointer"] for fault in response.json()["errors"]]
    assert pointers == ["/dry_run", "/x"]
    assert client.get("/v1/articles").json()["total"] == 3


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/version", "/problems/timeout"])
def test_the_plumbing_has_no_parameters(shared_client: TestClient, path: str) -> None:
    response = shared_client.get(path, params={"verbose": "1"})
    assert response.status_code == 422
    assert response.json()["errors"] == [
        {"pointer": "/verbose", "detail": "this address has no such parameter"}
    ]


def test_the_page_takes_whatever_a_link_brings_along(shared_client: TestClient) -> None:
    assert shared_client.get("/?q=harbour&utm_source=x").status_code == 200


@pytest.mark.parametrize("model", [AskQuery, SearchQuery])
def test_parameters_are_documented_as_fastapi_would(model: type[BaseModel]) -> None:
    api = FastAPI()

    @api.get("/ours", openapi_extra=documented(model))
    async def ours() -> None: ...

    @api.get("/theirs")
    async def theirs(query: Annotated[model, Query()]) -> None: ...  # type: ignore[valid-type]

    paths = api.openapi()["paths"]
    assert paths["/ours"]["get"]["parameters"] == paths["/theirs"]["get"]["parameters"]
    assert len(paths["/ours"]["get"]["parameters"]) >= 10


def test_the_last_of_two_equal_parameters_counts(shared_client: TestClient) -> None:
    found = shared_client.get("/v1/search?q=zebra&q=harbour&limit=1&limit=2").json()
    assert found["query"]["text"] == "harbour"
    assert len(found["passages"]) == 2
