"""What Microsoft sends to a bot in Teams, with a token of its own making, as one more caller."""

import json
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from microsoft_teams.apps import App

from api.chat.teams_bot import TeamsBot
from tests.api.chat.callers import Caller
from tests.api.wire import Request

BOT = "0b3c5a0e-5d4f-4c57-a0c8-77a1f4a4d3b1"
MICROSOFT = rsa.generate_private_key(65537, 2048)
SMBA = "https://smba.trafficmanager.net/emea/72f988bf/"


def teams_bot(body: bytes, at: float | None = None, **more: object) -> Request:
    """With a token of Microsoft's, which holds for an hour."""
    now = int(time.time() if at is None else at)
    claims = {"iss": "https://api.botframework.com", "aud": BOT, "serviceurl": SMBA}
    claims |= {"nbf": now, "iat": now, "exp": now + 3600, **more}
    token = jwt.encode(claims, MICROSOFT, algorithm="RS256", headers={"kid": "microsoft"})
    return body, {"authorization": b"Bearer " + token.encode()}


def bot_message(text: str, number: int = 1, **more: object) -> bytes:
    """A message in a group chat that mentions the bot."""
    sent = {
        "type": "message",
        "id": f"148560706425{number}",
        "timestamp": "2026-01-01T00:00:00.000Z",
        "serviceUrl": SMBA,
        "channelId": "msteams",
        "from": {"id": "29:1XJKJMvc5GBtc2JwZq0oj8tHZmzrQgFmB39ATiQWA85g", "name": "Ada"},
        "recipient": {"id": f"28:{BOT}", "name": "Dateline"},
        "conversation": {"id": "19:ab12@thread.v2", "conversationType": "groupChat"},
        "text": f"<at>Dateline</at> {text}",
        "channelData": {"tenant": {"id": "72f988bf"}},
    }
    return json.dumps({**sent, **more}).encode()


BOT_CALLER = Caller(
    name="teams-bot",
    tool="teams-bot",
    door=lambda house, _: TeamsBot(
        App(client_id=BOT, client_secret="s"),  # noqa: S106
        house.asker,
        house.outbox,
    ),
    body=bot_message,
    prove=teams_bot,
    shown=lambda sent: sent["text"],
    conversation="teams-bot:19:ab12@thread.v2/29:1XJKJMvc5GBtc2JwZq0oj8tHZmzrQgFmB39ATiQWA85g",
    secrets={"teams_app_id": BOT, "teams_app_secret": "s"},
    token=lambda request: request[1]["authorization"].removeprefix(b"Bearer "),
    later=True,
)
