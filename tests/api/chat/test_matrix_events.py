import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.chat.matrix_events import Asked, Me, age_of, asked, reply, server_of
from tests.api.bent import bent
from tests.api.chat.house import mutated

ME = Me("@news:example.org", "News Bot")
ROOM = "!room:example.org"


def message(body: str, **content: Any) -> dict[str, Any]:
    content = {"msgtype": "m.text", "body": body} | content
    return {"event_id": "$1", "sender": "@ada:example.org", "content": content}


def meant(*users: str) -> dict[str, Any]:
    return {"m.mentions": {"user_ids": list(users)}}


def question(event: dict[str, Any], *, direct: bool = False) -> str | None:
    found = asked(event, ROOM, ME, direct=direct)
    return found and found.text


@pytest.mark.parametrize(
    ("body", "content"),
    [
        ("News Bot: who?", {}),
        ("news bot, who?", {}),
        ("news: who?", {}),
        ("@news: who?", {}),
        ("@news:example.org: who?", {}),
        ("@news:example.org who?", {}),
        ("News Bot who?", {}),
        ("News Bot who?", meant(ME.id)),
        ("who?", meant("@bob:example.org", ME.id)),
        ("News Bot: who?", meant()),
        ("who? @news:example.org", {}),
        ("who?", {"formatted_body": 'who <a href="https://matrix.to/#/@news:example.org">N</a>'}),
        ("who?", {"formatted_body": '<a href="https://matrix.to/#/%40news%3Aexample.org">N</a>'}),
    ],
)
def test_who_is_called_is_asked(body: str, content: dict[str, Any]) -> None:
    assert question(message(body, **content)) == "who?"


@pytest.mark.parametrize(
    ("body", "content"),
    [
        ("who?", {}),
        ("who?", meant()),
        ("News Bot is a bot", meant()),
        ("News Bot who?", meant("@bob:example.org")),
        ("who?", meant("@news:elsewhere.org")),
        ("@news:example.organisation who?", {}),
        ("newsroom: who?", {}),
        ("who?", {"formatted_body": '<a href="https://matrix.to/#/@news:example.org.uk">N</a>'}),
        ("who?", {"m.mentions": {"room": True}}),
        ("who?", {"m.mentions": ["@news:example.org"]}),
        ("who?", {"m.mentions": {"user_ids": "@news:example.org"}}),
    ],
)
def test_who_is_not_called_is_silent(body: str, content: dict[str, Any]) -> None:
    assert question(message(body, **content)) is None
    assert question(message(body, **content), direct=True)


@pytest.mark.parametrize(
    "event",
    [
        message("who?") | {"sender": ME.id},
        message("who?") | {"sender": None},
        message("who?", msgtype="m.notice"),
        message("who?", msgtype="m.emote"),
        message("who?", **{"m.relates_to": {"rel_type": "m.replace", "event_id": "$0"}}),
        message(["who?"]),  # type: ignore[arg-type]
        {"event_id": "$1", "sender": "@ada:example.org"},
        {"event_id": "$1", "sender": "@ada:example.org", "content": "who?"},
    ],
)
def test_what_is_no_question_is_left_alone(event: dict[str, Any]) -> None:
    assert question(event, direct=True) is None


def test_what_a_reply_quotes_is_not_asked() -> None:
    quoted = "> <@bob:example.org> what?\n> where?\n\nNews Bot: who?"
    relation = {"m.relates_to": {"m.in_reply_to": {"event_id": "$0"}}}
    assert question(message(quoted, **relation)) == "who?"
    assert question(message("> what?\n\nwho?"), direct=True) == "> what? who?"


def test_only_the_name_is_taken_away() -> None:
    assert question(message("news: did the news: matter?")) == "did the news: matter?"
    assert question(message("news of Geneva?"), direct=True) == "news of Geneva?"
    assert question(message("news Geneva?", **meant(ME.id)), direct=True) == "Geneva?"
    assert question(message("  who\nmet\u202e in\x1b[31m Geneva? "), direct=True) == (
        "who met in Geneva?"
    )
    assert question(message("News Bot:")) == ""
    assert question(message("\ud800?"), direct=True) == "??"


