"""The client that makes the load, in a process of its own; it costs little, and says how much.

Reads a task from standard input, writes what it found to standard output, both as JSON. Each of its
clients has one connection, and sends the next request when the last one is answered.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlencode

import uvloop

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
TIMING = re.compile(rb"\r\nserver-timing: *([^\r]*)", re.IGNORECASE)
STAGE = re.compile(r"(\w+);dur=([\d.]+)")
LAST_CHUNK = b"\r\n0\r\n\r\n"
OK = b"200"
CORE = "BENCH_CLIENT_CORE"
"""The variable with the core that is the client's own."""
PATIENCE = 7200
"""Seconds until it is given up; to index ten thousand passages beside other programs takes long."""

Asked = tuple[str, str, str]
"""Method, path with its query, and body."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is sent, by how many clients, until there is none left or time is up."""

    port: int
    requests: Sequence[Asked]
    clients: int = 1
    seconds: float = 3600.0


@dataclass(slots=True)
class Load:
    """What was answered, in milliseconds, and what asking cost."""

    ms: list[float] = field(default_factory=list)
    stages: list[dict[str, float]] = field(default_factory=list)
    """Of each of these answers, what its Server-Timing says."""
    refused: int = 0
    """Answers of another status than 200, which are not among the others."""
    wall_s: float = 0.0
    client_s: float = 0.0
    """Processor time."""

    @property
    def per_second(self) -> float:
        """Answers."""
        return len(self.ms) / self.wall_s


def get(path: str, **query: object) -> Asked:
    """A request for a task."""
    return "GET", f"{path}?{urlencode(query)}", ""


def run(task: Task) -> Load:
    """Send it from a process of its own."""
    with start(task) as sending:
        return finished(sending)


def start(task: Task) -> "subprocess.Popen[bytes]":
    """Begin to send it; what it found is told by `finished`."""
    sending = subprocess.Popen(
        [sys.executable, "-m", "bench.load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert sending.stdin  # noqa: S101 -- for mypy
    sending.stdin.write(json.dumps(asdict(task)).encode())
    sending.stdin.close()
    sending.stdin = None
    return sending


def finished(sending: "subprocess.Popen[bytes]") -> Load:
    """Wait for the end of it."""
    found, _ = sending.communicate(timeout=PATIENCE)
    if sending.returncode:
        raise RuntimeError(f"the client ended with status {sending.returncode}")
    return Load(**json.loads(found))


class Connection(asyncio.Protocol):
    """One client: takes the next of the requests until there are none or time is up."""

    def __init__(self, requests: Iterator[bytes], end: float, load: Load) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._end = end
        self._load = load
        self._data = b""
        self._sent = 0.0
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        """Ask the first question."""
        self._transport = transport
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail, unless all is done."""
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server hung up"))

    def data_received(self, data: bytes) -> None:
        """Note the answer when it is there as a whole, and go on."""
        self._data += data
        end = head_of(self._data)
        if end is None:
            return
        taken = 1000 * (time.perf_counter() - self._sent)
        status, stages = told(self._data[:end])
        if status == OK:
            self._load.ms.append(taken)
            self._load.stages.append(stages)
        else:
            self._load.refused += 1
        self._data = b""
        self._next()

    def _next(self) -> None:
        request = next(self._requests, None) if time.perf_counter() < self._end else None
        if request is None:
            self.done.set_result(None)
            self._transport.close()
            return
        self._sent = time.perf_counter()
        self._transport.write(request)


def head_of(data: bytes) -> int | None:
    """Where the head of a response ends, once all of it is there."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    if length := LENGTH.search(data, 0, end):
        return end if len(data) >= end + 4 + int(length[1]) else None
    if CHUNKED.search(data, 0, end):
        return end if data.endswith(LAST_CHUNK) else None
    raise ValueError("a response without a length")


def told(head: bytes) -> tuple[bytes, dict[str, float]]:
    """The status, and the milliseconds by stage that Server-Timing has."""
    found = TIMING.search(head)
    stages = STAGE.findall(found[1].decode()) if found else []
    return head[9:12], {name: float(value) for name, value in stages}


def raw(method: str, path: str, body: str) -> bytes:
    """A request as it is sent."""
    content = body.encode()
    kind = "application/jsonl" if path.endswith("/import") else "application/json"
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: 127.0.0.1",
        *([f"Content-Type: {kind}", f"Content-Length: {len(content)}"] if content else []),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


async def send(task: Task) -> Load:
    """Send all of it from here."""
    load, loop = Load(), asyncio.get_running_loop()
    requests = iter([raw(*one) for one in task.requests])
    spent, begun = time.process_time(), time.perf_counter()
    end = begun + task.seconds

    def connection() -> Connection:
        return Connection(requests, end, load)

    opened = [
        await loop.create_connection(connection, "127.0.0.1", task.port)
        for _ in range(task.clients)
    ]
    await asyncio.gather(*(protocol.done for _, protocol in opened))
    load.wall_s = time.perf_counter() - begun
    load.client_s = time.process_time() - spent
    return load


def main() -> None:
    """Send the task that standard input has."""
    if own := os.environ.get(CORE):
        os.sched_setaffinity(0, [int(own)])
    task = Task(**json.load(sys.stdin))
    sys.stdout.write(json.dumps(asdict(uvloop.run(send(task)))))


if __name__ == "__main__":
    main()
