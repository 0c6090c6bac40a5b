"""Runs the README's demo on a server of its own, and fails where an answer is wrong.

The demo is what stands between `<!-- demo -->` and `<!-- /demo -->`.
"""

# ruff: noqa: T201, S603 -- printing is its work, and what it runs is ours.

import http.client
import json
import os
import re
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

PROJECT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
DEMO = re.compile(r"<!-- demo -->\n```sh\n(.*?)```\n<!-- /demo -->", re.DOTALL)
ADDRESS = "localhost:8000"
"""Where the README's server listens."""
START_SECONDS = 300
STOP_SECONDS = 30


EXPECTED = {
    "q=who is meeting in Geneva?": "US officials",
    "q=how many people has the war killed?": "more than 300,000",
    "q=who won the world cup?": "No answer was found",
    "q=flood in Harwick": "Tarn Valley Courier",
    '"external_id": "demo-1"': '"result":"created"',
    "-d source=Demo": "May",
    "-X DELETE": "",
}
"""What stands in a command, and what its answer holds."""


def commands(readme: str) -> list[str]:
    """The demo in a README, command by command."""
    found: list[str] = []
    open_quote = False
    for line in "".join(DEMO.findall(readme)).splitlines():
        if open_quote:
            found[-1] += f"\n{line}"
        elif line and not line.startswith("#"):
            found.append(line)
        open_quote = bool(found) and not _is_whole(found[-1])
    return found


def _is_whole(command: str) -> bool:
    try:
        return bool(shlex.split(command))
    except ValueError:  # no closing quotation
        return False


def expected(command: str) -> str:
    """What the answer to a command should hold."""
    (text,) = [text for part, text in EXPECTED.items() if part in command]
    return text


def answer(printed: str) -> str:
    """The answer in what was printed, on one line, without the passages below it."""
    try:
        body = json.loads(printed)
    except ValueError:  # for reading: the answer is the first paragraph
        return " ".join(printed.partition("\n\n")[0].split())
    return str(body["answer"]["text"]) if body.get("answered") else printed


@contextmanager
def server(data: str) -> Iterator[Mapping[str, str]]:
    """A server over the seeds; gives the environment in which a command finds it."""
    port = _free_port()
    ours = {name: value for name, value in os.environ.items() if not name.startswith("QA_")}
    environ = {
        **ours,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "QA_DATA": data,
        "QA_LOG_LEVEL": "warning",
        "QA_PORT": str(port),
    }
    subprocess.run([BIN / "qa", "ingest", "seeds"], cwd=PROJECT, env=environ, check=True)
    with subprocess.Popen([BIN / "qa", "serve"], cwd=PROJECT, env=environ) as process:
        try:
            _wait_until_ready(process, port)
            yield environ
        finally:
            process.terminate()
            try:
                status = process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
    if status:
        raise RuntimeError(f"the server ended with status {status}")


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + START_SECONDS
    while not _is_ready(port):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode}")
        if time.monotonic() > end:
            raise TimeoutError(f"the server was not ready after {START_SECONDS} s")
        time.sleep(0.2)


def _is_ready(port: int) -> bool:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False


def run(command: str, environ: Mapping[str, str]) -> bool:
    """Run one command, show what it printed, and say whether that is right."""
    print(f"$ {command}")
    done = subprocess.run(
        ["/bin/sh", "-c", command.replace(ADDRESS, f"localhost:{environ['QA_PORT']}")],
        cwd=PROJECT,
        env=environ,
        capture_output=True,
        text=True,
    )
    print(done.stdout)
    if done.returncode or expected(command) not in answer(done.stdout):
        print(f"WRONG, status {done.returncode}: expected {expected(command)!r}. {done.stderr}")
        return False
    return True


def main() -> int:
    """The exit status: 0 when all is right."""
    demo = commands((PROJECT / "README.md").read_text())
    if len(demo) != len(EXPECTED):
        print(f"README.md has {len(demo)} commands, not {len(EXPECTED)}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as data, server(data) as environ:
        wrong = sum(not run(command, environ) for command in demo)
    print(f"{len(demo)} commands, {wrong} of them wrong")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
