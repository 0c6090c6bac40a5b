"""The command line as a function and as a process, and a server on a real port."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from typer.testing import CliRunner, Result

from api.app import create_app
from api.cli import app
from api.service import Service
from api.settings import Settings

Run = Callable[..., Result]
Start = Callable[..., "subprocess.Popen[bytes]"]

TALKS = (
    "US officials will meet tomorrow with their Russian counterparts in Geneva, Kerry said. He was "
    "in Paris.\r\n\r\nThe \U0001f6a2 harbour stays shut.\n"
)
NEWS = (
    {
        "external_id": "talks",
        "title": "US, Russia to meet",
        "text": TALKS,
        "source": "AFP",
        "lang": "en",
        "published_at": "2016-12-08T14:30:00Z",
    },
    {"external_id": "strike", "title": "Strike ends", "text": "Dockers won a rise of 4.5 percent."},
)


@pytest.fixture
def news(tmp_path: Path) -> Path:
    """A file with two articles."""
    path = tmp_path / "news.jsonl"
    path.write_text("".join(json.dumps(article) + "\n" for article in NEWS))
    return path


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory that is still to be made; QA_DATA names it, and no weights are needed."""
    for name in os.environ:
        if name.startswith("QA_"):
            monkeypatch.delenv(name)
    path = tmp_path / "store"
    monkeypatch.setenv("QA_DATA", str(path))
    monkeypatch.setenv("QA_EMBED_MODEL", "hashing")
    monkeypatch.setenv("QA_READER", "none")
    return path


@pytest.fixture
def qa(data: Path) -> Run:
    """`qa` in this process."""
    runner = CliRunner()

    def run(*words: str, stdin: str | None = None, **variables: str) -> Result:
        return runner.invoke(app, list(words), input=stdin, env=variables, prog_name="qa")

    return run


@pytest.fixture
def stored(qa: Run, news: Path, data: Path) -> Path:
    """The data directory with the two articles in it."""
    assert qa("ingest", str(news)).exit_code == 0
    return data


@pytest.fixture
def start(data: Path) -> Iterator[Start]:
    """`qa` in a process of its own, which does not outlive the test."""
    started: list[subprocess.Popen[bytes]] = []

    def run(*words: str, **options: object) -> "subprocess.Popen[bytes]":
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        program = [sys.executable, "-c", "from api.cli import main; main()", *words]
        process = subprocess.Popen(program, **(pipes | options))  # type: ignore[call-overload]
        started.append(process)
        return process  # type: ignore[no-any-return]

    yield run
    for process in started:
        process.kill()
        process.communicate()


@contextmanager
def serving(settings: Settings, service: Service) -> Iterator[str]:
    """The address of a real server."""
    config = uvicorn.Config(create_app(settings, service), port=0, log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def url(settings: Settings, service: Service) -> Iterator[str]:
    """A server with the three articles of `corpus`."""
    with serving(settings, service) as address:
        yield address


@pytest.fixture
def locked_url(settings: Settings, service: Service) -> Iterator[str]:
    """The same, for those only who have the key `secret`."""
    with serving(settings.model_copy(update={"api_keys": ("secret",)}), service) as address:
        yield address


@dataclass
class LLM:
    """A server in OpenAI's protocol that sends what it is told to: bytes, and pauses in seconds."""

    url: str
    body: Iterable[bytes | float] = ()
    status: int = 200
    kind: str = "text/event-stream"
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)

    def says(self, *pieces: str, reason: str = "stop") -> None:
        """Let it answer as it should, in these pieces."""
        deltas = [{"role": "assistant"}, *({"content": piece} for piece in pieces), {}]
        ends = [None] * (len(deltas) - 1) + [reason]
        self.body = [
            llm_event({"choices": [{"index": 0, "delta": delta, "finish_reason": end}]})
            for delta, end in zip(deltas, ends, strict=True)
        ] + [b"data: [DONE]\n\n"]

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Send the body, until the client has enough of it."""
        sent = request.rfile.read(int(request.headers["Content-Length"]))
        self.asked.append(json.loads(sent))
        self.keys.append(request.headers["Authorization"])
        request.send_response(self.status)
        request.send_header("Content-Type", self.kind)
        request.end_headers()
        try:
            for piece in self.body:
                if isinstance(piece, float):
                    time.sleep(piece)
                else:
                    request.wfile.write(piece)
        except OSError:
            self.left.set()


def llm_event(data: object) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()


@pytest.fixture
def llm() -> Iterator[LLM]:
    """A language model to play any part, on a port of its own."""
    found: list[LLM] = []

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found[0].answer(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    found.append(LLM(f"http://127.0.0.1:{server.server_port}/v1"))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield found[0]
    server.shutdown()
    server.server_close()
    thread.join()
