"""Values bent out of shape, as nobody who keeps to a protocol sends them."""

import json
import random
from collections.abc import Iterator

ODD = (
    None, True, False, 0, -1, 2, 1e308, 10**30, "", " ", "\0", "\ud800", "é" * 1001, "[1](x)", [],
    {}, [[]], [{}], {"a": {}}, [1, 2], [[1, 2]], "user", "text", "dateline", "hashing-256",
)  # fmt: skip


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
