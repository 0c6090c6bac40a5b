import hashlib
import json
from typing import Any

import pytest
from starlette.testclient import TestClient

BREAD = {"text": "Bread is baked.", "external_id": "b/1?x", "published_at": "2020-02-02"}


def lines(client: TestClient, body: bytes, kind: str = "application/jsonl") -> list[dict[str, Any]]:
    response = client.post("/v1/articles/import", content=body, headers={"Content-Type": kind})
    assert response.status_code == 200
    return [json.loads(line) for line in response.text.splitlines()]


def test_one_article_gives_one_result(client: TestClient) -> None:
    response = client.post("/v1/articles", json=BREAD)
    assert response.status_code == 201
    body = response.json()
    assert body == {
        "id": body["id"],
        "external_id": "b/1?x",
        "result": "created",
        "passages": 1,
        "story_id": "sty_" + hashlib.sha256(b"Bread is baked.").hexdigest()[:16],
        "warnings": [],
    }
    again = client.post("/v1/articles", json=BREAD)
    assert (again.status_code, again.json()) == (200, {**body, "result": "unchanged"})
    changed = client.post("/v1/articles", json={**BREAD, "text": "Bread is burnt."})
    assert (changed.status_code, changed.json()["result"]) == (200, "updated")


def test_an_array_gives_a_result_each_in_its_order(client: TestClient) -> None:
    response = client.post("/v1/articles", json=[BREAD, {"text": "Butter."}, BREAD])
    assert response.status_code == 201
    results = [(item["external_id"], item["result"]) for item in response.json()["data"]]
    assert results == [("b/1?x", "created"), (None, "created"), ("b/1?x", "unchanged")]
    assert client.post("/v1/articles", json=[BREAD]).status_code == 200
    assert client.post("/v1/articles", json=[]).json() == {"data": []}


def test_a_written_article_is_found_at_once(client: TestClient) -> None:
    client.post("/v1/articles", json=BREAD)
    answer = client.get("/v1/ask", params={"q": "what is baked? bread"}).json()["answer"]
    assert answer["text"] == "Bread is baked."


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({}, 422, "/text"),
        ({"text": ""}, 422, "/text"),
        ({"text": " \n\t"}, 422, "/text"),
        ({"text": "a\0b"}, 422, "/text"),
        ({"text": 1}, 422, "/text"),
        ({"text": "a\ud800"}, 422, "/text"),
        ([{"text": "a"}, {"text": "\udfff"}], 422, "/1/text"),
        ({"text": "a", "title": "\ud800"}, 422, "/title"),
        ({"text": "a", "published_at": "2016-W49-4"}, 422, "/published_at"),
        ({"text": "a", "published_at": "20161208"}, 422, "/published_at"),
        ({"text": "a", "published_at": "2016-12-08T14:30:00"}, 422, "/published_at"),
        ({"text": "a", "published_at": 20161208}, 422, "/published_at"),
        ({"text": "a", "titel": "b"}, 422, "/titel"),
        ({"text": "a", "published_at": "soon"}, 422, "/published_at"),
        ({"text": "a", "url": "javascript:alert(1)"}, 422, "/url"),
        ({"text": "a", "url": "http://["}, 422, "/url"),
        ({"text": "a", "url": "http://a:99999/"}, 422, "/url"),
        ([{"text": "a"}, {"text": "a"}, {"text": "b", "lang": 7}], 422, "/2/lang"),
        ([{"text": "a"}, {"text": "  "}], 422, "/1/text"),
        ([1], 422, "/0"),
        ("text", 422, ""),
        ([{"text": "a"}] * 1001, 422, ""),
    ],
)
def test_a_bad_article_refuses_the_request(
    shared_client: TestClient, body: object, status: int, pointer: str
) -> None:
    content = json.dumps(body).encode()
    response = shared_client.post(
        "/v1/articles", content=content, headers={"Content-Type": "application/json"}
    )
    assert response.status_code == status
    assert [fault["pointer"] for fault in response.json()["errors"]] == [pointer]
    assert shared_client.get("/v1/articles").json()["total"] == 3


def test_an_article_that_is_too_large_is_told_its_limit(shared_client: TestClient) -> None:
    response = shared_client.post("/v1/articles", json=[{"text": "a"}, {"text": "a" * 1_000_001}])
    assert response.status_code == 413
    assert response.json()["detail"] == "/1/text has 1,000,001 bytes; the limit is 1,000,000"
    assert shared_client.get("/v1/articles").json()["total"] == 3


@pytest.mark.parametrize("path", ["/v1/articles", "/v1/articles/art_1", "/none"])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_a_problem(
    shared_client: TestClient,
    path: str,
    chunked: bool,  # noqa: FBT001
) -> None:
    part = b" " * 500_000
    content = (part for _ in range(5)) if chunked else part * 5
    response = shared_client.post(
        path, content=content, headers={"content-type": "application/json"}
    )
    assert response.headers["content-type"] == "application/problem+json"
    if not chunked or path == "/v1/articles":
        assert response.json()["code"] == "payload_too_large"


