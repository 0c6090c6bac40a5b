"""What each tool sends, proved as it proves it, and where it shows the answer."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from nacl.signing import SigningKey

from api.chat.discord import Discord
from api.chat.hooks import Door
from api.chat.mattermost import Mattermost
from api.chat.rocketchat import RocketChat
from api.chat.slack import Slack
from api.chat.teams import Teams
from api.chat.telegram import Telegram
from api.chat.zulip import Zulip
from tests.api.chat.house import House
from tests.api.wire import Request

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"  # noqa: S105
KEY = SigningKey(bytes(range(32)))
TEAMS = base64.b64encode(b"a secret of thirty-two bytes....").decode()


def slack(body: bytes, at: float | None = None) -> Request:
    """Signed by Slack."""
    stamp = str(int(time.time() if at is None else at)).encode()
    digest = hmac.new(SECRET.encode(), b"v0:" + stamp + b":" + body, hashlib.sha256).hexdigest()
    return body, {
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": b"v0=" + digest.encode(),
    }


def discord(body: bytes, at: float | None = None) -> Request:
    """Signed by Discord."""
    stamp = str(int(time.time() if at is None else at)).encode()
    signature = KEY.sign(stamp + body).signature.hex().encode()
    return body, {"x-signature-timestamp": stamp, "x-signature-ed25519": signature}


def teams(body: bytes) -> Request:
    """Signed by Teams."""
    digest = hmac.new(base64.b64decode(TEAMS), body, hashlib.sha256).digest()
    return body, {"authorization": b"HMAC " + base64.b64encode(digest)}


def telegram(body: bytes) -> Request:
    """With Telegram's header."""
    return body, {"x-telegram-bot-api-secret-token": SECRET.encode()}


def in_body(body: bytes) -> Request:
    """With the token in the body already."""
    return body, {}


def slack_event(text: str, number: int = 1, **event: object) -> bytes:
    """A mention in a channel."""
    said = {
        "type": "app_mention",
        "user": "U061F7AUR",
        "text": f"<@U0LAN0Z89> {text}",
        "ts": "1515449522.000016",
        "channel": "C0LAN2Q65",
        "event_ts": "1515449522000016",
    }
    sent = {
        "token": "XXYYZZ",
        "team_id": "T061EG9R6",
        "api_app_id": "A0MDYCDME",
        "event": {**said, **event},
        "type": "event_callback",
        "event_id": f"Ev0MDYGDKJ{number}",
        "event_time": 1515449522,
    }
    return json.dumps(sent).encode()


def slack_command(text: str, number: int = 1, **fields: str) -> bytes:
    """A slash command."""
    sent = {
        "team_id": "T061EG9R6",
        "channel_id": "C0LAN2Q65",
        "user_id": "U061F7AUR",
        "command": "/ask",
        "text": text,
        "response_url": "https://hooks.slack.com/commands/1/2/3",
        "trigger_id": f"13345224609.738474920.{number}",
    }
    return urlencode({**sent, **fields}).encode()


def discord_command(text: str, number: int = 1, **more: object) -> bytes:
    """/ask question:…"""
    sent = {
        "type": 2,
        "id": str(846462639134605312 + number),
        "application_id": "845027738276462632",
        "token": "A_UNIQUE_TOKEN",
        "guild_id": "290926798626357999",
        "channel_id": "645027906669510667",
        "member": {"user": {"id": "53908232506183680", "username": "Mason"}, "roles": []},
        "data": {
            "id": "771825006014889984",
            "name": "ask",
            "type": 1,
            "options": [{"type": 3, "name": "question", "value": text}],
        },
        "version": 1,
    }
    return json.dumps({**sent, **more}).encode()


