import json

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.schemas import AskRequest
from api.service import Service
from api.settings import Settings


@pytest.fixture
def client(shared_client: TestClient) -> TestClient:
    """Every test here only reads."""
    return shared_client


GENEVA = "who will meet in Geneva?"


def test_ask_gives_the_contracts_body(client: TestClient) -> None:
    body = client.get("/v1/ask", params={"q": GENEVA}).json()
    assert list(body) == [
        "id",
        "answered",
        "query",
        "answer",
        "answers",
        "passages",
        "warnings",
        "timing_ms",
        "model",
        "generation",
        "generated",
        "cached",
    ]
    assert body["id"].startswith("ans_")
    assert body["answered"] is True
    assert body["query"] == {"text": GENEVA, "rewritten": None}
    assert body["answer"] == {
        "text": "US officials will meet tomorrow with their Russian counterparts in Geneva, "
        "Kerry said.",
        "confidence": body["answers"][0]["confidence"],
    }
    assert list(body["answers"][0]["citation"]) == [
        "article_id",
        "sha256",
        "passage_id",
        "title",
        "source",
        "url",
        "published_at",
        "start",
        "end",
        "quote",
        "sentence",
    ]
    assert list(body["passages"][0]) == [
        "id",
        "article_id",
        "rank",
        "score",
        "text",
        "start",
        "end",
        "title",
        "source",
        "url",
        "published_at",
        "highlights",
        "story_id",
        "explain",
    ]
    assert body["answers"][0]["citation"]["published_at"] == "2016-12-08T14:30:00Z"
    assert list(body["timing_ms"]) == ["total", "embed", "retrieve", "read"]
    assert body["model"] == {"embed": "hashing-256", "read": "sentence"}
    assert body["generation"] == 1


def test_every_offset_points_into_the_stored_text(client: TestClient) -> None:
    for q in (GENEVA, "harbour of Östmere", "what did dockers won?", "Aleppo"):
        body = client.get("/v1/ask", params={"q": q, "min_confidence": 0}).json()
        assert body["answered"]
        for citation in (answer["citation"] for answer in body["answers"]):
            text = client.get(f"/v1/articles/{citation['article_id']}/text").text
            assert text[citation["start"] : citation["end"]] == citation["quote"]["exact"]
            sentence = citation["sentence"]
            assert text[sentence["start"] : sentence["end"]] == sentence["text"]
            prefix, suffix = citation["quote"]["prefix"], citation["quote"]["suffix"]
            assert prefix + citation["quote"]["exact"] + suffix in text
        for passage in body["passages"]:
            text = client.get(f"/v1/articles/{passage['article_id']}/text").text
            assert text[passage["start"] : passage["end"]] == passage["text"]


def test_search_gives_the_contracts_body(client: TestClient) -> None:
    body = client.get("/v1/search", params={"q": "harbour", "limit": 2}).json()
    assert list(body) == [
        "query",
        "passages",
        "total",
        "warnings",
        "timing_ms",
        "generation",
        "cached",
    ]
    assert [passage["rank"] for passage in body["passages"]] == [1, 2]
    assert body["total"] == 3
    assert list(body["timing_ms"]) == ["total", "embed", "retrieve"]


@pytest.mark.parametrize("path", ["/v1/ask", "/v1/search"])
def test_get_and_post_answer_alike(client: TestClient, path: str) -> None:
    asked = {"q": "harbour", "limit": 2, "from": "2016-01-01", "source": "Reuters", "explain": True}
    got, posted = client.get(path, params=asked).json(), client.post(path, json=asked).json()
    for body in (got, posted):
        body.pop("timing_ms")
        body.pop("cached")
        body.pop("id", None)
    assert got == posted
    assert [passage["source"] for passage in got["passages"]] == ["Reuters"]


@pytest.mark.parametrize("path", ["/v1/ask", "/v1/search"])
def test_what_was_found_before_says_so(settings: Settings, service: Service, path: str) -> None:
    with TestClient(create_app(settings, service)) as client:
        first, again = (client.get(path, params={"q": "harbour"}) for _ in range(2))
    assert "embed;dur=" in first.headers["server-timing"]
    assert again.headers["server-timing"].split(",")[0] == "cached"
    assert (first.json()["cached"], again.json()["cached"]) == (False, True)
    stages = again.json()["timing_ms"]
    assert stages.pop("total") > 0
    assert set(stages.values()) == {0.0}
    assert first.json().get("id", 1) != again.json().get("id", 2)
    assert first.json()["passages"] == again.json()["passages"]


