"""Microsoft Teams: a bot of its own, acknowledged at once and answered by a message to the talk.

Microsoft's library proves the tokens that come and gets the one that is sent. Its route is left
out: it parses before it verifies, and fetches Microsoft's keys while the event loop waits.
"""

import asyncio
import base64
import logging
import re
from typing import Any
from urllib.parse import quote

from anyio import CapacityLimiter, to_thread
from fastapi import Response
from jwt.exceptions import PyJWKClientConnectionError, PyJWTError
from microsoft_teams.apps import App, TokenValidator
from pydantic import BaseModel, Field
from starlette.datastructures import Headers

from api.chat.asking import Asker, Message
from api.chat.outbox import Outbox
from api.chat.proof import Forged
from api.chat.teams import MARKUP, question
from api.conversations import named
from index.errors import Unreachable

# It logs an error for each forged token; its real errors are raised, too.
logging.getLogger("microsoft_teams").setLevel(logging.CRITICAL)

BEARER = re.compile(r"Bearer ([\w-]+\.[\w-]+\.([\w-]+))", re.ASCII)
VERIFYING = 4
"""Tokens at a time, each in a thread, since keys are fetched where an unknown one is named."""


class Account(BaseModel):
    """A person or the bot."""

    id: str = ""
    name: str = ""


class Conversation(BaseModel):
    """A direct talk, a group's, or a thread in a channel."""

    id: str


class Addressed(BaseModel):
    """Where an answer to an activity goes."""

    service_url: str = Field(alias="serviceUrl")


class Activity(Addressed):
    """What Teams sends; other kinds than `message` are left alone."""

    type: str
    id: str = ""
    text: str = ""
    sender: Account = Field(Account(), alias="from")
    recipient: Account = Account()
    conversation: Conversation

    @property
    def message(self) -> Message:
        """The question; the talk is that of the thread, or of the person in the group."""
        place = self.conversation.id
        person = "" if ";messageid=" in place else self.sender.id
        talk = named("teams-bot", place, person)
        return Message(question(self.text), named("teams-bot", place, self.id), talk)


class TeamsBot:
    """One application, registered as a bot with Microsoft."""

    name = "teams-bot"

    def __init__(self, app: App, asker: Asker, outbox: Outbox) -> None:
        self._inbound = TokenValidator.for_service(app.id or "", cloud=app.cloud)
        self._outbound = app.token_provider
        self._threads = CapacityLimiter(VERIFYING)
        self._asker = asker
        self._outbox = outbox

    async def verify(self, body: bytes, headers: Headers) -> None:
        """By Microsoft's token, which covers where the answer goes, and not what was written."""
        claims = await to_thread.run_sync(
            self._claims, headers.get("authorization", ""), limiter=self._threads
        )
        target = Addressed.model_validate_json(body).service_url
        if not target or target.rstrip("/") != str(claims.get("serviceurl", "")).rstrip("/"):
            raise Forged("the token is for another service URL")

    async def receive(self, body: bytes) -> Response:
        """The acknowledgement."""
        sent = Activity.model_validate_json(body)
        message = sent.message
        if sent.type == "message" and self._asker.is_new(message):
            self._outbox.promise(self._answer(sent, message))
        return Response()

    def _claims(self, authorization: str) -> dict[str, Any]:
        found = BEARER.fullmatch(authorization)
        if not found or not _is_canonical(found[2]):
            raise Forged("the token is missing or wrong")
        try:
            return asyncio.run(self._inbound.validate_token(found[1]))
        except PyJWKClientConnectionError:
            raise Unreachable("Microsoft's keys cannot be fetched") from None
        except PyJWTError:
            raise Forged("the token is missing or wrong") from None

    async def _answer(self, sent: Activity, message: Message) -> None:
        said = {
            "type": "message",
            "from": sent.recipient.model_dump(),
            "recipient": sent.sender.model_dump(),
            "conversation": {"id": sent.conversation.id},
            "replyToId": sent.id,
            "textFormat": "xml",
            "text": await self._asker.reply(message, MARKUP),
        }
        url = f"{sent.service_url.rstrip('/')}/v3/conversations"
        await self._outbox.send(
            "POST",
            f"{url}/{quote(sent.conversation.id, safe='')}/activities",
            said,
            headers={"Authorization": f"Bearer {await self._outbound.get_app_token()}"},
        )


def _is_canonical(signature: str) -> bool:
    """Base64 can spell the same bytes in several ways; Microsoft uses one."""
    padded = signature + "=" * (-len(signature) % 4)
    try:
        decoded = base64.urlsafe_b64decode(padded)
    except ValueError:
        return False
    return base64.urlsafe_b64encode(decoded).decode().rstrip("=") == signature
