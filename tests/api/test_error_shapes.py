"""Whatever is sent, no route fails by itself and every error is a problem of the contract."""

import json
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.problems import KINDS

KEYS = {"type", "title", "status", "detail", "code", "request_id", "errors"}

text = st.text(max_size=20) | st.sampled_from(
    ["2016-12-08", "9999-12-31", "0001-01-01T00:00:00+14:00", "ext:aleppo", "http://[", "\0", "é"]
)
surrogates = st.text(st.characters(codec=None, categories=["Cs", "L", "Cc"]), max_size=5)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | text | surrogates,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(text | surrogates, inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = (
    "q limit from to source lang collapse min_confidence explain filter weights budget_ms "
    "text title url published_at external_id cursor"
).split()
FIELDS = ("source", "published_at", "id", "and", "or", "not", "colour")
filters = st.recursive(
    st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=2),
    lambda inner: (
        st.fixed_dictionaries({"and": st.lists(inner, max_size=3)})
        | st.fixed_dictionaries({"not": inner})
    ),
    max_leaves=4,
)
bodies = st.dictionaries(st.sampled_from(NAMES), json_values, max_size=4) | st.fixed_dictionaries(
    {"q": st.just("harbour")}, optional={"filter": filters, "weights": json_values}
)
paths = st.sampled_from(
    [
        "/v1/ask",
        "/v1/search",
        "/v1/articles",
        "/v1/articles/import",
        "/v1/articles/art_1",
        "/v1/articles/ext:aleppo/text",
        "/problems/x",
        "/static/x",
        "/livez",
        "/",
        "/none",
    ]
)
kinds = st.sampled_from(
    ["application/json", "application/problem+json", "text/plain", "application/jsonl", "x", ""]
)
lenient = settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def check(response: object) -> None:
    assert response.status_code < 500, response.text  # type: ignore[attr-defined]
    if response.status_code < 400:  # type: ignore[attr-defined]
        return
    assert response.headers["content-type"] == "application/problem+json"  # type: ignore[attr-defined]
    problem = response.json()  # type: ignore[attr-defined]
    assert set(problem) == KEYS
    assert problem["status"] == response.status_code == KINDS[problem["code"]].status  # type: ignore[attr-defined]
    assert problem["type"] == f"/problems/{problem['code']}"
    assert problem["request_id"] == response.headers["x-request-id"]  # type: ignore[attr-defined]
    assert all(set(fault) == {"pointer", "detail"} for fault in problem["errors"])
    assert "Traceback" not in response.text  # type: ignore[attr-defined]


@lenient
@given(paths, st.dictionaries(st.sampled_from(NAMES) | text, text, max_size=4))
def test_any_query(client: TestClient, path: str, query: dict[str, str]) -> None:
    check(client.get(path, params=query))


@lenient
@given(paths, bodies | json_values, kinds)
def test_any_json(client: TestClient, path: str, body: object, kind: str) -> None:
    content = json.dumps(body).encode()
    check(client.post(path, content=content, headers={"content-type": kind}))


@lenient
@given(st.sampled_from(["/v1/ask", "/v1/search"]), bodies)
def test_any_question(client: TestClient, path: str, body: object) -> None:
    content = json.dumps(body).encode()
    check(client.post(path, content=content, headers={"content-type": "application/json"}))


@lenient
@given(paths, st.binary(max_size=50), kinds)
def test_any_bytes(client: TestClient, path: str, body: bytes, kind: str) -> None:
    check(client.post(path, content=body, headers={"content-type": kind}))


@lenient
@given(
    st.text(st.characters(codec="utf-8"), max_size=30).map(quote),
    st.sampled_from(["GET", "DELETE", "PUT"]),
)
def test_any_article_id(client: TestClient, key: str, method: str) -> None:
    if not key.startswith("ext:"):
        check(client.request(method, f"/v1/articles/{key}"))


@lenient
@given(
    st.dictionaries(
        st.sampled_from(["Accept", "X-Request-Id", "If-None-Match", "X-API-Key", "Authorization"]),
        st.binary(max_size=30).filter(lambda value: not {0, 10, 13} & set(value)),
        max_size=3,
    )
)
def test_any_headers(client: TestClient, headers: dict[str, bytes]) -> None:
    check(client.get("/v1/ask?q=harbour", headers=headers))
    check(client.get("/v1/articles/ext:aleppo/text", headers=headers))
