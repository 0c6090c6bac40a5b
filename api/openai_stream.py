"""A chat completion as server-sent events, in the order that OpenAI sends them."""

import json
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.negotiation import EVENTS
from api.openai_reply import Reply, tokens
from api.schemas_openai_out import Usage
from api.telling import Telling

UNBUFFERED = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
"""The second one is for nginx, which else keeps events back."""
DONE = "data: [DONE]\n\n"


@dataclass(frozen=True, slots=True)
class Head:
    """What every event of a completion repeats."""

    id: str
    created: int
    model: str


class EventStream(StreamingResponse):
    """Events as they come; when the client has left, nothing goes on behind them."""

    media_type = EVENTS

    def __init__(self, stream: Generator[str, None, None]) -> None:
        super().__init__(stream, headers=UNBUFFERED)
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._stream.close()


def usage(asked: int, said: Reply) -> Usage:
    """The tokens of a question and of what was said."""
    given = tokens(said.content)
    return Usage(prompt_tokens=asked, completion_tokens=given, total_tokens=asked + given)


def events(
    head: Head, telling: Telling[Reply], asked: int, *, counted: bool
) -> Generator[str, None, None]:
    """The pieces as they come, the sources, and, where it is `counted`, the usage at the end."""
    # As OpenAI has it: with the option every event has a usage, which is null but in the last.
    more: dict[str, Any] = {"usage": None} if counted else {}
    yield _event(head, {"role": "assistant", "content": ""}, **more)
    for piece in telling:
        yield _event(head, {"content": piece}, **more)
    said = telling.value
    if said.annotations:
        found = [one.model_dump(mode="json") for one in said.annotations]
        yield _event(head, {"annotations": found}, **more)
    cited = [one.model_dump(mode="json") for one in said.citations]
    yield _event(head, {}, finish="stop", citations=cited, **more)
    if counted:
        yield _event(head, None, usage=usage(asked, said).model_dump())
    yield DONE


def _event(
    head: Head, delta: dict[str, Any] | None, *, finish: str | None = None, **more: Any
) -> str:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    chunk = {
        "id": head.id,
        "object": "chat.completion.chunk",
        "created": head.created,
        "model": head.model,
        "choices": [] if delta is None else [choice],
    }
    return f"data: {json.dumps(chunk | more)}\n\n"
