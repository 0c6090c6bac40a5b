import http.server
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from bench import load
from bench.load import Task, get, head_of, raw, told

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nServer-Timing: embed;dur=2.5, read;dur=10"


def test_a_response_is_complete_when_its_length_or_its_last_chunk_is_there() -> None:
    assert head_of(HEAD) is None
    assert head_of(HEAD + b"\r\n\r\nbod") is None
    assert head_of(HEAD + b"\r\n\r\nbody") == len(HEAD)
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbody\r\n"
    assert head_of(chunked) is None
    assert head_of(chunked + b"0\r\n\r\n") == chunked.index(b"\r\n\r\n")
    with pytest.raises(ValueError, match="without a length"):
        head_of(b"HTTP/1.1 200 OK\r\n\r\n")


def test_the_head_tells_the_status_and_the_stages() -> None:
    assert told(HEAD) == (b"200", {"embed": 2.5, "read": 10.0})
    assert told(b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0") == (b"429", {})


def test_a_request_has_a_body_only_where_there_is_one() -> None:
    assert get("/v1/search", q="wer? où", limit=10) == (
        "GET",
        "/v1/search?q=wer%3F+o%C3%B9&limit=10",
        "",
    )
    assert raw(*get("/x", q=1)) == b"GET /x?q=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    sent = raw("POST", "/v1/articles/import", "é")
    assert sent.endswith(b"Content-Type: application/jsonl\r\nContent-Length: 2\r\n\r\n\xc3\xa9")


@pytest.fixture
def port() -> Iterator[int]:
    """A server that refuses every question that is no number, and tells a stage of its own."""

    class Answering(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            question = parse_qs(urlsplit(self.path).query)["q"][0]
            self.send_response(200 if question.isdigit() else 429)
            self.send_header("Content-Length", "2")
            self.send_header("Server-Timing", f"embed;dur={len(question)}")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_every_request_is_sent_once_by_clients_that_share_them(port: int) -> None:
    asked = [get("/", q=one) for one in ("1", "22", "333", "no", "4444", "neither")]
    found = load.run(Task(port, asked, clients=3))
    assert sorted(one["embed"] for one in found.stages) == [1, 2, 3, 4]
    assert len(found.ms) == 4
    assert found.refused == 2
    assert found.client_s > 0
    assert found.per_second == pytest.approx(4 / found.wall_s)


def test_nothing_is_sent_when_time_is_up(port: int) -> None:
    assert load.run(Task(port, [get("/", q=1)] * 3, seconds=0)).ms == []