def test_a_post_can_filter_and_weigh(client: TestClient) -> None:
    asked = {
        "q": "harbour",
        "filter": {"or": [{"source": "Gazette"}, {"published_at": {"lt": "2017-01-01"}}]},
        "weights": {"dense": 0, "sentence": 0},
        "budget_ms": 10_000,
    }
    body = client.post("/v1/search", json=asked).json()
    assert [passage["source"] for passage in body["passages"]] == ["Gazette", "AFP"]


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("/v1/ask", "/q"),
        ("/v1/ask?q=+", "/q"),
        ("/v1/ask?q=%00", "/q"),
        ("/v1/ask?q=a&limit=0", "/limit"),
        ("/v1/ask?q=a&from=soon", "/from"),
        ("/v1/ask?q=a&from=2017-01-02&to=2017-01-01", "/from"),
        ("/v1/ask?q=a&question=b", "/question"),
        ("/v1/ask?q=a&from_=2017-01-02", "/from_"),
        ("/v1/ask?q=a&filter={}", "/filter"),
        ("/v1/search?q=a&explain=perhaps", "/explain"),
        ("/v1/articles?limit=1001", "/limit"),
        ("/v1/articles?page=2", "/page"),
    ],
)
def test_a_wrong_parameter_is_pointed_to(client: TestClient, path: str, pointer: str) -> None:
    response = client.get(path)
    assert response.status_code == 422
    assert [fault["pointer"] for fault in response.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/q"),
        ({"q": "a", "weights": {"dense": -1}}, "/weights/dense"),
        ({"q": "a", "weights": {"dense": True}}, "/weights/dense"),
        ({"q": "a", "limit": True}, "/limit"),
        ({"q": "a", "limit": "3"}, "/limit"),
        ({"q": "a", "limit": 3.0}, "/limit"),
        ({"q": "a", "explain": 1}, "/explain"),
        ({"q": "a", "explain": "yes"}, "/explain"),
        ({"q": "a", "min_confidence": "0.5"}, "/min_confidence"),
        ({"q": "a", "min_confidence": True}, "/min_confidence"),
        ({"q": "a", "budget_ms": "5"}, "/budget_ms"),
        ({"q": "a", "from": 20161208}, "/from"),
        ({"q": "a", "filter": {"published_at": 20161208}}, "/filter/published_at"),
        ({"q": "a", "filter": {"colour": "red"}}, "/filter/colour"),
        ({"q": "a", "filter": {"and": [{"source": 1}]}}, "/filter/and/0/source"),
        ({"q": "a", "unknown/~": 1}, "/unknown~1~0"),
        ([], ""),
    ],
)
def test_a_wrong_value_in_a_body_is_pointed_to(
    client: TestClient, body: object, pointer: str
) -> None:
    response = client.post("/v1/ask", json=body)
    assert response.status_code == 422
    assert [fault["pointer"] for fault in response.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    "unusable",
    [
        {"source": "\ud800"},
        {"source": {"in": ["\ud800"]}},
        {"or": [{"source": "AFP"}] * 1500},
        {"and": [{"source": "AFP"}] * 1500},
    ],
    ids=["surrogate", "surrogates", "or", "and"],
)
def test_a_filter_that_sqlite_could_not_take_is_refused(
    client: TestClient, unusable: dict[str, object]
) -> None:
    content = json.dumps({"q": "harbour", "filter": unusable}).encode()
    response = client.post(
        "/v1/search", content=content, headers={"content-type": "application/json"}
    )
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"].startswith("/filter")


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"q": ' + b"9" * 10_000 + b"}", "application/json", 400),
        (b'{"q": "a", "min_confidence": NaN}', "application/json", 422),
        (b'{"q": "\\ud800"}', "application/json", 422),
        (b'{"\\ud800": 1}', "application/json", 422),
        (b"", "application/json", 422),
        (b"q=a", "application/x-www-form-urlencoded", 415),
        (b"{}", "", 415),
        (b"x" * 2_000_001, "application/json", 413),
    ],
)
def test_a_body_that_cannot_be_read_is_a_problem(
    client: TestClient, content: bytes, kind: str, status: int
) -> None:
    headers = {"content-type": kind} if kind else {}
    response = client.post("/v1/ask", content=content, headers=headers)
    assert response.status_code == response.json()["status"] == status
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/v1/ask", "/v1/search"])
def test_a_query_string_of_its_own_is_refused_beside_a_body(client: TestClient, path: str) -> None:
    response = client.post(f"{path}?limit=1", json={"q": "harbour"})
    assert response.status_code == 422
    assert [fault["pointer"] for fault in response.json()["errors"]] == ["/limit"]


