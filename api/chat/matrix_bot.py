"""The Matrix bot: joins the rooms that it is invited to, and answers what is asked there."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import nio
from aiohttp import ClientError

from api.chat.asking import Asker, Unanswered
from api.chat.matrix_events import Asked, Me, age_of, asked, notice, reply, server_of
from api.chat.matrix_reply import said, written
from api.chat.seen import Seen
from api.doors import Desk
from index.errors import NotAllowed

log = logging.getLogger(__name__)

WORKERS = 4
"""Questions that are answered at a time."""
WAITING = 100
"""Questions and invitations that wait; what comes then is left out."""
POLL = 30_000
"""Milliseconds that the homeserver holds a request while nothing happens."""
TRIES = 8
"""Of sending a reply, over about two minutes."""
LONGEST_WAIT = 60.0
FILTER = {
    "presence": {"types": []},
    "account_data": {"types": []},
    "room": {"ephemeral": {"types": []}, "timeline": {"limit": 50}},
}
LOST = (ClientError, TimeoutError)

ENCRYPTED = "Messages in this room are encrypted, and this bot cannot read them. Please ask in a "
ENCRYPTED += "room without encryption."

Job = Callable[[], Awaitable[None]]


class Bot:
    """One account on a homeserver; whoever may invite it may ask it, and all in that room."""

    def __init__(self, client: Any, desk: Desk, *, servers: Sequence[str] = ()) -> None:
        self._client = client
        self._asker = Asker(desk.ask, threads=WORKERS)
        self._servers = servers
        self._me = Me(client.user_id)
        self._jobs: asyncio.Queue[Job] = asyncio.Queue(WAITING)
        self._seen = Seen()
        self._warned: set[str] = set()
        self._started = time.monotonic()

    async def run(self) -> None:
        """Answer until it is cancelled; raises NotAllowed where the account is signed out."""
        found = await self._client.get_displayname(self._me.id)
        self._me = Me(self._me.id, getattr(found, "displayname", None) or "")
        log.info("%s answers on %s", self._me.id, self._client.homeserver)
        workers = [asyncio.create_task(self._work()) for _ in range(WORKERS)]
        try:
            await self._listen()
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _listen(self) -> None:
        wait = 0.0
        while True:
            try:
                found = await self._client.sync(timeout=POLL, sync_filter=FILTER)
            except LOST as error:
                found = error
            if isinstance(found, nio.SyncResponse):
                self._take(found)
                wait = 0.0
                continue
            if getattr(found, "status_code", None) in ("M_UNKNOWN_TOKEN", "M_MISSING_TOKEN"):
                raise NotAllowed(f"{self._client.homeserver} does not know the bot any more")
            wait = min(LONGEST_WAIT, wait * 2 or 1.0)
            log.warning("no news from the homeserver, again in %d s: %s", wait, found)
            await asyncio.sleep(wait)

    def _take(self, found: Any) -> None:
        for room, invitation in found.rooms.invite.items():
            self._put(partial(self._join, room, _inviter(invitation, self._me)))
        for room, news in found.rooms.join.items():
            for event in news.timeline.events:
                self._look_at(room, event)

    def _look_at(self, room: str, event: Any) -> None:
        try:
            if self._is_new(event):
                self._consider(room, event)
        except Exception:  # others send what they like, and the next one may be a question
            log.exception("a message could not be read")

    def _is_new(self, event: Any) -> bool:
        """Whether it was sent since the start, and is seen for the first time."""
        age = age_of(event.source)
        if age is None or age > time.monotonic() - self._started:
            return False
        return self._seen.add(event.event_id)

    def _consider(self, room: str, event: Any) -> None:
        if event.source.get("type") == "m.room.encrypted":
            self._put(partial(self._warn, room))
            return
        direct = self._client.rooms[room].member_count <= 2
        if question := asked(event.source, room, self._me, direct=direct):
            self._put(partial(self._answer, question))

    def _put(self, job: Job) -> None:
        try:
            self._jobs.put_nowait(job)
        except asyncio.QueueFull:
            log.warning("%d questions wait already: one was left out", WAITING)

    async def _work(self) -> None:
        while True:
            job = await self._jobs.get()
            try:
                await job()
            except Exception:
                log.exception("unforeseen error")

    async def _join(self, room: str, inviter: str) -> None:
        if not {"*", server_of(inviter)} & {*self._servers, self._me.server}:
            log.warning("not joining %s: %s is of another server", room, inviter or "nobody")
            return
        found = await self._client.join(room)
        if not isinstance(found, nio.JoinResponse):
            log.warning("cannot join %s: %s", room, found)

    async def _warn(self, room: str) -> None:
        """Say once that what is encrypted cannot be read."""
        if room not in self._warned:
            self._warned.add(room)
            await self._send(room, notice(*said(ENCRYPTED)), f"dateline-encrypted-{time.time_ns()}")

    async def _answer(self, question: Asked) -> None:
        try:
            words = written(await self._asker.ask(question.message))
        except Unanswered as reason:
            words = said(str(reason))
        await self._send(question.room, reply(question, *words), question.transaction)

    async def _send(self, room: str, content: dict[str, object], transaction: str) -> None:
        """Send it, again where the connection is lost: with its transaction it is shown once."""
        for attempt in range(TRIES):
            try:
                found = await self._client.room_send(
                    room, "m.room.message", content, tx_id=transaction
                )
            except LOST as error:
                log.warning("a reply could not be sent yet: %s", error)
                await asyncio.sleep(min(LONGEST_WAIT, 2.0**attempt))
                continue
            if not isinstance(found, nio.RoomSendResponse):
                log.warning("a reply was refused in %s: %s", room, found)
            return


def _inviter(invitation: Any, me: Me) -> str:
    for event in invitation.invite_state:
        if getattr(event, "membership", "") == "invite" and event.state_key == me.id:
            return str(event.sender)
    return ""