def test_an_import_answers_every_line(client: TestClient) -> None:
    first, bad, last = lines(client, b'{"text":"One."}\n\n{"text":""}\r\n{"text":"Two."}')
    assert (first["line"], first["result"], first["passages"]) == (1, "created", 1)
    assert (bad["line"], bad["error"]["status"]) == (3, 422)
    assert bad["error"]["errors"] == [{"pointer": "/text", "detail": "the text is empty"}]
    assert bad["error"]["request_id"]
    assert (last["line"], last["result"]) == (4, "created")
    assert client.get("/v1/articles").json()["total"] == 5


def test_an_import_may_be_larger_than_a_body(client: TestClient) -> None:
    body = b"".join(b'{"text":"%d %s"}\n' % (i, b" " * 300_000) for i in range(8))
    assert len(body) > 2_000_000
    oversized = b'{"text":"' + b"x" * 4_000_000 + b'"}\n'
    found = lines(client, body + oversized + b'{"text":"small"}')
    assert [line.get("result") for line in found] == ["created"] * 8 + [None, "created"]
    assert found[8]["error"]["code"] == "payload_too_large"


@pytest.mark.parametrize(
    "kind",
    ["application/jsonl", "application/x-ndjson; charset=utf-8", "APPLICATION/NDJSON"],
)
def test_json_lines_go_by_several_names(client: TestClient, kind: str) -> None:
    assert lines(client, b'{"text":"One."}', kind)[0]["result"] == "created"
    assert lines(client, b"", kind) == []


def test_an_import_of_something_else_is_refused(shared_client: TestClient) -> None:
    response = shared_client.post("/v1/articles/import", json=[{"text": "One."}])
    assert response.status_code == 415
    assert response.json()["detail"] == "send it as application/jsonl or application/x-ndjson"


@pytest.mark.parametrize("kind", ["text/plain", "text/plain; charset=utf-8", None])
def test_an_import_that_any_page_could_have_sent_is_refused(
    client: TestClient, kind: str | None
) -> None:
    headers = {"Content-Type": kind} if kind else {}
    response = client.post("/v1/articles/import", content=b'{"text":"One."}', headers=headers)
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")
    assert client.get("/v1/articles").json()["total"] == 3


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_import_is_no_article(shared_client: TestClient, method: str) -> None:
    response = shared_client.request(method, "/v1/articles/import")
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert response.headers["allow"] == "POST"


def test_articles_are_listed_in_pages(shared_client: TestClient) -> None:
    first = shared_client.get("/v1/articles", params={"limit": 2}).json()
    second = shared_client.get("/v1/articles", params={"cursor": first["next_cursor"]}).json()
    assert (len(first["data"]), first["total"]) == (2, 3)
    assert (len(second["data"]), second["next_cursor"]) == (1, None)
    assert "text" not in first["data"][0]
    titles = {row["title"] for row in first["data"] + second["data"]}
    assert titles == {"US, Russia to meet", "Harbour reopens", "Harbour of Östmere open again"}


def test_an_article_is_given_whole(shared_client: TestClient) -> None:
    body = shared_client.get("/v1/articles/ext:aleppo").json()
    assert body["text"].startswith("Syrian warplanes")
    assert body["sha256"] == hashlib.sha256(body["text"].encode()).hexdigest()
    assert body["characters"] == len(body["text"])
    assert body["published_at"] == "2016-12-08T14:30:00Z"
    assert shared_client.get(f"/v1/articles/{body['id']}").json() == body


def test_a_callers_own_id_may_look_like_a_path(client: TestClient) -> None:
    client.post("/v1/articles", json={**BREAD, "external_id": "https://x.org/a"})
    for path in ("ext:https://x.org/a", "ext:https%3A%2F%2Fx.org%2Fa"):
        assert client.get(f"/v1/articles/{path}").json()["text"] == "Bread is baked."
        assert client.get(f"/v1/articles/{path}/text").text == "Bread is baked."


def test_text_comes_exactly_as_it_was_sent(client: TestClient) -> None:
    text = "\ufeff One\r\n\r\ntwo\u2028🚢 e\u0301.  \n"
    key = client.post("/v1/articles", json={"text": text}).json()["id"]
    response = client.get(f"/v1/articles/{key}/text")
    assert response.content == text.encode()
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


def test_text_that_is_known_is_not_sent_again(shared_client: TestClient) -> None:
    path = "/v1/articles/ext:aleppo/text"
    tag = shared_client.get(path).headers["etag"]
    assert tag == f'"{shared_client.get("/v1/articles/ext:aleppo").json()["sha256"]}"'
    for known in (tag, f'"x", W/{tag}', "*"):
        response = shared_client.get(path, headers={"If-None-Match": known})
        assert (response.status_code, response.content) == (304, b"")
        assert response.headers["etag"] == tag
    assert shared_client.get(path, headers={"If-None-Match": '"x"'}).status_code == 200


def test_a_removed_article_is_gone(client: TestClient) -> None:
    response = client.delete("/v1/articles/ext:aleppo")
    assert (response.status_code, response.content) == (204, b"")
    for method, path in (
        ("DELETE", "/v1/articles/ext:aleppo"),
        ("GET", "/v1/articles/ext:aleppo"),
        ("GET", "/v1/articles/ext:aleppo/text"),
    ):
        gone = client.request(method, path)
        assert (gone.status_code, gone.json()["code"]) == (404, "not_found")
    found = client.get("/v1/search", params={"q": "Aleppo Geneva"}).json()
    assert "AFP" not in [passage["source"] for passage in found["passages"]]
