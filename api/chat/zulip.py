"""Zulip: the outgoing webhook of a bot, answered in the response itself."""

import re
from collections.abc import Sequence

from fastapi import Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.datastructures import Headers

from api.chat.asking import Asker, Message
from api.chat.markup import Markup, replaced
from api.chat.proof import expect_token
from api.conversations import named

MARKUP = Markup(escape=replaced, most=10_000)
PATIENCE = 8.0
"""Seconds; Zulip waits for ten."""
MENTION = re.compile(r"@_?\*\*[^*]+\*\*")
SILENCE = {"response_not_required": True}


class Said(BaseModel):
    """The message itself."""

    id: int
    sender_id: int
    sender_email: str = ""
    stream_id: int | None = None
    subject: str = ""


class Sent(BaseModel):
    """A message that mentions the bot, or was sent to it alone."""

    bot_email: str = ""
    data: str = ""
    message: Said

    @property
    def question(self) -> Message:
        """Without the bot's name; a topic is a talk of its own."""
        said = self.message
        text = MENTION.sub(" ", self.data)
        talk = named("zulip", said.stream_id or "direct", said.subject or said.sender_id)
        return Message(text, named("zulip", said.id), talk)


class Zulip:
    """Any number of bots, each with a token of its own."""

    name = "zulip"

    def __init__(self, tokens: Sequence[str], asker: Asker, *, patience: float = PATIENCE) -> None:
        self._tokens = tokens
        self._asker = asker
        self._patience = patience

    async def verify(self, body: bytes, headers: Headers) -> None:
        """By the token in the body."""
        expect_token(body, self._tokens)

    async def receive(self, body: bytes) -> Response:
        """A message in the same topic; where none is wanted, Zulip has to be told."""
        sent = Sent.model_validate_json(body)
        message = sent.question
        if sent.message.sender_email == sent.bot_email or not self._asker.is_new(message):
            return JSONResponse(SILENCE)
        reply = await self._asker.reply(message, MARKUP, patience=self._patience)
        return JSONResponse({"content": reply})
