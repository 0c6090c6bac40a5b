"""Requests bent in ten thousand ways: none fails here, and none comes in without a key."""

import json
import random
from collections.abc import Iterator, Sequence

from api.app import create_app
from api.service import Service
from api.settings import Settings
from tests.api.bent import bent
from tests.api.wire import responses_to

SEEDS: dict[str, list[object]] = {
    "/v1/chat/completions": [
        {"model": "dateline", "messages": [{"role": "user", "content": "when did it reopen?"}]},
        {
            "model": "dateline",
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": [{"type": "text", "text": "harbour?"}]},
                {"role": "assistant", "content": None, "tool_calls": []},
                {"role": "user", "content": "who meets in Geneva?"},
            ],
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": 0.5,
            "n": 1,
            "tools": [],
            "response_format": {"type": "text"},
        },
    ],
    "/v1/embeddings": [
        {"model": "hashing-256", "input": ["a", "b"], "encoding_format": "float"},
        {"model": "hashing-256", "input": "a", "dimensions": 256, "encoding_format": "base64"},
    ],
}
HEADERS = ("", "Bearer", "Bearer ", "Bearer wrong", "Basic secret", "bearer Secret", "secret")


def garbled(body: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(body) + 1)
    return body[:place] + dice.randbytes(dice.randrange(4)) + body[place + dice.randrange(3) :]


def requests(
    count: int, seed: int, headers: Sequence[str] = ()
) -> Iterator[tuple[str, bytes, dict[str, bytes]]]:
    dice = random.Random(seed)
    for _ in range(count):
        path = dice.choice(list(SEEDS))
        value = dice.choice(SEEDS[path])
        for _ in range(dice.randrange(1, 4)):
            value = bent(value, dice)
        body = json.dumps(value).encode()
        body = garbled(body, dice) if dice.random() < 0.2 else body
        sent = {"content-type": dice.choice(["application/json"] * 8 + ["text/plain", ""])}
        if headers and dice.random() < 0.8:
            sent["authorization"] = dice.choice(headers)
        yield path, body, {name: text.encode() for name, text in sent.items()}


def test_bent_requests_are_answered_or_refused(shared_service: Service) -> None:
    app = create_app(Settings(), shared_service)
    statuses = set()
    for status, body in responses_to(app, requests(1_000, seed=1)):
        statuses.add(status)
        if status != 200:
            assert set(json.loads(body)["error"]) == {"message", "type", "param", "code"}
    assert statuses == {200, 400, 404, 415}


def test_none_of_ten_thousand_comes_in_without_a_key(shared_service: Service) -> None:
    app = create_app(Settings(api_keys=("secret",)), shared_service)
    found = responses_to(app, requests(10_000, seed=2, headers=HEADERS))
    assert {status for status, _ in found} == {401}
    assert {json.loads(body)["error"]["code"] for _, body in found} == {"invalid_api_key"}
