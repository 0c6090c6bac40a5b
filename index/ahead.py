"""Ahead: what is iterated over is made in a thread, one item ahead of what is done with it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items, each made while the one before is used; errors come in their place."""
    with ThreadPoolExecutor(1, "ahead") as worker:
        following = worker.submit(_next, items)
        while found := following.result():
            following = worker.submit(_next, items)
            yield from found


def _next(items: Iterator[Item]) -> list[Item]:
    """One, or none at the end."""
    return list(islice(items, 1))
