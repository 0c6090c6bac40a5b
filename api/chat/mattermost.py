"""Mattermost: slash commands and outgoing webhooks, answered in the response itself."""

from collections.abc import Sequence

from fastapi import Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.datastructures import Headers

from api.chat.asking import Asker, Message
from api.chat.hooks import fields
from api.chat.markup import Markup, backslashed
from api.chat.proof import expect, expect_token
from api.conversations import named

MARKUP = Markup(escape=backslashed, most=4000)
PATIENCE = 20.0
"""Seconds; Mattermost waits for 30 unless it is configured otherwise."""


class Sent(BaseModel):
    """The fields that both kinds have, and those that only one has."""

    text: str = ""
    team_id: str = ""
    channel_id: str
    user_id: str
    trigger_word: str = ""
    trigger_id: str = ""
    post_id: str = ""
    root_id: str = ""

    @property
    def message(self) -> Message:
        """The question, behind the word that called."""
        text = self.text.removeprefix(self.trigger_word)
        talk = named("mattermost", self.team_id, self.channel_id, self.root_id or self.user_id)
        return Message(text, named("mattermost", self.trigger_id or self.post_id), talk)


class Mattermost:
    """Any number of integrations, each with a token of its own."""

    name = "mattermost"

    def __init__(self, tokens: Sequence[str], asker: Asker, *, patience: float = PATIENCE) -> None:
        self._tokens = tokens
        self._asker = asker
        self._patience = patience

    async def verify(self, body: bytes, headers: Headers) -> None:
        """By the token, which a slash command has in a header and a webhook in the body."""
        if "authorization" in headers:
            expect(headers["authorization"], *(f"Token {token}" for token in self._tokens))
        else:
            expect_token(body, self._tokens)

    async def receive(self, body: bytes) -> Response:
        """A post that all in the channel see; what was no question is told to one alone."""
        sent = _read(body)
        message = sent.message
        if not self._asker.is_new(message):
            return Response()
        reply = await self._asker.reply(message, MARKUP, patience=self._patience)
        kind = "comment" if sent.post_id else "ephemeral" if message.fault else "in_channel"
        return JSONResponse({"text": reply, "response_type": kind})


def _read(body: bytes) -> Sent:
    if body.lstrip().startswith(b"{"):
        return Sent.model_validate_json(body)
    return Sent.model_validate(fields(body))
