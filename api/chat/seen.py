"""Which messages have come before: tools send again what was not acknowledged in time."""

import time
from collections import OrderedDict
from collections.abc import Callable

SECONDS = 3600.0
"""Longer than any tool goes on sending, and than a signature holds."""
MOST = 10_000


class Seen:
    """Remembers ids for a while, the newest ones only; each process has its own."""

    def __init__(
        self,
        *,
        seconds: float = SECONDS,
        most: int = MOST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._until: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._until)

    def add(self, key: str) -> bool:
        """Remember it; whether it was new."""
        now = self._clock()
        self._forget(now)
        if key in self._until:
            return False
        self._until[key] = now + self._seconds
        if len(self._until) > self._most:
            self._until.popitem(last=False)
        return True

    def _forget(self, now: float) -> None:
        """What is over; the oldest comes first, because all are kept equally long."""
        while self._until and next(iter(self._until.values())) <= now:
            self._until.popitem(last=False)
