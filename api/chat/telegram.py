"""Telegram: updates of a bot's webhook, answered in the response itself."""

import re

from fastapi import Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.datastructures import Headers

from api.chat.asking import Asker, Message
from api.chat.markup import Markup, as_html
from api.chat.proof import expect
from api.conversations import named

MARKUP = Markup(
    escape=as_html,
    bold="<b>{}</b>",
    link='<a href="{url}">{label}</a>',
    quote="<blockquote>{}</blockquote>",
    most=4096,
    entities=True,
)
PATIENCE = 25.0
"""Seconds; Telegram waits for a minute, people do not."""
ADDRESSED = re.compile(r"^\s*(?:/\w+(?:@\w+)?|@\w+bot\b)|@\w+bot\b\s*$", re.IGNORECASE)
"""A command, or the name of a bot, which always ends in "bot"."""


class User(BaseModel):
    """Who wrote it."""

    id: int
    is_bot: bool = False


class Chat(BaseModel):
    """Where it was written."""

    id: int


class Text(BaseModel):
    """A message; one of another kind has no text."""

    message_id: int
    chat: Chat
    sender: User | None = Field(None, alias="from")
    text: str = ""
    message_thread_id: int | None = None


class Update(BaseModel):
    """What Telegram sends; other kinds than `message` are left alone."""

    update_id: int
    message: Text | None = None


class Telegram:
    """One bot, whose webhook was set with a secret token."""

    name = "telegram"

    def __init__(self, secret: str, asker: Asker, *, patience: float = PATIENCE) -> None:
        self._secret = secret
        self._asker = asker
        self._patience = patience

    async def verify(self, body: bytes, headers: Headers) -> None:
        """By the header that `setWebhook` was told; nothing covers the body."""
        expect(headers.get("x-telegram-bot-api-secret-token", ""), self._secret)

    async def receive(self, body: bytes) -> Response:
        """A message that answers the one that came."""
        update = Update.model_validate_json(body)
        sent = update.message
        if sent is None or not sent.text or sent.sender is None or sent.sender.is_bot:
            return Response()
        talk = named("telegram", sent.chat.id, sent.message_thread_id or sent.sender.id)
        text = ADDRESSED.sub("", sent.text)
        message = Message(text, named("telegram", update.update_id), talk)
        if not self._asker.is_new(message):
            return Response()
        reply = await self._asker.reply(message, MARKUP, patience=self._patience)
        return JSONResponse(_sending(sent, reply))


def _sending(sent: Text, text: str) -> dict[str, object]:
    return {
        "method": "sendMessage",
        "chat_id": sent.chat.id,
        "text": text,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
        "reply_parameters": {"message_id": sent.message_id, "allow_sending_without_reply": True},
    }
