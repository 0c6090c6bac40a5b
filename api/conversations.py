"""Conversations: what was asked and answered last under a name, in memory and not for long."""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from api.render import plain
from api.schemas import AskRequest, AskResponse
from qa.follow_up import rewrite
from qa.types import Turn

MOST = 1000
"""Conversations; the one that has rested longest makes room for a new one."""
TURNS = 3
"""Of each, the last ones."""
LONGEST_NAME = 200
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

    def completed(self, request: AskRequest, earlier: Sequence[Turn] = ()) -> AskRequest:
        """The request with its question completed from those before, unless it says no.

        Where it names no conversation, `earlier` are those that its caller remembers.
        """
        turns = earlier if request.conversation is None else self._turns(request.conversation)
        if not turns or not request.follow_up:
            return request
        return request.model_copy(update={"q": rewrite(request.q, turns)})

    def remember(self, request: AskRequest, reply: AskResponse) -> None:
        """Keep what was searched for, with its answer."""
        if request.conversation is None or not self._seconds:
            return
        turn = _turn(reply)
        with self._lock:
            turns = followed(self._current(request.conversation), turn)
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


def named(door: str, *parts: object) -> str:
    """The name of a talk (workspace, channel, thread or user) or of a message, among all doors'."""
    name = f"{door}:{'/'.join(plain(str(part)) for part in parts)}"
    # What is longer than a name may be is told apart by its hash.
    if len(name) <= LONGEST_NAME:
        return name
    return f"{door}:{hashlib.sha256(name.encode(errors='replace')).hexdigest()}"


def followed(turns: tuple[Turn, ...], turn: Turn) -> tuple[Turn, ...]:
    """The last turns with one more.

    Without an answer only where there is none to lose: `and where?` is about the last one.
    """
    if turn.answer or not (turns and turns[-1].answer):
        return (*turns, turn)[-TURNS:]
    return turns


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
