"""Asking for a chat: what was written, how many at once, and what is said in place of an answer."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from anyio import CapacityLimiter, to_thread

from api.chat.markup import Markup
from api.chat.pending import Pending
from api.chat.reply import SHOWN, paragraphs
from api.chat.seen import Seen
from api.render import plain
from api.schemas import AskRequest, AskResponse
from index.errors import Overloaded

log = logging.getLogger(__name__)

LONGEST = 1000
THREADS = 4
UNDER_WAY = 32
"""Questions that are answered or wait for a thread; the next one is told to come back."""

USAGE = "Ask a question about the articles, such as: who is meeting in Geneva?"
TOO_LONG = "The question has {:,} characters; at most {:,} can be read. Please shorten it."
BUSY = "Too many questions at once. Please try again in a moment."
SLOW = "This question takes longer than this chat waits for. Please try again in a moment."
FAILED = "Something went wrong here. Please try again later."


class Unanswered(Exception):
    """There is no answer; the message tells whoever asked why."""


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody wrote to the bot; `id` is the same when the tool sends it again."""

    text: str
    id: str
    conversation: str = ""

    @property
    def question(self) -> str:
        """In one line, without what cannot be seen."""
        return plain(self.text)

    @property
    def fault(self) -> str:
        """Why it cannot be asked."""
        if not self.question:
            return USAGE
        if len(self.question) > LONGEST:
            return TOO_LONG.format(len(self.question), LONGEST)
        return ""


class Asker:
    """Asks in threads of its own; keeps apart what is new and what a tool sent again."""

    def __init__(
        self,
        ask: Callable[[AskRequest], AskResponse],
        *,
        threads: int = THREADS,
        most: int = UNDER_WAY,
    ) -> None:
        self._ask = ask
        self._limiter = CapacityLimiter(threads)
        self._most = most
        self._under_way = Pending()
        self._seen = Seen()

    def is_new(self, message: Message) -> bool:
        """Whether it comes for the first time; a copy is not to be asked again."""
        return self._seen.add(message.id)

    async def ask(
        self, message: Message, *, limit: int = SHOWN, patience: float | None = None
    ) -> AskResponse:
        """The answer, within so many seconds; raises Unanswered."""
        if message.fault:
            raise Unanswered(message.fault)
        if len(self._under_way) >= self._most:
            raise Unanswered(BUSY)
        task = self._under_way.start(self._answer(message, limit))
        try:
            # The thread cannot be stopped, and goes on counting until it is done.
            return await asyncio.wait_for(asyncio.shield(task), patience)
        except TimeoutError:
            raise Unanswered(SLOW) from None

    async def reply(
        self, message: Message, markup: Markup, *, patience: float | None = None
    ) -> str:
        """The text of a message that answers."""
        try:
            answer = await self.ask(message, patience=patience)
        except Unanswered as reason:
            return markup.safe(str(reason))
        return markup.joint.join(paragraphs(answer, markup))

    async def close(self, seconds: float) -> None:
        """Wait for the questions under way."""
        await self._under_way.close(seconds)

    async def _answer(self, message: Message, limit: int) -> AskResponse:
        question = {"q": message.question, "limit": limit, "collapse": "story"}
        talk = {"conversation": message.conversation} if message.conversation else {}
        request = AskRequest.model_validate({**question, **talk})
        try:
            return await to_thread.run_sync(self._ask, request, limiter=self._limiter)
        except Overloaded:
            raise Unanswered(BUSY) from None
        except Exception:
            log.exception("a question from a chat failed")
            raise Unanswered(FAILED) from None
