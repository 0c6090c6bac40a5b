"""Microsoft Teams: outgoing webhooks, answered in the response itself."""

import base64
import html
import re
from collections.abc import Sequence

from fastapi import Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, Field
from starlette.datastructures import Headers

from api.chat.asking import Asker, Message
from api.chat.markup import Markup
from api.chat.proof import expect, expect_fresh, signed
from api.conversations import named
from index.errors import InvalidInput

PATIENCE = 4.0
"""Seconds; Teams waits for five."""
MENTION = re.compile(r"<at\b[^<>]*>[^<]*</at>")
TAG = re.compile(r"<[^<>]*>")
# Teams reads both HTML and Markdown. As numbers, the characters of neither mean anything.
NUMBERED = str.maketrans({mark: f"&#{ord(mark)};" for mark in "&<>\"'\\`*_~#|[](){}+!"})


def escape(text: str) -> str:
    """For HTML and for Markdown at once."""
    return text.translate(NUMBERED)


def question(text: str) -> str:
    """What was written, without the name that was mentioned and without HTML."""
    return html.unescape(TAG.sub(" ", MENTION.sub(" ", text)))


MARKUP = Markup(
    escape=escape,
    bold="<b>{}</b>",
    link='<a href="{url}">{label}</a>',
    quote="<blockquote>{}</blockquote>",
    joint="<br><br>",
    most=10_000,
    entities=True,
)


class Identified(BaseModel):
    """A person, a channel, a team or a talk."""

    id: str = ""


class Channel(BaseModel):
    """Where it was written."""

    team: Identified = Identified()
    channel: Identified = Identified()


class Activity(BaseModel):
    """A message that mentions the webhook."""

    id: str
    timestamp: AwareDatetime
    text: str = ""
    sender: Identified = Field(Identified(), alias="from")
    conversation: Identified = Identified()
    channel: Channel = Field(Channel(), alias="channelData")

    @property
    def message(self) -> Message:
        """The question; the talk is that of the thread, or of who began it."""
        # 19:…@thread.tacv2;messageid=1500000000000, the message that began the thread
        _, _, thread = self.conversation.id.partition(";messageid=")
        place = (self.channel.team.id, self.channel.channel.id, thread or self.sender.id)
        return Message(question(self.text), named("teams", self.id), named("teams", *place))


class Teams:
    """Any number of outgoing webhooks; each team that has one gets a secret of its own."""

    name = "teams"

    def __init__(self, secrets: Sequence[str], asker: Asker, *, patience: float = PATIENCE) -> None:
        try:
            self._secrets = [base64.b64decode(secret, validate=True) for secret in secrets]
        except ValueError:
            raise InvalidInput("QA_TEAMS_SECRET: must be the base64 that Teams shows") from None
        self._asker = asker
        self._patience = patience

    async def verify(self, body: bytes, headers: Headers) -> None:
        """By the HMAC of the body."""
        digests = [base64.b64encode(signed(secret, body)).decode() for secret in self._secrets]
        expect(headers.get("authorization", ""), *(f"HMAC {digest}" for digest in digests))

    async def receive(self, body: bytes) -> Response:
        """A message in the same thread; the time is part of the body."""
        sent = Activity.model_validate_json(body)
        expect_fresh(sent.timestamp.timestamp())
        message = sent.message
        if not self._asker.is_new(message):
            return Response()
        reply = await self._asker.reply(message, MARKUP, patience=self._patience)
        return JSONResponse({"type": "message", "textFormat": "xml", "text": reply})
