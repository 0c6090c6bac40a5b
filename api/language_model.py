"""LanguageModel: any server that speaks OpenAI's chat protocol, from the asking side.

What it sends is believed in nothing: it may be slow, broken, endless or wrong.
"""

import json
import logging
import time
from collections.abc import Generator, Iterator, Sequence
from typing import Any

import httpx

from api.generate import Unwritten
from api.render import CONTROL

log = logging.getLogger(__name__)

TOKENS = 500
"""The most that are asked for."""
CHARACTERS = 4000
"""Twice as many as those tokens have: what goes on beyond will not stop by itself."""
BYTES = 4_000_000
CONNECT_S = 5.0
ENDLESS = "the language model would not stop"
MALFORMED = "the language model does not keep to the protocol"


class LanguageModel:
    """One model of one server."""

    def __init__(
        self, base_url: str, name: str, *, api_key: str = "", timeout_s: float = 30.0
    ) -> None:
        self.name = name
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._timeout_s = timeout_s
        headers = {b"Authorization": f"Bearer {api_key}".encode()} if api_key else {}
        timeout = httpx.Timeout(timeout_s, connect=min(timeout_s, CONNECT_S))
        self._http = httpx.Client(headers=headers, timeout=timeout)

    def write(self, messages: Sequence[dict[str, str]]) -> Generator[str, None, bool]:
        """A text piece by piece, and at its end whether it was cut off; raises Unwritten."""
        length, reason = 0, None
        for choice in self._choices(messages):
            reason = choice.get("finish_reason") or reason
            piece = _content(choice)
            length += len(piece)
            if length > CHARACTERS:
                raise Unwritten(ENDLESS)
            if piece:
                yield piece
        if reason is None:
            raise Unwritten("the language model broke off")
        if not length:
            raise Unwritten("the language model wrote nothing")
        return bool(reason == "length")

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def _choices(self, messages: Sequence[dict[str, str]]) -> Iterator[dict[str, Any]]:
        """The first choice of each event, until the server says that it is done."""
        for line in self._lines(messages):
            if not line.startswith("data:"):
                continue
            data = line.removeprefix("data:").strip()
            if data == "[DONE]":
                return
            yield from _read(data)[:1]

    def _lines(self, messages: Sequence[dict[str, str]]) -> Iterator[str]:
        body = {
            "model": self.name,
            "messages": messages,
            "stream": True,
            "temperature": 0,
            "max_tokens": TOKENS,
        }
        late = f"the language model took longer than {self._timeout_s:g} s"
        deadline = time.monotonic() + self._timeout_s
        try:
            with self._http.stream("POST", self._url, json=body) as response:
                _check(response)
                for line in _split(response.iter_bytes()):
                    if time.monotonic() > deadline:
                        raise Unwritten(late)
                    yield line
        except httpx.TimeoutException:
            raise Unwritten(late) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            log.warning("the language model failed: %s", error)
            raise Unwritten("the language model does not answer") from None


def _split(parts: Iterator[bytes]) -> Iterator[str]:
    """The lines, and after each part an empty one, so that the clock is looked at."""
    rest, size = b"", 0
    for part in parts:
        size += len(part)
        if size > BYTES:
            raise Unwritten(ENDLESS)
        *lines, rest = (rest + part).split(b"\n")
        yield from (line.decode(errors="replace") for line in (*lines, b""))
    yield rest.decode(errors="replace")


def _check(response: httpx.Response) -> None:
    if response.status_code != 200:
        log.warning("the language model answers with HTTP %d", response.status_code)
        raise Unwritten(f"the language model answers with HTTP {response.status_code}")
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "text/event-stream":
        log.warning("the language model answers with %r, not with a stream", kind)
        raise Unwritten("the language model does not stream its answer")


def _read(data: str) -> list[dict[str, Any]]:
    try:
        choices = json.loads(data)["choices"]
    except (ValueError, KeyError, TypeError, RecursionError):
        choices = None
    if not isinstance(choices, list) or not all(isinstance(one, dict) for one in choices):
        log.warning("the language model sent %d characters that are no event", len(data))
        raise Unwritten(MALFORMED)
    return choices


def _content(choice: dict[str, Any]) -> str:
    delta = choice.get("delta")
    content = delta.get("content") if isinstance(delta, dict) else None
    if not isinstance(content, str | None):
        raise Unwritten(MALFORMED)
    return CONTROL.sub("", (content or "").encode(errors="replace").decode())
