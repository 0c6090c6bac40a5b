import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from api.client import Client
from api.problems import KINDS
from api.schemas import AskRequest, SearchRequest
from api.schemas_articles import ArticleIn, WriteOut
from api.service import Service
from index.errors import (
    InvalidInput,
    NotAllowed,
    NotFound,
    NotReady,
    Overloaded,
    ServiceError,
    StorageFull,
    TooLarge,
    Unreachable,
)
from index.identity import new_article

PROBLEM = "application/problem+json"


@pytest.fixture
def there(url: str) -> Iterator[Client]:
    client = Client(url)
    yield client
    client.close()


@contextmanager
def answering(status: int, kind: str, body: bytes) -> Iterator[Client]:
    """A server that always gives the same answer."""

    class Stubborn(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *_: Any) -> None:  # noqa: A002
            pass

    with HTTPServer(("127.0.0.1", 0), Stubborn) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        client = Client(f"http://127.0.0.1:{server.server_port}")
        yield client
        client.close()
        server.shutdown()
        thread.join()


def test_the_answers_are_those_of_the_service(there: Client, service: Service) -> None:
    request = AskRequest.model_validate({"q": "when did the harbour reopen?", "from": "2016-01-01"})
    both = there.ask(request), service.ask(request)
    first, second = (answer.model_dump(exclude={"id", "timing_ms", "cached"}) for answer in both)
    assert first == second
    assert first["passages"]
    query = SearchRequest(q="harbour", limit=2, explain=True, collapse="story")
    found, known = there.search(query), service.search(query)
    passing = {"timing_ms", "cached"}
    assert found.model_dump(exclude=passing) == known.model_dump(exclude=passing)
    assert found.passages[0].explain


def test_articles_are_listed_and_read(there: Client, service: Service) -> None:
    first = there.articles(2)
    assert first == service.articles(2)
    assert there.articles(2, first.next_cursor) == service.articles(2, first.next_cursor)
    assert there.article("ext:harbour") == service.article("ext:harbour")
    assert there.about().models["embed"] == service.embedder


@pytest.mark.parametrize("key", ["https://example.org/a?b=c#d", "50 % off", "a+b", "Östmere/../x"])
def test_any_id_and_any_text_survive_the_way(there: Client, service: Service, key: str) -> None:
    text = "\r\nÉté \U0001f6a2\u2028.\t\n"
    assert there.add([ArticleIn(text=text, external_id=key)])[0].result == "created"
    assert there.text(f"ext:{key}") == text == service.text(f"ext:{key}")
    there.delete(f"ext:{key}")
    with pytest.raises(NotFound, match="there is no article"):
        there.article(f"ext:{key}")
    with pytest.raises(NotFound):
        there.delete(f"ext:{key}")


def test_an_array_is_stored_whole_or_not_at_all(there: Client, service: Service) -> None:
    with pytest.raises(InvalidInput) as caught:
        there.add([ArticleIn(text="Good."), ArticleIn(text=" ")])
    assert caught.value.pointer == "/1/text"
    assert service.counts().articles == 3
    results = there.add([ArticleIn(text="Good."), ArticleIn(text="Better.")])
    assert [one.result for one in results] == ["created", "created"]


def test_each_article_of_an_import_gets_its_result(there: Client, service: Service) -> None:
    kept = service.article("ext:harbour")
    articles = [
        new_article(text=kept.text, title=kept.title, external_id="harbour", source="Reuters"),
        new_article(text="x" * 1_000_001),
        new_article(text="New\u2028 one.", external_id="new"),
    ]
    updated, refused, created = there.add_each(articles)
    assert isinstance(updated, WriteOut)
    assert (updated.result, updated.id) == ("updated", kept.id)
    assert isinstance(refused, TooLarge)
    assert "the limit is 1,000,000" in str(refused)
    assert isinstance(created, WriteOut)
    assert created.result == "created"
    assert there.text("ext:new") == "New\u2028 one."
    assert list(there.add_each([])) == []


def test_metadata_of_an_import_are_kept(there: Client, service: Service) -> None:
    text = service.text("ext:aleppo")
    article = service.article("ext:aleppo")
    again = new_article(
        text=text,
        **article.model_dump(
            include={"title", "url", "source", "lang", "published_at", "external_id"}
        ),
    )
    (result,) = there.add_each([again])
    assert isinstance(result, WriteOut)
    assert result.result == "unchanged"


def test_the_key_is_sent(locked_url: str) -> None:
    with closing(Client(locked_url)) as client, pytest.raises(NotAllowed, match="Bearer"):
        client.articles(1)
    with closing(Client(locked_url, ["wrong", "secret"])) as client, pytest.raises(NotAllowed):
        client.articles(1)
    with closing(Client(locked_url, ["secret", "other"])) as client:
        assert client.articles(1).total == 3


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("malformed_json", InvalidInput),
        ("unauthenticated", NotAllowed),
        ("forbidden", NotAllowed),
        ("not_found", NotFound),
        ("payload_too_large", TooLarge),
        ("invalid_parameter", InvalidInput),
        ("rate_limited", Overloaded),
        ("overloaded", Overloaded),
        ("not_ready", NotReady),
        ("storage_full", StorageFull),
        ("internal", ServiceError),
        ("conflict", ServiceError),
        ("code_of_a_later_version", ServiceError),
    ],
)
def test_a_problem_comes_back_as_the_error_it_was(code: str, kind: type[ServiceError]) -> None:
    status = KINDS[code].status if code in KINDS else 418
    problem = {"type": f"/problems/{code}", "title": "T", "status": status, "detail": "why"}
    body = json.dumps(problem | {"code": code, "request_id": None}).encode()
    with (
        answering(status, PROBLEM, body) as client,
        pytest.raises(ServiceError, match=r"^why$") as caught,
    ):
        client.ask(AskRequest(q="who?"))
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (502, "text/html", b"<h1>Bad Gateway</h1>"),
        (404, "application/json", b'{"detail": "Not Found"}'),
        (301, "text/html", b""),
        (500, PROBLEM, b"{broken"),
        (500, PROBLEM, b"{}"),
        (200, "text/html", b"<h1>Welcome</h1>"),
        (200, "application/json", b"[]"),
        (200, "application/json", b'{"data": 1}'),
    ],
)
def test_what_is_no_such_server_counts_as_not_reached(status: int, kind: str, body: bytes) -> None:
    with answering(status, kind, body) as client, pytest.raises(Unreachable, match=r"127\.0\.0\.1"):
        client.articles(1)


def test_an_import_that_breaks_off_is_told_after_its_results() -> None:
    line = {"line": 1, "id": "art_1", "external_id": None, "result": "created", "passages": 1}
    body = json.dumps(line | {"story_id": "sty_1", "warnings": []}).encode() + b"\n"
    with answering(200, "application/jsonl", body) as client:
        results = client.add_each([new_article(text="One."), new_article(text="Two.")])
        first = next(results)
        assert isinstance(first, WriteOut)
        assert first.id == "art_1"
        with pytest.raises(Unreachable, match="answered for 1 of 2 articles"):
            next(results)


def test_a_closed_port_is_not_reached() -> None:
    expected = pytest.raises(Unreachable, match=r"cannot reach http://127\.0\.0\.1:1: ")
    with closing(Client("http://127.0.0.1:1")) as client, expected:
        client.articles(1)


@pytest.mark.parametrize(
    "url", ["localhost:8000", "ftp://example.org", "example.org", "http://[::1"]
)
def test_an_address_must_be_one(url: str) -> None:
    expected = pytest.raises(InvalidInput, match="is no address")
    with expected, closing(Client(url)) as client:
        client.articles(1)
