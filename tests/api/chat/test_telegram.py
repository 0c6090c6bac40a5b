import json
from html.parser import HTMLParser

import pytest

from api.chat.telegram import Telegram
from tests.api.chat.callers import SECRET, telegram, telegram_update
from tests.api.chat.house import GENEVA, House

PATH = "/hooks/telegram"


def post(house: House, body: bytes) -> dict[str, object] | None:
    content, headers = telegram(body)
    with house.client(Telegram(SECRET, house.asker)) as client:
        response = client.post(PATH, content=content, headers=headers)
    assert response.status_code == 200
    return response.json() if response.content else None


def test_a_question_is_answered_in_the_response(house: House) -> None:
    assert post(house, telegram_update(GENEVA)) == {
        "method": "sendMessage",
        "chat_id": -100,
        "text": "<blockquote><b>US officials will meet tomorrow with their Russian counterparts in "
        'Geneva, Kerry said.</b></blockquote>\n\n<a href="https://example.org/aleppo">US, Russia '
        "to meet, AFP, 2016-12-08</a>\n\nAlso found:\n\n• The harbour of Östmere reopened on "
        "Monday after a strike of nine days. 🚢 Dockers won a rise of 4.5 percent. (Harbour "
        "reopens, Reuters, 2017-03-06)",
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
        "reply_parameters": {"message_id": 9, "allow_sending_without_reply": True},
    }


@pytest.mark.parametrize(
    "more",
    [
        {"from": {"id": 5, "is_bot": True}},
        {"from": None},
        {"text": ""},
        {"text": "", "photo": []},
    ],
)
def test_bots_and_what_is_no_text_are_left_alone(house: House, more: dict[str, object]) -> None:
    sent = json.loads(telegram_update(GENEVA))
    sent["message"] |= more
    assert post(house, json.dumps(sent).encode()) is None
    assert house.asked == []


@pytest.mark.parametrize("kind", ["edited_message", "channel_post", "callback_query"])
def test_other_updates_are_left_alone(house: House, kind: str) -> None:
    sent = json.loads(telegram_update(GENEVA))
    sent[kind] = sent.pop("message")
    assert post(house, json.dumps(sent).encode()) is None


def test_a_topic_is_a_talk(house: House) -> None:
    post(house, telegram_update(GENEVA, message_thread_id=77))
    assert house.asked[0].conversation == "telegram:-100/77"


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("/ask who is it?", "who is it?"),
        ("/ask@news_bot who is it?", "who is it?"),
        ("@NewsBot who is it?", "who is it?"),
        ("who is it? @news_bot ", "who is it?"),
        ("who is @ada and and/or /b?", "who is @ada and and/or /b?"),
    ],
)
def test_the_bots_name_is_no_part_of_the_question(house: House, text: str, question: str) -> None:
    sent = json.loads(telegram_update(""))
    sent["message"]["text"] = text
    post(house, json.dumps(sent).encode())
    assert [request.q for request in house.asked] == [question]


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[tuple[str, str]] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add((tag, " ".join(name for name, _ in attrs)))
        assert all((value or "").startswith("https://example.org/") for _, value in attrs)


def test_only_our_own_tags_are_sent(unsafe_house: House) -> None:
    said = post(unsafe_house, telegram_update("what has the trawler carried? herring"))
    assert said
    tags = Tags()
    tags.feed(str(said["text"]))
    assert tags.seen == {("b", ""), ("blockquote", ""), ("a", "href")}
