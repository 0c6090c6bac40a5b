"""Servers in processes of their own, ours and txtai's: how they are started, and what they use."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket

from bench.environments import QUIETLY
from bench.figures import OURS, THEIRS
from bench.load import Asked, get

PATIENCE = 300
"""Seconds until it must be ready."""
LIMIT = 10
"""Passages asked for."""
QA = Path(sys.executable).with_name("qa")


@dataclass(frozen=True, slots=True)
class Side:
    """One of those that are compared: how it is started, and asked."""

    name: str
    data: Path
    command: Sequence[str]
    """With {port} where it goes."""
    environ: Mapping[str, str]
    ready: str
    """A path that answers with 200 when it can be asked."""
    path: str
    parameter: str

    def search(self, question: str) -> Asked:
        """For the ten best passages."""
        return get(self.path, **{self.parameter: question, "limit": LIMIT})


@dataclass(frozen=True, slots=True)
class Running:
    """A server that can be asked."""

    port: int
    pid: int
    ready_s: float
    """From its start as a process until it said that it was."""

    def megabytes(self) -> float:
        """Resident now, with whatever processes it has started."""
        return sum(row.kilobytes for row in _family(self.pid)) / 1024

    def processor_s(self) -> float:
        """What it has used so far."""
        return sum(row.seconds for row in _family(self.pid))


def dateline(data: Path) -> Side:
    """`qa serve` as it ships."""
    command = [str(QA), "serve", "--data", str(data), "--port", "{port}"]
    environ = {"QA_LOG_LEVEL": "warning"}
    return Side(OURS, data, command, environ, "/readyz", "/v1/search", "q")


def txtai(python: Path, index: Path, model: str) -> Side:
    """Its API by uvicorn, with what it has about hybrid search as it comes; texts are kept."""
    settings = {
        "path": str(index),
        "writable": True,
        "embeddings": {"path": model, "hybrid": True, "content": True},
    }
    config = index.with_name(f"{index.name}.yml")
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(json.dumps(settings))  # JSON is YAML
    command = [str(python), "-I", "-m", "uvicorn", "txtai.api:app", "--port", "{port}"]
    command += ["--log-level", "warning"]
    return Side(THEIRS, index, command, {"CONFIG": str(config)}, "/count", "/search", "query")


@contextmanager
def running(side: Side) -> Iterator[Running]:
    """It, from when it is ready until it is left."""
    port = _free_port()
    command = [part.format(port=port) for part in side.command]
    begun = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 -- one of the two above
        command, env=os.environ | QUIETLY | side.environ, stdout=sys.stderr
    )
    try:
        _wait(process, port, side.ready)
        yield Running(port, process.pid, time.perf_counter() - begun)
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def _wait(process: "subprocess.Popen[bytes]", port: int, path: str) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.01)
    raise TimeoutError(f"the server was not ready after {PATIENCE} s")


@dataclass(frozen=True, slots=True)
class Usage:
    """A line of `ps`."""

    pid: int
    parent: int
    kilobytes: int
    seconds: float


def _family(pid: int) -> list[Usage]:
    """The process and all that come from it."""
    command = ["ps", "-A", "-o", "pid=,ppid=,rss=,time="]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    rows = [usage(line) for line in listed.stdout.splitlines()]
    family = [row for row in rows if row.pid == pid]
    for one in family:
        family += [row for row in rows if row.parent == one.pid]
    return family


def usage(line: str) -> Usage:
    """A line of `ps -o pid=,ppid=,rss=,time=`; its time may have days, and on macOS fractions."""
    pid, parent, kilobytes, spent = line.split()
    days, _, clock = spent.rpartition("-")
    seconds = 0.0
    for part in clock.split(":"):
        seconds = 60 * seconds + float(part)
    return Usage(int(pid), int(parent), int(kilobytes), 86400 * int(days or 0) + seconds)
