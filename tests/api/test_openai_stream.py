import json
from collections.abc import Generator
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.openai_reply import Reply
from api.openai_stream import Head, events
from api.telling import Telling

HEAD = Head("chatcmpl-1", 7, "dateline")


def telling() -> Generator[str, None, Reply]:
    yield "One, "
    yield "two."
    return Reply("One, two.", [], [])


def parsed(stream: str) -> list[Any]:
    *lines, end = stream.removesuffix("\n\n").split("\n\n")
    assert end == "data: [DONE]"
    return [json.loads(line.removeprefix("data: ")) for line in lines]


def test_the_pieces_come_as_they_are_told() -> None:
    found = parsed("".join(events(HEAD, Telling(telling()), 3, counted=False)))
    deltas = [one["choices"][0]["delta"] for one in found]
    assert deltas == [
        {"role": "assistant", "content": ""},
        {"content": "One, "},
        {"content": "two."},
        {},
    ]
    assert [one["choices"][0]["finish_reason"] for one in found] == [None, None, None, "stop"]
    assert {(one["id"], one["created"], one["model"], one["object"]) for one in found} == {
        ("chatcmpl-1", 7, "dateline", "chat.completion.chunk")
    }
    assert not any("usage" in one for one in found)


def test_usage_comes_last_and_alone_where_it_is_asked_for() -> None:
    *before, last = parsed("".join(events(HEAD, Telling(telling()), 3, counted=True)))
    assert [one["usage"] for one in before] == [None] * 4
    assert last["choices"] == []
    assert last["usage"] == {"prompt_tokens": 3, "completion_tokens": 3, "total_tokens": 6}


@pytest.mark.parametrize("question", ["who will meet tomorrow in Geneva?", "who won the cup?"])
def test_a_stream_says_what_a_completion_says(shared_client: TestClient, question: str) -> None:
    body = {"model": "dateline", "messages": [{"role": "user", "content": question}]}
    whole = shared_client.post("/v1/chat/completions", json=body).json()
    stream = shared_client.post("/v1/chat/completions", json=body | {"stream": True})
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.headers["x-accel-buffering"] == "no"
    found = parsed(stream.text)
    deltas = [one["choices"][0]["delta"] for one in found]
    message = whole["choices"][0]["message"]
    assert "".join(delta.get("content", "") for delta in deltas) == message["content"]
    assert deltas[-2] == {"annotations": message["annotations"]}
    assert found[-1]["citations"] == whole["citations"]
