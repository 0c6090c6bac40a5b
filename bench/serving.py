"""A server in a process of its own, and what it can be given to do meanwhile."""

import json
import multiprocessing
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from socket import socket
from tempfile import TemporaryDirectory
from types import TracebackType

import httpx
import uvicorn

from api.app import create_app
from api.settings import Settings

PATIENCE = 300
"""Seconds until it must be ready."""
IMPORT = "/v1/articles/import"
PARTS = 8
"""Paragraphs of an article."""
AT_ONCE = 20
LINES = {"Content-Type": "application/jsonl"}


@contextmanager
def serving(settings: Mapping[str, object], articles: Sequence[str]) -> Iterator[str]:
    """The address of one that has these articles; what it sends to chat tools goes nowhere."""
    with TemporaryDirectory() as data, socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        process = multiprocessing.get_context("spawn").Process(
            target=_serve, args=(listening, {**settings, "data": data})
        )
        process.start()
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(process, url)
            content = "\n".join(articles).encode()
            httpx.post(url + IMPORT, content=content, headers=LINES, timeout=PATIENCE)
            yield url
        finally:
            process.terminate()
            process.join()


class Ingest:
    """Sends articles that are all different, one request after the other, until it is left."""

    def __init__(self, url: str, seeds: Sequence[str]) -> None:
        self._url = url
        texts = [json.loads(line)["text"] for line in seeds]
        self._parts = [part for text in texts for part in text.split("\n\n")]
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._send)
        self._start = 0.0
        self.articles = 0
        self.seconds = 0.0

    def __enter__(self) -> "Ingest":
        self._start = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._enough.set()
        self._thread.join()
        self.seconds = time.monotonic() - self._start

    def _send(self) -> None:
        chance = random.Random(1)  # noqa: S311 -- no secret, and the same every time
        with httpx.Client(base_url=self._url, headers=LINES, timeout=PATIENCE) as client:
            while not self._enough.is_set():
                texts = ["\n\n".join(chance.sample(self._parts, PARTS)) for _ in range(AT_ONCE)]
                content = "\n".join(json.dumps({"text": text}) for text in texts)
                client.post(IMPORT, content=content.encode()).raise_for_status()
                self.articles += AT_ONCE


def _serve(listening: socket, settings: Mapping[str, object]) -> None:
    # uvicorn stops in order, then sends itself the signal again, which would end us at once.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    nowhere = httpx.MockTransport(lambda _request: httpx.Response(200, json={"ok": True}))
    app = create_app(Settings.model_validate(settings), transport=nowhere)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    server.run(sockets=[listening])


def _wait(process: multiprocessing.process.BaseProcess, url: str) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if not process.is_alive():
            raise RuntimeError(f"the server ended with status {process.exitcode}")
        try:
            if httpx.get(f"{url}/readyz").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise TimeoutError(f"the server was not ready after {PATIENCE} s")
