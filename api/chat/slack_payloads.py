"""What Slack sends, as far as it is looked at."""

import html
import re

from pydantic import BaseModel

REFERENCE = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")


class Command(BaseModel):
    """A slash command."""

    text: str = ""
    team_id: str
    channel_id: str
    user_id: str
    trigger_id: str
    response_url: str


class Event(BaseModel):
    """What was said in a channel or to the bot alone."""

    type: str = ""
    subtype: str | None = None
    bot_id: str | None = None
    user: str = ""
    text: str = ""
    channel: str = ""
    channel_type: str = ""
    ts: str = ""
    thread_ts: str | None = None

    @property
    def is_question(self) -> bool:
        """Said to the bot by a person: never by a bot, which would answer the answer."""
        direct = self.type == "message" and self.channel_type == "im"
        by_person = self.user and not self.bot_id and not self.subtype
        return bool(by_person and self.channel and (direct or self.type == "app_mention"))

    @property
    def thread(self) -> str | None:
        """Where to answer: in the thread, or in one below the mention; alone, where it was said."""
        return self.thread_ts or (self.ts if self.type == "app_mention" else None)


class Envelope(BaseModel):
    """An event with what Slack says about it."""

    type: str
    challenge: str = ""
    team_id: str = ""
    event_id: str = ""
    event: Event = Event()


class Identified(BaseModel):
    """A workspace, a channel or a person."""

    id: str = ""


class Container(BaseModel):
    """The message that the button is in."""

    thread_ts: str | None = None


class Action(BaseModel):
    """A button that was pressed."""

    action_id: str = ""
    value: str = ""


class Interaction(BaseModel):
    """Somebody pressed a button."""

    type: str = ""
    trigger_id: str = ""
    response_url: str = ""
    team: Identified | None = None
    channel: Identified | None = None
    user: Identified = Identified()
    container: Container = Container()
    actions: list[Action] = []


def question(text: str) -> str:
    """What was written, as it was seen, without anybody's name."""
    return html.unescape(REFERENCE.sub(_seen, text))


def _seen(found: re.Match[str]) -> str:
    kind, target, label = found.groups("")
    return "" if kind in ("@", "!") else label or target
