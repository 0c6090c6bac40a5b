"""How soon each door answers: by itself, and while the same server takes articles in.

What the tools send, and how they prove it, is written once: in `tests/api/chat/callers.py`.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

import httpx
import numpy as np

from api.chat.asking import BUSY, SLOW
from bench.serving import Ingest, serving
from bench.sets import FOLDER
from qa.cached import Progress
from tests.api.chat.callers import CALLERS, Caller

STATES = ("alone", "during ingest")
LATER, AT_ONCE = "later", "in the response"
SECRETS: Mapping[str, object] = {
    name: value for caller in CALLERS for name, value in caller.secrets.items()
}
FORGETFUL = {"cache_entries": 0}
"""There are a hundred questions: most would be answered from memory."""
MCP = {"Accept": "application/json, text/event-stream"}

REST = 0.4
"""Seconds for an answer that comes later, so that the next door does not wait behind it."""

Send = Callable[[httpx.Client, str, int], httpx.Response]


@dataclass(frozen=True, slots=True)
class Door:
    """One way to ask, and when the answer comes."""

    name: str
    answer: str
    send: Send


@dataclass(frozen=True, slots=True)
class Figures:
    """By state and door the seconds of each request; and the ingest meanwhile."""

    seconds: Mapping[str, Mapping[str, Sequence[float]]]
    put_off: int
    """Responses that ask to come back, because the answer took too long or too much was asked."""
    articles: int
    articles_per_second: float


def every_door() -> list[Door]:
    """The webhooks, and beside them the doors of programs."""
    hooks = [
        Door(one.name, LATER if one.later else AT_ONCE, partial(_by_hook, one)) for one in CALLERS
    ]
    programs = {"OpenAI's chat completions": _by_openai, "MCP": _by_mcp, "/v1/ask": _by_http}
    return hooks + [Door(name, AT_ONCE, send) for name, send in programs.items()]


def measured(rounds: int, progress: Progress, settings: Mapping[str, object] = SECRETS) -> Figures:
    """All doors in turn, so many times alone and so many during ingest, one request at a time."""
    doors, number, put_off = every_door(), 0, 0
    seconds: dict[str, dict[str, list[float]]] = {
        state: {door.name: [] for door in doors} for state in STATES
    }
    asked = [json.loads(line)["question"] for line in _lines("questions")]
    with (
        serving({**settings, **FORGETFUL}, _lines("wire")) as url,
        httpx.Client(base_url=url, timeout=60) as client,
    ):
        ingest = Ingest(url, _lines("wire"))
        for state in STATES:
            with ingest if state == STATES[1] else nullcontext():
                for _ in progress(range(rounds), state, rounds):
                    for door in doors:
                        number += 1
                        start = time.perf_counter()
                        said = door.send(client, asked[number % len(asked)], number)
                        seconds[state][door.name].append(time.perf_counter() - start)
                        said.raise_for_status()
                        put_off += BUSY in said.text or SLOW in said.text
                        time.sleep(REST * (door.answer == LATER))
    return Figures(seconds, put_off, ingest.articles, ingest.articles / ingest.seconds)


def report(found: Figures) -> str:
    """A table in milliseconds."""
    head = [f"{state}, {name}" for state in STATES for name in ("p50", "p95")]
    lines = [_row("door", "answer", *head), _row("---", "---", *["---:"] * 4)]
    for door in every_door():
        cells = [
            f"{np.percentile(found.seconds[state][door.name], share) * 1000:.0f}"
            for state in STATES
            for share in (50, 95)
        ]
        lines.append(_row(door.name, door.answer, *cells))
    requests = sum(len(one) for doors in found.seconds.values() for one in doors.values())
    return "\n".join(
        [
            *lines,
            "",
            f"{requests:,} requests, {found.put_off} of them put off; {found.articles:,} articles "
            f"taken in meanwhile, {found.articles_per_second:.0f} a second.",
        ]
    )


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _lines(name: str) -> list[str]:
    return (FOLDER / f"{name}.jsonl").read_text().splitlines()


def _by_hook(caller: Caller, client: httpx.Client, question: str, number: int) -> httpx.Response:
    body, headers = caller.request(question, number)
    coded = [(name.encode(), value) for name, value in headers.items()]
    return client.post(caller.path, content=body, headers=coded)


def _by_openai(client: httpx.Client, question: str, _number: int) -> httpx.Response:
    said = {"model": "dateline", "messages": [{"role": "user", "content": question}]}
    return client.post("/v1/chat/completions", json=said)


def _by_mcp(client: httpx.Client, question: str, number: int) -> httpx.Response:
    call = {"name": "ask", "arguments": {"q": question}}
    said = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": call}
    return client.post("/mcp", json=said, headers=MCP)


def _by_http(client: httpx.Client, question: str, _number: int) -> httpx.Response:
    return client.get("/v1/ask", params={"q": question})
