"""Slack: slash commands, mentions, direct messages and the button below an answer.

Without Slack's own library: one signature and two requests are all that is needed of it. It parses
before it verifies, and its threads would know neither the limit of questions nor the end.
"""

import logging
from collections.abc import Mapping

from fastapi import Response
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers

from api.chat import slack_blocks as blocks
from api.chat.asking import Asker, Message, Unanswered
from api.chat.hooks import fields
from api.chat.outbox import Outbox
from api.chat.proof import expect, expect_fresh, signed
from api.chat.reply import SHOWN
from api.chat.slack_payloads import Command, Envelope, Interaction, question
from api.conversations import named

log = logging.getLogger(__name__)

POST_MESSAGE = "https://slack.com/api/chat.postMessage"
RESPONSES = "https://hooks.slack.com/"
"""Where every response_url begins; nothing is ever sent to another one."""
LIMIT = SHOWN + blocks.FURTHER
"""The same for an answer and for more of it, so that the two go together."""


class Slack:
    """One app; everything is acknowledged at once and answered later."""

    name = "slack"

    def __init__(self, secret: str, asker: Asker, outbox: Outbox, *, token: str = "") -> None:
        self._secret = secret.encode()
        self._token = token
        self._asker = asker
        self._outbox = outbox

    async def verify(self, body: bytes, headers: Headers) -> None:
        """By the signature v0, of the time and the body."""
        time = headers.get("x-slack-request-timestamp", "")
        digest = signed(self._secret, b"v0:" + time.encode("latin-1") + b":" + body)
        expect(headers.get("x-slack-signature", ""), f"v0={digest.hex()}")
        expect_fresh(time)

    async def receive(self, body: bytes) -> Response:
        """The acknowledgement; by the body, because the content type is not signed."""
        if body.lstrip().startswith(b"{"):
            return self._event(Envelope.model_validate_json(body))
        sent = fields(body)
        if "payload" in sent:
            return self._pressed(Interaction.model_validate_json(sent["payload"]))
        return self._command(Command.model_validate(sent))

    def _event(self, sent: Envelope) -> Response:
        if sent.type == "url_verification":
            return JSONResponse({"challenge": sent.challenge})
        event = sent.event
        if not event.is_question:
            return Response()
        talk = named("slack", sent.team_id, event.channel, event.thread or event.user)
        message = Message(question(event.text), named("slack", sent.event_id), talk)
        if not self._token:
            log.error("Slack cannot be answered: QA_SLACK_BOT_TOKEN is not set")
        elif self._asker.is_new(message):
            place = {"channel": event.channel, "thread_ts": event.thread}
            self._outbox.promise(self._post(message, place))
        return Response()

    def _command(self, sent: Command) -> Response:
        talk = named("slack", sent.team_id, sent.channel_id, sent.user_id)
        message = Message(question(sent.text), named("slack", sent.trigger_id), talk)
        if message.fault:
            return JSONResponse(blocks.said(message.fault) | {"response_type": "ephemeral"})
        if self._asker.is_new(message):
            self._outbox.promise(self._respond(message, sent.response_url))
        return Response()

    def _pressed(self, sent: Interaction) -> Response:
        wanted = [action.value for action in sent.actions if action.action_id == blocks.MORE]
        message = Message("".join(wanted[:1]), named("slack", sent.trigger_id))
        if sent.type == "block_actions" and wanted and self._asker.is_new(message):
            place = {"replace_original": False, "thread_ts": sent.container.thread_ts}
            self._outbox.promise(self._show_more(message, sent.response_url, place))
        return Response()

    async def _post(self, message: Message, place: Mapping[str, object]) -> None:
        said = await self._answer(message)
        headers = {"Authorization": f"Bearer {self._token}"}
        await self._outbox.send("POST", POST_MESSAGE, {**said, **_known(place)}, headers=headers)

    async def _respond(self, message: Message, url: str) -> None:
        said = await self._answer(message)
        await self._send(url, said | {"response_type": "in_channel"})

    async def _show_more(self, message: Message, url: str, place: Mapping[str, object]) -> None:
        try:
            said = blocks.more(await self._asker.ask(message, limit=LIMIT))
        except Unanswered as reason:
            said = blocks.said(str(reason))
        await self._send(url, {**said, **_known(place), "response_type": "ephemeral"})

    async def _answer(self, message: Message) -> dict[str, object]:
        try:
            return blocks.answered(await self._asker.ask(message, limit=LIMIT))
        except Unanswered as reason:
            return blocks.said(str(reason))

    async def _send(self, url: str, said: Mapping[str, object]) -> None:
        if url.startswith(RESPONSES):
            await self._outbox.send("POST", url, said)
        else:
            log.error("Slack named a response_url that is not Slack's")


def _known(place: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in place.items() if value is not None}