def teams_message(text: str, number: int = 1, at: float | None = None) -> bytes:
    """A message that mentions the webhook."""
    moment = datetime.fromtimestamp(time.time() if at is None else at, UTC)
    sent = {
        "type": "message",
        "id": f"148560706425{number}",
        "timestamp": moment.isoformat(),
        "serviceUrl": "https://smba.trafficmanager.net/emea/",
        "channelId": "msteams",
        "from": {"id": "29:1XJKJMvc5GBtc2JwZq0oj8tHZmzrQgFmB39ATiQWA85g", "name": "Ada"},
        "conversation": {"id": "19:4b6b@thread.tacv2;messageid=1485983408511"},
        "text": f"<at>Dateline</at> {text}\n",
        "textFormat": "plain",
        "channelData": {
            "teamsChannelId": "19:4b6b@thread.tacv2",
            "team": {"id": "19:253b@thread.tacv2"},
            "channel": {"id": "19:4b6b@thread.tacv2"},
            "tenant": {"id": "72f988bf"},
        },
    }
    return json.dumps(sent).encode()


def mattermost_command(text: str, number: int = 1, **fields: str) -> bytes:
    """A slash command."""
    sent = {
        "channel_id": "cniah6qa73bjjjan6mzn11f4ie",
        "command": "/ask",
        "response_url": "https://chat.example/hooks/commands/x",
        "team_id": "rdc9bgriktyx9p4kowh3dmgqyc",
        "text": text,
        "token": SECRET,
        "trigger_id": f"Y3BqYTN4cWhvM2JzN{number}",
        "user_id": "c3a4cqe3dfy6dgopqt8ai3hydh",
    }
    return urlencode({**sent, **fields}).encode()


def mattermost_webhook(text: str, number: int = 1, **fields: str) -> bytes:
    """An outgoing webhook's post."""
    sent = {
        "token": SECRET,
        "team_id": "rdc9bgriktyx9p4kowh3dmgqyc",
        "channel_id": "cniah6qa73bjjjan6mzn11f4ie",
        "timestamp": 1490818320000,
        "user_id": "c3a4cqe3dfy6dgopqt8ai3hydh",
        "post_id": f"e1gkqzqw8pgbmfm9e9s3z3ht8{number}",
        "text": f"@news {text}",
        "trigger_word": "@news",
    }
    return json.dumps({**sent, **fields}).encode()


def rocketchat_message(text: str, number: int = 1, **fields: object) -> bytes:
    """An outgoing webhook's message."""
    sent = {
        "token": SECRET,
        "bot": False,
        "trigger_word": "news",
        "channel_id": "GENERAL",
        "channel_name": "general",
        "message_id": f"KFXqPRHhPzsmMjuZ{number}",
        "timestamp": "2026-01-01T00:00:00.000Z",
        "user_id": "rocket.cat",
        "user_name": "ada",
        "text": f"news {text}",
    }
    return json.dumps({**sent, **fields}).encode()


def zulip_message(text: str, number: int = 1, **more: object) -> bytes:
    """A message that mentions the bot."""
    said = {
        "id": 112 + number,
        "sender_id": 5,
        "sender_email": "ada@example.org",
        "type": "stream",
        "stream_id": 7,
        "subject": "harbour",
        "content": f"@**Dateline** {text}",
    }
    sent = {
        "bot_email": "dateline-bot@example.org",
        "bot_full_name": "Dateline",
        "data": f"@**Dateline** {text}",
        "message": {**said, **more},
        "token": SECRET,
        "trigger": "mention",
    }
    return json.dumps(sent).encode()


def telegram_update(text: str, number: int = 1, **more: object) -> bytes:
    """A message in a group."""
    said = {
        "message_id": 9,
        "date": 1,
        "from": {"id": 5, "is_bot": False, "first_name": "Ada"},
        "chat": {"id": -100, "type": "supergroup", "title": "News"},
        "text": f"/ask@news_bot {text}",
    }
    return json.dumps({"update_id": number, "message": {**said, **more}}).encode()


@dataclass(frozen=True)
class Caller:
    """One way in which one tool calls."""

    name: str
    tool: str
    door: Callable[[House, float], Door]
    body: Callable[..., bytes]
    prove: Callable[..., Request]
    shown: Callable[[Any], str]
    conversation: str
    secrets: dict[str, object]
    signs: bool = False
    """Whether its proof covers the body; else it is a token alone."""
    token: Callable[[Request], bytes] = lambda _: SECRET.encode()
    """What has to be guessed where nothing is signed."""
    later: bool = False
    """Whether it is answered after the acknowledgement, by a request to the tool."""

    @property
    def path(self) -> str:
        return f"/hooks/{self.tool}"

    def request(self, text: str, number: int = 1) -> Request:
        return self.prove(self.body(text, number))


