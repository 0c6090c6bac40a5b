import json

import pytest

from api.chat.zulip import Zulip
from tests.api.chat.callers import SECRET, zulip_message
from tests.api.chat.house import GENEVA, House

PATH = "/hooks/zulip"
SILENCE = {"response_not_required": True}


def post(house: House, *bodies: bytes) -> list[dict[str, object]]:
    with house.client(Zulip([SECRET], house.asker)) as client:
        responses = [client.post(PATH, content=body) for body in bodies]
    assert {response.status_code for response in responses} == {200}
    return [response.json() for response in responses]


def test_a_mention_is_answered_in_the_response(house: House) -> None:
    assert post(house, zulip_message(GENEVA)) == [
        {
            "content": "> **US officials will meet tomorrow with their Russian counterparts in "
            "Geneva, Kerry said.**\n\n[US, Russia to meet, AFP, 2016-12-08]"
            "(https://example.org/aleppo)\n\nAlso found:\n\n• The harbour of Östmere reopened on "
            "Monday after a strike of nine days. 🚢 Dockers won a rise of 4.5 percent. (Harbour "
            "reopens, Reuters, 2017-03-06)"
        }
    ]


def test_where_nothing_is_to_be_said_zulip_is_told_so(house: House) -> None:
    _, again = post(house, zulip_message(GENEVA), zulip_message(GENEVA))
    assert again == SILENCE
    own = zulip_message(GENEVA, 2, sender_email="dateline-bot@example.org")
    assert post(house, own) == [SILENCE]
    assert len(house.asked) == 1


def test_alone_with_the_bot_the_person_is_the_talk(house: House) -> None:
    post(house, zulip_message(GENEVA, stream_id=None, subject=""))
    assert house.asked[0].conversation == "zulip:direct/5"


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("@**Dateline** who is it?", "who is it?"),
        ("who is it, @**Dateline|17**?", "who is it, ?"),
        ("@_**Dateline** who?", "who?"),
        ("who is **bold**?", "who is **bold**?"),
    ],
)
def test_the_bots_name_is_no_part_of_the_question(house: House, text: str, question: str) -> None:
    sent = json.loads(zulip_message(""))
    sent["data"] = text
    post(house, json.dumps(sent).encode())
    assert [request.q for request in house.asked] == [question]


def test_streams_of_an_article_are_no_links(unsafe_house: House) -> None:
    (said,) = post(unsafe_house, zulip_message("what has the trawler carried? herring"))
    assert "#**" not in str(said["content"])
