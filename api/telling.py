"""Telling: a text that comes in pieces, and what is known only once all of it has come."""

from collections.abc import Generator, Iterator
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Telling(Generic[Value]):
    """The pieces of a generator, to be gone through once, and then what it returned as `value`."""

    value: Value

    def __init__(self, pieces: Generator[str, None, Value]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[str]:
        self.value = yield from self._pieces


def whole(pieces: Generator[str, None, Value]) -> tuple[list[str], Value]:
    """All the pieces, and what came of them."""
    telling = Telling(pieces)
    return list(telling), telling.value
