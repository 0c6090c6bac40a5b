"""What only a real server and real sockets show: streaming, and clients that leave."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import uvicorn

from api.admission import THREADS
from api.app import create_app
from api.service import Service
from api.settings import Settings
from qa.pipeline import Pipeline
from qa.types import Found

QUEUE = 2
PATIENT = 120
"""Seconds; only a test that fails waits so long."""
CHUNKED = "Transfer-Encoding: chunked\r\n"


@pytest.fixture
def port(settings: Settings, service: Service) -> Iterator[int]:
    """Of a server that runs in a thread of this process."""
    app = create_app(settings.model_copy(update={"queue": QUEUE}), service)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def head(path: str, *, method: str = "POST", more: str = "") -> bytes:
    return (
        f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        f"Content-Type: application/jsonl\r\n{more}\r\n"
    ).encode()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def until(connection: socket.socket, wanted: bytes) -> bytes:
    seen = b""
    while wanted not in seen:
        part = connection.recv(65536)
        assert part, seen
        seen += part
    return seen


def everything(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


def settle(service: Service, articles: int) -> None:
    """Wait until so many are stored."""
    deadline = time.monotonic() + 10
    while service.counts().articles != articles:
        assert time.monotonic() < deadline, service.counts()
        time.sleep(0.01)


def test_results_come_while_lines_are_still_being_sent(port: int) -> None:
    with connect(port) as connection:
        connection.sendall(head("/v1/articles/import", more=CHUNKED))
        for number in range(1, 4):
            connection.sendall(chunk(b'{"text": "Line %d."}\n' % number))
            assert b'"result":"created"' in until(connection, b'"line":%d}' % number)
        connection.sendall(chunk(b""))
        assert everything(connection).endswith(b"0\r\n\r\n")


def test_a_client_may_send_everything_before_it_reads(port: int, service: Service) -> None:
    body = b'{"text": "Same."}\n' * 3000
    with connect(port) as connection:
        connection.sendall(head("/v1/articles/import", more=f"Content-Length: {len(body)}\r\n"))
        connection.sendall(body)
        settle(service, 4)
        found = everything(connection)
    assert found.count(b'"result":"created"') == 1
    assert found.count(b'"result":"unchanged"') == 2999


def test_what_a_client_sent_before_it_left_is_stored(port: int, service: Service) -> None:
    with connect(port) as connection:
        connection.sendall(head("/v1/articles/import", more=CHUNKED))
        connection.sendall(chunk(b'{"text": "One."}\n{"text": "Two."}\n{"text": "Thr'))
    settle(service, 5)
    with connect(port) as connection:
        connection.sendall(head("/livez", method="GET"))
        assert everything(connection).startswith(b"HTTP/1.1 200")


def test_a_client_that_leaves_while_it_is_answered_breaks_nothing(port: int) -> None:
    for _ in range(5):
        with connect(port) as connection:
            connection.sendall(head("/v1/ask?q=harbour", method="GET"))
    with connect(port) as connection:
        connection.sendall(head("/v1/ask", more="Content-Length: 1000\r\n"))
    with connect(port) as connection:
        connection.sendall(head("/v1/ask?q=harbour", method="GET"))
        assert b'"answered":' in everything(connection)


@pytest.mark.parametrize("path", ["/v1/articles/import", "/v1/articles"])
def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(port: int, path: str) -> None:
    body = b'{"text": "One."}'
    more = f"Expect: 100-continue\r\nContent-Length: {len(body)}\r\n"
    with connect(port) as connection:
        connection.sendall(
            head(path, more=more).replace(b"jsonl", b"json" if path[-1] == "s" else b"jsonl")
        )
        assert until(connection, b"\r\n\r\n").startswith(b"HTTP/1.1 100 Continue")
        connection.sendall(body)
        assert b'"result":"created"' in everything(connection)


@pytest.mark.parametrize("path", ["/v1/articles", "/none"])
def test_a_length_over_the_limit_is_refused_before_the_body_comes(port: int, path: str) -> None:
    with connect(port) as connection:
        connection.sendall(
            head(path, more="Content-Length: 2000001\r\n").replace(b"jsonl", b"json")
        )
        headers, _, body = everything(connection).partition(b"\r\n\r\n")
    assert headers.startswith(b"HTTP/1.1 413")
    assert b"application/problem+json" in headers
    assert json.loads(body)["code"] == "payload_too_large"


def test_head_has_headers_only(port: int) -> None:
    for path in ("/v1/ask?q=harbour", "/none", "/"):
        with connect(port) as connection:
            connection.sendall(head(path, method="HEAD"))
            headers, _, body = everything(connection).partition(b"\r\n\r\n")
        assert b"content-length: " in headers
        assert body == b""


def test_a_full_house_turns_questions_away_and_does_all_else(
    port: int, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, search = threading.Semaphore(0), threading.Event(), pipeline.search
    searched: list[str] = []

    def held(question: str, **options: Any) -> Found:
        searched.append(question)
        begun.release()
        assert go_on.wait(PATIENT)
        return search(question, **options)

    monkeypatch.setattr(pipeline, "search", held)
    url, talk = f"http://127.0.0.1:{port}", [{"role": "user", "content": "harbour?"}]
    with httpx.Client(base_url=url, timeout=PATIENT) as client, ThreadPoolExecutor(40) as threads:
        asked = [
            threads.submit(httpx.get, f"{url}/v1/ask?q=harbour+{number}", timeout=PATIENT)
            for number in range(THREADS + QUEUE - 1)
        ]
        for _ in range(THREADS):
            assert begun.acquire(timeout=PATIENT)
        leaving = connect(port)
        leaving.sendall(head("/v1/ask?q=gone", method="GET"))
        waiting = f'dateline_waiting{{for="thread"}} {QUEUE:.1f}'
        while waiting not in client.get("/metrics").text:
            time.sleep(0.01)
        leaving.close()
        refused = client.post("/v1/ask", json={"q": "harbour"})
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert refused.json()["code"] == "overloaded"
        refused = client.post("/v1/chat/completions", json={"model": "dateline", "messages": talk})
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert refused.json()["error"]["code"] == "rate_limit_exceeded"
        assert client.get("/livez").is_success
        assert client.get("/readyz").is_success
        assert client.post("/v1/articles", json={"text": "Bread is baked."}).status_code == 201
        assert client.get("/v1/articles").json()["total"] == 4
        go_on.set()
        assert {future.result(PATIENT).status_code for future in asked} == {200}
        assert client.post("/v1/ask", json={"q": "harbour"}).is_success
    assert len(searched) == len(asked) + 1
    assert "gone" not in searched
