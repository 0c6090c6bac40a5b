"""Matrix's messages: which of them ask the bot something, what, and how a reply is made."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from api.chat.asking import Message
from api.conversations import named
from api.render import plain

Json = Mapping[str, Any]

FALLBACK = re.compile(r"(?:>[^\n]*\n)+\n?")
"""The lines that older clients put before a reply."""


@dataclass(frozen=True, slots=True)
class Me:
    """Who the bot is."""

    id: str
    name: str = ""

    @property
    def names(self) -> list[str]:
        """By which it is called, the longest first."""
        local = self.id.removeprefix("@").partition(":")[0]
        return sorted(filter(None, (self.id, self.name, f"@{local}", local)), key=len, reverse=True)

    @property
    def server(self) -> str:
        """The homeserver it belongs to."""
        return server_of(self.id)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that somebody put to the bot."""

    room: str
    event: str
    sender: str
    thread: str
    text: str

    @property
    def message(self) -> Message:
        """The question; the talk is that of the thread, or of the person in the room."""
        talk = named("matrix", self.room, self.thread or self.sender)
        return Message(self.text, named("matrix", self.event), talk)

    @property
    def transaction(self) -> str:
        """The same whenever the reply is sent again, so that it is shown once."""
        digest = hashlib.sha256(self.event.encode(errors="replace")).hexdigest()
        return f"dateline-{digest[:32]}"


def server_of(user: str) -> str:
    """The homeserver that a user belongs to."""
    return user.partition(":")[2].lower()


def asked(event: Json, room: str, me: Me, *, direct: bool) -> Asked | None:
    """The question in a message, where it is one for the bot; in a direct talk all of them are."""
    content = _object(event.get("content"))
    relation = _object(content.get("m.relates_to"))
    kind = relation.get("rel_type")
    sender, body = event.get("sender"), content.get("body")
    if content.get("msgtype") != "m.text" or sender == me.id or kind == "m.replace":
        return None
    if not isinstance(body, str) or not isinstance(sender, str):
        return None
    if "m.in_reply_to" in relation:
        body = FALLBACK.sub("", body, count=1) if body.startswith(">") else body
    if mentioned := _is_mentioned(content, body, me):
        body = _without_name(body, me)
    if not (direct or mentioned):
        return None
    thread = str(relation.get("event_id", "")) if kind == "m.thread" else ""
    # Without lone surrogates, which JSON can spell and UTF-8 cannot.
    text = plain(body.encode(errors="replace").decode())
    return Asked(room, str(event.get("event_id", "")), sender, thread, text)


def age_of(event: Json) -> float | None:
    """Seconds since it was sent, by the homeserver's own clock."""
    age = _object(event.get("unsigned")).get("age")
    return age / 1000 if isinstance(age, int) else None


def reply(question: Asked, text: str, html: str) -> dict[str, object]:
    """A notice, which other bots leave alone, in reply to a question; it calls nobody."""
    relation: dict[str, object] = {"m.in_reply_to": {"event_id": question.event}}
    if question.thread:
        relation |= {"rel_type": "m.thread", "event_id": question.thread, "is_falling_back": False}
    return notice(text, html) | {"m.relates_to": relation}


def notice(text: str, html: str) -> dict[str, object]:
    """A message of the bot's; with `m.mentions` there, no name in the text calls anybody."""
    return {
        "msgtype": "m.notice",
        "body": text,
        "format": "org.matrix.custom.html",
        "formatted_body": html,
        "m.mentions": {},
    }


def _is_mentioned(content: Json, body: str, me: Me) -> bool:
    """By the list of who is meant or, from older clients, by name; or called by name at first."""
    if _called(me).match(body):
        return True
    if "m.mentions" in content:
        users = _object(content["m.mentions"]).get("user_ids")
        return isinstance(users, list) and me.id in users
    links = (f"matrix.to/#/{link}" for link in (me.id, quote(me.id), quote(me.id, safe="")))
    html = str(content.get("formatted_body", ""))
    return _holds(html, *links) or _holds(body, me.id, *filter(None, [me.name]))


def _holds(text: str, *words: str) -> bool:
    either = "|".join(map(re.escape, words))
    return re.search(rf"(?<!\w)(?:{either})(?!\w|[.:-]\w)", text, re.IGNORECASE) is not None


def _called(me: Me) -> re.Pattern[str]:
    return re.compile(rf"\s*(?:{_either(me)})\s*[:,](?!\S)", re.IGNORECASE)


def _without_name(body: str, me: Me) -> str:
    name = rf"\A\s*(?:{_either(me)})\s*[:,]?(?!\S)"
    return re.sub(name, "", body, count=1, flags=re.IGNORECASE).replace(me.id, " ")


def _either(me: Me) -> str:
    return "|".join(re.escape(name) for name in me.names)


def _object(value: object) -> Json:
    """Others send what they like: whatever is no object is an empty one."""
    return value if isinstance(value, dict) else {}
