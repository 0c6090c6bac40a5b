import asyncio
import json
import time
from urllib.parse import urlencode

import pytest
from slack_sdk.models.blocks import Block
from slack_sdk.signature import SignatureVerifier
from starlette.datastructures import Headers

from api.chat.asking import USAGE
from api.chat.proof import Forged
from api.chat.slack import Slack
from api.schemas_articles import ArticleIn
from api.service import Service
from tests.api.chat.callers import SECRET, slack, slack_command, slack_event
from tests.api.chat.house import GENEVA, House

PATH = "/hooks/slack"
NAMES = enumerate(["Ada", "Bo", "Cy", "Di", "Ed", "Flo"])


@pytest.fixture
def door(house: House) -> Slack:
    return Slack(SECRET, house.asker, house.outbox, token="xoxb-1")  # noqa: S106


def post(house: House, door: Slack, *bodies: bytes) -> list[object]:
    """The responses; what was promised is done as well."""
    with house.client(door) as client:
        responses = []
        for body in bodies:
            content, headers = slack(body)
            response = client.post(PATH, content=content, headers=headers)
            assert response.status_code == 200, response.text
            responses.append(response.json() if response.content else None)
    return responses


def test_the_signature_is_that_of_slacks_own_example(house: House) -> None:
    """https://api.slack.com/authentication/verifying-requests-from-slack"""
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
        b"&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
        b"&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands"
        b"%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    headers = {
        "X-Slack-Request-Timestamp": "1531420618",
        "X-Slack-Signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    }
    with pytest.raises(Forged, match="seconds of now"):  # the signature is right, and of 2018
        asyncio.run(Slack(SECRET, house.asker, house.outbox).verify(body, Headers(headers)))
    with pytest.raises(Forged, match="signature"):
        asyncio.run(Slack(SECRET, house.asker, house.outbox).verify(body + b" ", Headers(headers)))


