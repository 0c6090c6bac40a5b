"""Rocket.Chat: outgoing webhooks, answered in the response itself."""

from collections.abc import Sequence
from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.datastructures import Headers

from api.chat.asking import Asker, Message
from api.chat.markup import Markup, replaced
from api.chat.proof import expect_token
from api.conversations import named

MARKUP = Markup(escape=replaced, bold="*{}*", most=5000)
PATIENCE = 15.0
"""Seconds; Rocket.Chat waits for 20 unless it is configured otherwise."""


class Sent(BaseModel):
    """A message in a channel that the integration listens to."""

    message_id: str
    channel_id: str = ""
    user_id: str = ""
    tmid: str | None = None
    text: str = ""
    trigger_word: str | None = None
    bot: Any = None
    """Nothing or false where a person wrote it."""

    @property
    def message(self) -> Message:
        """The question, behind the word that called."""
        text = self.text.removeprefix(self.trigger_word or "")
        talk = named("rocketchat", self.channel_id, self.tmid or self.user_id)
        return Message(text, named("rocketchat", self.message_id), talk)


class RocketChat:
    """Any number of integrations, each with a token of its own."""

    name = "rocketchat"

    def __init__(self, tokens: Sequence[str], asker: Asker, *, patience: float = PATIENCE) -> None:
        self._tokens = tokens
        self._asker = asker
        self._patience = patience

    async def verify(self, body: bytes, headers: Headers) -> None:
        """By the token in the body."""
        expect_token(body, self._tokens)

    async def receive(self, body: bytes) -> Response:
        """A message in the same channel."""
        sent = Sent.model_validate_json(body)
        message = sent.message
        if sent.bot or not self._asker.is_new(message):
            return Response()
        reply = await self._asker.reply(message, MARKUP, patience=self._patience)
        return JSONResponse({"text": reply})