CALLERS = (
    Caller(
        name="slack-mention",
        tool="slack",
        door=lambda house, _: Slack(SECRET, house.asker, house.outbox, token="xoxb-1"),  # noqa: S106
        body=slack_event,
        prove=slack,
        shown=lambda sent: sent["text"],
        conversation="slack:T061EG9R6/C0LAN2Q65/1515449522.000016",
        secrets={"slack_signing_secret": SECRET, "slack_bot_token": "xoxb-1"},
        signs=True,
        later=True,
    ),
    Caller(
        name="slack-command",
        tool="slack",
        door=lambda house, _: Slack(SECRET, house.asker, house.outbox),
        body=slack_command,
        prove=slack,
        shown=lambda sent: sent["text"],
        conversation="slack:T061EG9R6/C0LAN2Q65/U061F7AUR",
        secrets={"slack_signing_secret": SECRET},
        signs=True,
        later=True,
    ),
    Caller(
        name="discord",
        tool="discord",
        door=lambda house, _: Discord(KEY.verify_key.encode().hex(), house.asker, house.outbox),
        body=discord_command,
        prove=discord,
        shown=lambda sent: sent.get("data", sent)["content"],
        conversation="discord:290926798626357999/645027906669510667/53908232506183680",
        secrets={"discord_public_key": KEY.verify_key.encode().hex()},
        signs=True,
        later=True,
    ),
    Caller(
        name="teams",
        tool="teams",
        door=lambda house, patience: Teams([TEAMS], house.asker, patience=patience),
        body=teams_message,
        prove=teams,
        shown=lambda sent: sent["text"],
        conversation="teams:19:253b@thread.tacv2/19:4b6b@thread.tacv2/1485983408511",
        secrets={"teams_secret": TEAMS},
        signs=True,
    ),
    Caller(
        name="mattermost-command",
        tool="mattermost",
        door=lambda house, patience: Mattermost([SECRET], house.asker, patience=patience),
        body=mattermost_command,
        prove=lambda body: (body, {"authorization": b"Token " + SECRET.encode()}),
        shown=lambda sent: sent["text"],
        conversation="mattermost:rdc9bgriktyx9p4kowh3dmgqyc/cniah6qa73bjjjan6mzn11f4ie/"
        "c3a4cqe3dfy6dgopqt8ai3hydh",
        secrets={"mattermost_token": SECRET},
    ),
    Caller(
        name="mattermost-webhook",
        tool="mattermost",
        door=lambda house, patience: Mattermost(["other", SECRET], house.asker, patience=patience),
        body=mattermost_webhook,
        prove=in_body,
        shown=lambda sent: sent["text"],
        conversation="mattermost:rdc9bgriktyx9p4kowh3dmgqyc/cniah6qa73bjjjan6mzn11f4ie/"
        "c3a4cqe3dfy6dgopqt8ai3hydh",
        secrets={"mattermost_token": f"other, {SECRET}"},
    ),
    Caller(
        name="rocketchat",
        tool="rocketchat",
        door=lambda house, patience: RocketChat([SECRET], house.asker, patience=patience),
        body=rocketchat_message,
        prove=in_body,
        shown=lambda sent: sent["text"],
        conversation="rocketchat:GENERAL/rocket.cat",
        secrets={"rocketchat_token": SECRET},
    ),
    Caller(
        name="zulip",
        tool="zulip",
        door=lambda house, patience: Zulip([SECRET], house.asker, patience=patience),
        body=zulip_message,
        prove=in_body,
        shown=lambda sent: sent["content"],
        conversation="zulip:7/harbour",
        secrets={"zulip_token": SECRET},
    ),
    Caller(
        name="telegram",
        tool="telegram",
        door=lambda house, patience: Telegram(SECRET, house.asker, patience=patience),
        body=telegram_update,
        prove=telegram,
        shown=lambda sent: sent["text"],
        conversation="telegram:-100/5",
        secrets={"telegram_secret": SECRET},
    ),
)