def test_what_slacks_own_library_signs_is_accepted(house: House, door: Slack) -> None:
    body, now = slack_event(GENEVA), str(int(time.time()))
    signature = SignatureVerifier(SECRET).generate_signature(timestamp=now, body=body)
    headers = {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": signature}
    with house.client(door) as client:
        assert client.post(PATH, content=body, headers=headers).status_code == 200
    assert len(house.asked) == 1


def test_slacks_own_library_finds_no_fault_in_the_blocks(house: House, door: Slack) -> None:
    post(house, door, slack_event(GENEVA))
    (sent,) = house.remote.messages
    assert [block.to_dict() for block in Block.parse_all(sent["blocks"])] == sent["blocks"]


def test_the_address_is_confirmed(house: House, door: Slack) -> None:
    body = b'{"token":"x","challenge":"3eZbrw1aBm2rZgRNFdxV","type":"url_verification"}'
    assert post(house, door, body) == [{"challenge": "3eZbrw1aBm2rZgRNFdxV"}]


def test_a_mention_is_answered_in_its_thread_with_a_button(house: House, door: Slack) -> None:
    assert post(house, door, slack_event(GENEVA)) == [None]
    (request,) = house.remote.requests
    assert str(request.url) == "https://slack.com/api/chat.postMessage"
    assert request.headers["authorization"] == "Bearer xoxb-1"
    lines = [
        "> *US officials will meet tomorrow with their Russian counterparts in Geneva, Kerry "
        "said.*",
        "<https://example.org/aleppo|US, Russia to meet, AFP, 2016-12-08>",
        "Also found:",
        "• The harbour of Östmere reopened on Monday after a strike of nine days. 🚢 Dockers won "
        "a rise of 4.5 percent. (Harbour reopens, Reuters, 2017-03-06)",
    ]
    button = {
        "type": "button",
        "text": {"type": "plain_text", "text": "More passages"},
        "action_id": "more_passages",
        "value": GENEVA,
    }
    assert json.loads(request.content) == {
        "channel": "C0LAN2Q65",
        "thread_ts": "1515449522.000016",
        "text": "\n\n".join(lines),
        "blocks": [
            *(
                {"type": "section", "text": {"type": "mrkdwn", "text": line, "verbatim": True}}
                for line in lines
            ),
            {"type": "actions", "elements": [button]},
        ],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def test_in_a_thread_the_thread_is_the_talk(house: House, door: Slack) -> None:
    post(house, door, slack_event(GENEVA, thread_ts="1.5"))
    assert house.remote.messages[0]["thread_ts"] == "1.5"
    assert house.asked[0].conversation == "slack:T061EG9R6/C0LAN2Q65/1.5"


def test_a_direct_message_is_answered_where_it_was_written(house: House, door: Slack) -> None:
    event = {"type": "message", "channel_type": "im", "channel": "D1"}
    post(house, door, slack_event(GENEVA, **event))
    (message,) = house.remote.messages
    assert message["channel"] == "D1"
    assert "thread_ts" not in message
    assert house.asked[0].conversation == "slack:T061EG9R6/D1/U061F7AUR"


@pytest.mark.parametrize(
    "event",
    [
        {"bot_id": "B1"},
        {"subtype": "bot_message"},
        {"subtype": "message_changed"},
        {"user": ""},
        {"channel": ""},
        {"type": "message"},
        {"type": "message", "channel_type": "channel"},
        {"type": "reaction_added"},
    ],
)
def test_bots_and_what_is_not_said_to_it_are_left_alone(
    house: House, door: Slack, event: dict[str, str]
) -> None:
    assert post(house, door, slack_event(GENEVA, **event)) == [None]
    assert house.asked == []
    assert house.remote.requests == []


def test_an_event_that_is_sent_again_is_asked_once(house: House, door: Slack) -> None:
    with house.client(door) as client:
        for attempt in range(3):
            content, headers = slack(slack_event(GENEVA) + b" " * attempt)
            retry = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": "http_timeout"}
            assert client.post(PATH, content=content, headers=headers | retry).status_code == 200
    assert len(house.asked) == len(house.remote.requests) == 1


def test_without_a_token_a_mention_is_logged(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    assert post(house, Slack(SECRET, house.asker, house.outbox), slack_event(GENEVA)) == [None]
    assert caplog.messages == ["Slack cannot be answered: QA_SLACK_BOT_TOKEN is not set"]


def test_a_command_is_answered_at_its_response_url(house: House, door: Slack) -> None:
    assert post(house, door, slack_command(GENEVA)) == [None]
    (request,) = house.remote.requests
    assert str(request.url) == "https://hooks.slack.com/commands/1/2/3"
    assert "authorization" not in request.headers
    assert json.loads(request.content)["response_type"] == "in_channel"


def test_a_command_without_a_question_is_told_to_one_alone(house: House, door: Slack) -> None:
    ((said,),) = [post(house, door, slack_command(""))]
    assert (said["text"], said["response_type"]) == (USAGE, "ephemeral")  # type: ignore[index]


@pytest.mark.parametrize(
    "url",
    [
        "x",
        "http://hooks.slack.com/x",
        "https://hooks.slack.com.evil.example/",
        "https://evil.example/https://hooks.slack.com/",
        "http://169.254.169.254/",
    ],
)
def test_nothing_is_sent_to_another_address(
    house: House, door: Slack, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    post(house, door, slack_command(GENEVA, response_url=url))
    assert house.remote.requests == []
    assert caplog.messages == ["Slack named a response_url that is not Slack's"]


def pressed(value: object, number: int = 1, **more: object) -> bytes:
    payload = {
        "type": "block_actions",
        "team": {"id": "T1"},
        "user": {"id": "U1"},
        "trigger_id": str(number),
        "container": {"type": "message", "message_ts": "2.5", "thread_ts": "1.5"},
        "response_url": "https://hooks.slack.com/actions/1/2/3",
        "actions": [{"type": "button", "action_id": "more_passages", "value": value}],
    }
    return urlencode({"payload": json.dumps({**payload, **more})}).encode()


def test_the_button_shows_further_passages_to_one_alone(service: Service) -> None:
    texts = [f"Nets are mended in harbour {number} by {name}." for number, name in NAMES]
    service.add([ArticleIn.model_validate({"text": text}) for text in texts])
    house = House(service)
    door = Slack(SECRET, house.asker, house.outbox)
    assert post(house, door, pressed("who mends nets?"), pressed("who mends nets?")) == [None] * 2
    (message,) = house.remote.messages
    assert message["response_type"] == "ephemeral"
    assert message["replace_original"] is False
    assert message["thread_ts"] == "1.5"
    post(house, door, slack_command("who mends nets?", 7))
    shown = house.remote.messages[1]["text"]
    further = [block["text"]["text"] for block in message["blocks"]]
    assert len(further) == 5
    assert [line for line in further if line in shown] == []
    assert [request.conversation for request in house.asked[:1]] == [None]


def test_when_there_are_no_further_passages_it_says_so(house: House, door: Slack) -> None:
    post(house, door, pressed(GENEVA))
    assert house.remote.messages[0]["text"] == "There are no further passages."


@pytest.mark.parametrize(
    "more",
    [
        {"type": "view_submission"},
        {"actions": []},
        {"actions": [{"action_id": "other", "value": "x"}]},
    ],
)
def test_other_interactions_are_left_alone(
    house: House, door: Slack, more: dict[str, object]
) -> None:
    assert post(house, door, pressed(GENEVA, **more)) == [None]
    assert house.asked == []


def test_a_button_without_a_question_says_how_to_ask(house: House, door: Slack) -> None:
    post(house, door, pressed(""))
    assert house.remote.messages[0]["text"] == USAGE


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("<@U1> who is it?", "who is it?"),
        ("hey <@U1|news>, who?", "hey , who?"),
        ("who is <!here> &amp; where &lt;now&gt;?", "who is & where <now>?"),
        ("what does <https://a.example/b|a.example> say?", "what does a.example say?"),
        ("what does <https://a.example/b> say?", "what does https://a.example/b say?"),
        ("in <#C1|general>?", "in general?"),
    ],
)
def test_a_question_is_read_as_it_was_written(
    house: House, door: Slack, text: str, question: str
) -> None:
    post(house, door, slack_event(text))
    assert [request.q for request in house.asked] == [question]
