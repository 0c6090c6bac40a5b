import pytest

from api.chat.rocketchat import RocketChat
from tests.api.chat.callers import SECRET, rocketchat_message
from tests.api.chat.house import GENEVA, House

PATH = "/hooks/rocketchat"


def post(house: House, body: bytes) -> dict[str, str] | None:
    with house.client(RocketChat([SECRET], house.asker)) as client:
        response = client.post(PATH, content=body)
    assert response.status_code == 200
    return response.json() if response.content else None


def test_a_message_is_answered_in_the_response(house: House) -> None:
    assert post(house, rocketchat_message(GENEVA)) == {
        "text": "> *US officials will meet tomorrow with their Russian counterparts in Geneva, "
        "Kerry said.*\n\n[US, Russia to meet, AFP, 2016-12-08](https://example.org/aleppo)\n\nAlso "
        "found:\n\n• The harbour of Östmere reopened on Monday after a strike of nine days. 🚢 "
        "Dockers won a rise of 4.5 percent. (Harbour reopens, Reuters, 2017-03-06)"
    }
    assert house.asked[0].q == GENEVA


@pytest.mark.parametrize("bot", [True, {"i": "Xw8"}])
def test_bots_are_left_alone(house: House, bot: object) -> None:
    assert post(house, rocketchat_message(GENEVA, bot=bot)) is None
    assert house.asked == []


def test_in_a_thread_the_thread_is_the_talk(house: House) -> None:
    post(house, rocketchat_message(GENEVA, tmid="t1", bot=None, trigger_word=None))
    assert house.asked[0].conversation == "rocketchat:GENERAL/t1"
    assert house.asked[0].q == f"news {GENEVA}"
