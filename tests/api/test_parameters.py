import pytest
from starlette.testclient import TestClient


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
