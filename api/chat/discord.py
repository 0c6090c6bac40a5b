"""Discord: the slash command /ask, acknowledged at once and answered by changing that message."""

import re
from typing import Any
from urllib.parse import quote

from fastapi import Response
from fastapi.responses import JSONResponse
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey
from pydantic import BaseModel
from starlette.datastructures import Headers

from api.chat.asking import USAGE, Asker, Message
from api.chat.markup import Markup, backslashed
from api.chat.outbox import Outbox
from api.chat.proof import Forged, expect_fresh
from api.conversations import named
from index.errors import InvalidInput

API = "https://discord.com/api/v10"
MARKUP = Markup(escape=backslashed, link="[{label}](<{url}>)", most=2000)
HEX = re.compile(r"[0-9a-f]{128}")
PING, COMMAND = 1, 2
PONG, NOW, LATER = 1, 4, 5
ONLY_FOR_WHO_ASKED = 64


class Person(BaseModel):
    """Who asked."""

    id: str = ""


class Member(BaseModel):
    """The same in a server."""

    user: Person = Person()


class Option(BaseModel):
    """What was typed into a field of the command."""

    name: str
    value: Any = None


class Command(BaseModel):
    """The command with its fields."""

    options: list[Option] = []


class Interaction(BaseModel):
    """What Discord sends."""

    type: int
    id: str = ""
    application_id: str = ""
    token: str = ""
    guild_id: str | None = None
    channel_id: str | None = None
    member: Member | None = None
    user: Person | None = None
    data: Command | None = None

    @property
    def message(self) -> Message:
        """The question."""
        options = self.data.options if self.data else []
        text = next((str(each.value) for each in options if each.name == "question"), "")
        person = (self.member.user if self.member else self.user) or Person()
        place = (self.guild_id or "direct", self.channel_id or "", person.id)
        return Message(text, named("discord", self.id), named("discord", *place))


class Discord:
    """One application, with its interactions endpoint here."""

    name = "discord"

    def __init__(self, public_key: str, asker: Asker, outbox: Outbox) -> None:
        try:
            self._key = VerifyKey(bytes.fromhex(public_key))
        except (ValueError, TypeError):
            raise InvalidInput("QA_DISCORD_PUBLIC_KEY: must be 64 hexadecimal digits") from None
        self._asker = asker
        self._outbox = outbox

    async def verify(self, body: bytes, headers: Headers) -> None:
        """By the Ed25519 signature of the time and the body."""
        time, signature = (
            headers.get(f"x-signature-{name}", "") for name in ("timestamp", "ed25519")
        )
        if not HEX.fullmatch(signature):
            raise Forged("the signature is missing or wrong")
        try:
            self._key.verify(time.encode("latin-1") + body, bytes.fromhex(signature))
        except BadSignatureError:
            raise Forged("the signature is missing or wrong") from None
        expect_fresh(time)

    async def receive(self, body: bytes) -> Response:
        """The acknowledgement; Discord then waits for a quarter of an hour."""
        sent = Interaction.model_validate_json(body)
        if sent.type == PING:
            return JSONResponse({"type": PONG})
        message = sent.message
        if message.fault or sent.type != COMMAND:
            said = _message(MARKUP.safe(message.fault or USAGE)) | {"flags": ONLY_FOR_WHO_ASKED}
            return JSONResponse({"type": NOW, "data": said})
        if self._asker.is_new(message):
            self._outbox.promise(self._answer(sent, message))
        return JSONResponse({"type": LATER})

    async def _answer(self, sent: Interaction, message: Message) -> None:
        place = f"{quote(sent.application_id, safe='')}/{quote(sent.token, safe='')}"
        said = _message(await self._asker.reply(message, MARKUP))
        await self._outbox.send("PATCH", f"{API}/webhooks/{place}/messages/@original", said)


def _message(text: str) -> dict[str, object]:
    return {"content": text, "allowed_mentions": {"parse": []}}