def test_a_talk_is_that_of_a_thread_or_of_a_person() -> None:
    ada = Asked(ROOM, "$1", "@ada:example.org", "", "who?")
    again = Asked(ROOM, "$2", "@ada:example.org", "", "where?")
    bob = Asked(ROOM, "$3", "@bob:example.org", "", "who?")
    talks = [one.message.conversation for one in (ada, again, bob)]
    assert talks == [f"matrix:{ROOM}/@{name}:example.org" for name in ("ada", "ada", "bob")]
    threads = [Asked(ROOM, "$4", sender, "$0", "?") for sender in (ada.sender, bob.sender)]
    assert {one.message.conversation for one in threads} == {f"matrix:{ROOM}/$0"}
    assert ada.transaction != again.transaction


def test_a_reply_names_its_question_and_calls_nobody() -> None:
    found = reply(Asked(ROOM, "$1", "@ada:example.org", "", "who?"), "text", "<p>html</p>")
    assert found == {
        "msgtype": "m.notice",
        "body": "text",
        "format": "org.matrix.custom.html",
        "formatted_body": "<p>html</p>",
        "m.mentions": {},
        "m.relates_to": {"m.in_reply_to": {"event_id": "$1"}},
    }


def test_a_reply_stays_in_its_thread() -> None:
    relation = {"m.relates_to": {"rel_type": "m.thread", "event_id": "$0"}}
    found = asked(message("who?", **relation), ROOM, ME, direct=True)
    assert found
    assert found.thread == "$0"
    assert reply(found, "", "")["m.relates_to"] == {
        "m.in_reply_to": {"event_id": "$1"},
        "rel_type": "m.thread",
        "event_id": "$0",
        "is_falling_back": False,
    }


def test_the_age_is_the_homeservers() -> None:
    assert age_of({"unsigned": {"age": 1500}}) == 1.5
    assert age_of({"unsigned": {"age": "1500"}}) is None
    assert age_of({"unsigned": None}) is None
    assert age_of({}) is None


def test_a_user_belongs_to_a_homeserver() -> None:
    assert server_of("@ada:Example.org:8448") == "example.org:8448"
    assert server_of("nobody") == ""
    assert ME.server == "example.org"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.just(ME.id),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "body msgtype m.mentions user_ids m.relates_to rel_type event_id m.in_reply_to "
                "formatted_body unsigned age".split()
            ),
            inner,
            max_size=5,
        )
    ),
)


@given(anything, st.booleans())
def test_whatever_is_sent_nothing_breaks(content: object, direct: bool) -> None:  # noqa: FBT001
    event = {"event_id": "$1", "sender": "@ada:example.org", "content": content}
    found = asked(event, ROOM, ME, direct=direct)
    if found:
        reply(found, found.text, found.text)
        assert found.message.conversation.encode()
    age_of({"unsigned": content})


def test_ten_thousand_bent_messages_are_read_or_left_alone() -> None:
    dice = random.Random(11)
    meant_ones = 0
    whole = message("News Bot: who?", formatted_body="<b>who?</b>", **meant(ME.id))
    whole["content"]["m.relates_to"] = {"rel_type": "m.thread", "event_id": "$0"}
    for _ in range(10_000):
        event = whole
        for _ in range(dice.randrange(1, 4)):
            event = bent(event, dice)  # type: ignore[assignment]
        event = event if isinstance(event, dict) else {"content": event}
        age_of(event)
        found = asked(event, ROOM, ME, direct=False)
        if found:
            meant_ones += 1
            assert event["sender"] != ME.id
            assert event["content"]["msgtype"] == "m.text"
            json.dumps(reply(found, "", ""))
    assert 0 < meant_ones < 10_000


def test_no_changed_server_is_of_the_bots_own_server() -> None:
    dice = random.Random(12)
    others = [mutated(dice, ME.server.encode()).decode(errors="replace") for _ in range(10_000)]
    changed = [one for one in others if one.lower() != ME.server]  # a host's case says nothing
    assert len(changed) > 9_000
    assert [one for one in changed if server_of(f"@ada:{one}") == ME.server] == []
