"""A chat completion as server-sent events, in the order that OpenAI sends them."""

import json
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

from api.openai_reply import Reply, tokens
from api.schemas_openai_out import Usage

DONE = "data: [DONE]\n\n"

Telling = Generator[str, None, Reply]
"""The content piece by piece, and at its end what was said, with the sources."""


@dataclass(frozen=True, slots=True)
class Head:
    """What every event of a completion repeats."""

    id: str
    created: int
    model: str


def told(telling: Telling) -> Reply:
    """What was said, once all of it is."""
    while True:
        try:
            next(telling)
        except StopIteration as end:
            reply: Reply = end.value
            return reply


def usage(asked: int, said: Reply) -> Usage:
    """The tokens of a question and of what was said."""
    given = tokens(said.content)
    return Usage(prompt_tokens=asked, completion_tokens=given, total_tokens=asked + given)


def events(head: Head, telling: Telling, asked: int, *, counted: bool) -> Iterator[str]:
    """The pieces as they come, the sources, and, where it is `counted`, the usage at the end."""
    # As OpenAI has it: with the option every event has a usage, which is null but in the last.
    more: dict[str, Any] = {"usage": None} if counted else {}
    yield _event(head, {"role": "assistant", "content": ""}, **more)
    said = yield from _pieces(head, telling, more)
    if said.annotations:
        found = [one.model_dump(mode="json") for one in said.annotations]
        yield _event(head, {"annotations": found}, **more)
    cited = [one.model_dump(mode="json") for one in said.citations]
    yield _event(head, {}, finish="stop", citations=cited, **more)
    if counted:
        yield _event(head, None, usage=usage(asked, said).model_dump())
    yield DONE


def _pieces(head: Head, telling: Telling, more: dict[str, Any]) -> Generator[str, None, Reply]:
    while True:
        try:
            piece = next(telling)
        except StopIteration as end:
            reply: Reply = end.value
            return reply
        yield _event(head, {"content": piece}, **more)


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
