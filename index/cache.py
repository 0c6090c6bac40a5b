"""Cache: what was made last, such as replies, which are given again until something is written."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")

MOST_BYTES = 8_000_000
"""Of all that is kept, about."""


class Cache(Generic[Value]):
    """So many values and so many bytes of them; those that rested longest make room.

    What was begun before something was written is not kept: it may not know of it.
    """

    def __init__(self, entries: int, *, most_bytes: int = MOST_BYTES) -> None:
        self._entries = entries
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()
        self._bytes = 0
        self.moment = 0
        """Goes up when everything is forgotten."""
        self.hits = self.misses = 0

    def get(self, key: Hashable) -> Value | None:
        """What was kept under it."""
        with self._lock:
            if key not in self._kept:
                self.misses += 1
                return None
            self.hits += 1
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def put(self, key: Hashable, value: Value, size: int, *, since: int | None = None) -> None:
        """Keep a value of so many bytes, which was begun at the moment `since`."""
        with self._lock:
            if since not in (None, self.moment):
                return
            self._drop(key)
            self._kept[key] = value, size
            self._bytes += size
            while len(self._kept) > self._entries or self._bytes > self._most_bytes:
                self._drop(next(iter(self._kept)))

    def forget(self) -> None:
        """Keep nothing of what is there or has begun."""
        with self._lock:
            self.moment += 1
            self._kept.clear()
            self._bytes = 0

    def __contains__(self, key: Hashable) -> bool:
        with self._lock:
            return key in self._kept

    def __len__(self) -> int:
        return len(self._kept)

    def _drop(self, key: Hashable) -> None:
        _, size = self._kept.pop(key, (None, 0))
        self._bytes -= size
