"""Requests bent in ten thousand ways: none fails here, and none comes in without a key."""

import json
import random
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.service import Service
from api.settings import Settings

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
ODD = (
    None, True, False, 0, -1, 2, 1e308, 10**30, "", " ", "\0", "\ud800", "é" * 1001, "[1](x)", [],
    {}, [[]], [{}], {"a": {}}, [1, 2], [[1, 2]], "user", "text", "dateline", "hashing-256",
)  # fmt: skip
HEADERS = ("", "Bearer", "Bearer ", "Bearer wrong", "Basic secret", "bearer Secret", "secret")


def places(value: object, path: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    yield path
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from places(inner, (*path, name))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from places(inner, (*path, place))


def bent(value: object, dice: random.Random) -> object:
    """A copy with one thing in it replaced, left out, doubled or added."""
    copy = json.loads(json.dumps(value))
    *way, last = dice.choice([path for path in places(copy) if path] or [(None,)])
    if last is None:
        return dice.choice(ODD)
    parent = copy
    for step in way:
        parent = parent[step]
    match dice.randrange(4):
        case 0:
            del parent[last]
        case 1 if isinstance(parent, list):
            parent.extend([parent[last]] * dice.choice([1, 3, 2100]))
        case 2 if isinstance(parent, dict):
            parent[dice.choice(["colour", "audio", "n", "", "logprobs"])] = dice.choice(ODD)
        case _:
            parent[last] = dice.choice(ODD)
    return copy


def garbled(body: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(body) + 1)
    return body[:place] + dice.randbytes(dice.randrange(4)) + body[place + dice.randrange(3) :]


@pytest.fixture
def clients(shared_service: Service) -> Iterator[tuple[TestClient, TestClient]]:
    """One that is open, and one that wants the key `secret`."""
    with (
        TestClient(create_app(Settings(), shared_service)) as free,
        TestClient(create_app(Settings(api_keys=("secret",)), shared_service)) as locked,
    ):
        yield free, locked


def check(clients: tuple[TestClient, TestClient], count: int, seed: int) -> set[int]:
    free, locked = clients
    dice, statuses = random.Random(seed), set()
    for _ in range(count):
        path = dice.choice(list(SEEDS))
        value = dice.choice(SEEDS[path])
        for _ in range(dice.randrange(1, 4)):
            value = bent(value, dice)
        body = json.dumps(value).encode()
        body = garbled(body, dice) if dice.random() < 0.2 else body
        kind = {"Content-Type": dice.choice(["application/json"] * 8 + ["text/plain", ""])}
        response = free.post(path, content=body, headers=kind)
        statuses.add(response.status_code)
        assert response.status_code in (200, 400, 404, 415), (response.text, body)
        if response.status_code != 200:
            found = response.json()["error"]
            assert set(found) == {"message", "type", "param", "code"}, response.text
        given = {"Authorization": dice.choice(HEADERS)} if dice.random() < 0.8 else {}
        refused = locked.post(path, content=body, headers=kind | given)
        assert refused.status_code == 401, (given, body)
        assert refused.json()["error"]["code"] == "invalid_api_key"
    return statuses


def test_bent_requests_are_answered_or_refused(clients: tuple[TestClient, TestClient]) -> None:
    assert check(clients, 400, seed=1) == {200, 400, 404, 415}


@pytest.mark.slow
def test_ten_thousand_of_them(clients: tuple[TestClient, TestClient]) -> None:
    assert check(clients, 10_000, seed=2) == {200, 400, 404, 415}
