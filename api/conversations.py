"""Conversations: what was asked and answered last under a name, in memory and not for long."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from api.schemas import AskRequest, AskResponse
from qa.follow_up import rewrite
from qa.types import Turn

MOST = 1000
"""Conversations; the one that has rested longest makes room for a new one."""
TURNS = 3
"""Of each, the last ones."""
LONGEST = 1000
"""Characters of each part of a turn, so that all of them take no more than some megabytes."""


class Conversations:
    """The last turns of each conversation; safe to be used by several threads.

    `clock` gives seconds that only go up.
    """

    def __init__(
        self, minutes: float, *, most: int = MOST, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = minutes * 60
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._held: OrderedDict[str, tuple[float, tuple[Turn, ...]]] = OrderedDict()

    def completed(self, request: AskRequest) -> AskRequest:
        """The request with its question completed from those before, unless it says no."""
        if request.conversation is None or not request.follow_up:
            return request
        return request.model_copy(
            update={"q": rewrite(request.q, self._turns(request.conversation))}
        )

    def remember(self, request: AskRequest, reply: AskResponse) -> None:
        """Keep what was searched for, with its answer.

        Without an answer only where there is none to lose: `and where?` is about the last one.
        """
        if request.conversation is None or not self._seconds:
            return
        turn = _turn(reply)
        with self._lock:
            turns = self._current(request.conversation)
            if reply.answered or not (turns and turns[-1].answer):
                turns = (*turns, turn)[-TURNS:]
            self._held[request.conversation] = (self._clock(), turns)
            self._held.move_to_end(request.conversation)
            while len(self._held) > self._most:
                self._held.popitem(last=False)

    def _turns(self, name: str) -> tuple[Turn, ...]:
        with self._lock:
            return self._current(name)

    def _current(self, name: str) -> tuple[Turn, ...]:
        """After forgetting all that has rested too long; they stand in the order of their rest."""
        latest = self._clock() - self._seconds
        while self._held and next(iter(self._held.values()))[0] <= latest:
            self._held.popitem(last=False)
        return self._held.get(name, (0.0, ()))[1]


def _turn(reply: AskResponse) -> Turn:
    searched = reply.query.rewritten or reply.query.text
    if not reply.answers:
        return Turn(searched)
    best = reply.answers[0]
    return Turn(
        question=searched,
        answer=best.text[:LONGEST],
        sentence=best.citation.sentence.text[:LONGEST],
        title=best.citation.title[:LONGEST],
    )