def test_values_in_a_query_string_are_read_as_text(client: TestClient) -> None:
    asked = "q=harbour&limit=2&explain=true&min_confidence=0&source=Reuters"
    body = client.get(f"/v1/search?{asked}").json()
    assert [passage["source"] for passage in body["passages"]] == ["Reuters"]
    assert body["passages"][0]["explain"]["dense"] > 0
    whole = {"q": "harbour", "min_confidence": 0, "weights": {"dense": 1}}
    assert client.post("/v1/search", json=whole).status_code == 200


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"q": ' + b"[" * 50_000, "the JSON is nested too deeply"),
        (b'{"q": "\xff"}', "the body is not UTF-8: byte 0xff at offset 7"),
    ],
)
def test_json_that_cannot_be_followed_is_told_why(
    client: TestClient, content: bytes, reason: str
) -> None:
    headers = {"Content-Type": "application/json"}
    for path in ("/v1/ask", "/v1/articles"):
        body = client.post(path, content=content, headers=headers).json()
        assert (body["code"], body["detail"]) == ("malformed_json", reason)


@pytest.mark.parametrize("path", ["/v1/ask", "/v1/search"])
@pytest.mark.parametrize("kind", ["text/plain", "text/markdown"])
def test_text_is_given_where_it_is_liked_best(client: TestClient, path: str, kind: str) -> None:
    response = client.get(path, params={"q": GENEVA}, headers={"Accept": kind})
    assert response.headers["content-type"] == f"{kind}; charset=utf-8"
    assert response.headers["vary"] == "Accept"
    assert "US officials will meet" in response.text


def test_events_come_in_order_and_hold_the_whole_answer(client: TestClient) -> None:
    response = client.get("/v1/ask", params={"q": GENEVA}, headers={"Accept": "text/event-stream"})
    assert response.headers["content-type"].startswith("text/event-stream")
    blocks = [block.split("\n") for block in response.text.removesuffix("\n\n").split("\n\n")]
    names = [lines[0] for lines in blocks]
    assert names == ["event: meta", "event: sources", "event: answer", "event: done"]
    merged: dict[str, object] = {}
    for _, data in blocks:
        merged |= json.loads(data.removeprefix("data: "))
    plain = client.get("/v1/ask", params={"q": GENEVA}).json()
    assert set(merged) == set(plain)
    assert merged["answers"] == plain["answers"]


def test_the_events_of_a_search_hold_all_that_was_found(client: TestClient) -> None:
    headers = {"Accept": "text/event-stream"}
    response = client.get("/v1/search", params={"q": GENEVA}, headers=headers)
    assert response.headers["content-type"].startswith("text/event-stream")
    blocks = [block.split("\n") for block in response.text.removesuffix("\n\n").split("\n\n")]
    assert [lines[0] for lines in blocks] == ["event: meta", "event: sources", "event: done"]
    parts = [json.loads(data.removeprefix("data: ")) for _, data in blocks]
    plain = client.get("/v1/search", params={"q": GENEVA}).json()
    assert {name for part in parts for name in part} == set(plain)
    assert parts[1] == {"passages": plain["passages"], "total": plain["total"]}


def test_errors_are_problems_whatever_is_liked(client: TestClient) -> None:
    response = client.get("/v1/ask", headers={"Accept": "text/plain"})
    assert response.headers["content-type"] == "application/problem+json"


def test_a_conversation_goes_on_with_a_post_and_not_with_a_get(client: TestClient) -> None:
    said = {"q": GENEVA, "conversation": "talk"}
    more = {"q": "and in Aleppo?", "conversation": "talk"}
    client.get("/v1/ask", params=said)
    assert client.get("/v1/ask", params=more).json()["query"]["rewritten"] is None
    client.post("/v1/ask", json=said)
    completed = {"text": "and in Aleppo?", "rewritten": GENEVA.replace("Geneva", "Aleppo")}
    assert client.get("/v1/ask", params=more).json()["query"] == completed
    assert client.post("/v1/ask", json=more).json()["query"] == completed
    exactly = client.post("/v1/ask", json=more | {"follow_up": False}).json()
    assert exactly["query"] == {"text": "and in Aleppo?", "rewritten": None}


def test_a_client_reads_no_conversation_of_another_door(
    client: TestClient, shared_service: Service
) -> None:
    shared_service.ask(AskRequest(q=GENEVA, conversation="slack:room"))
    more = {"q": "and in Aleppo?", "conversation": "slack:room"}
    assert client.post("/v1/ask", json=more).json()["query"]["rewritten"] is None
