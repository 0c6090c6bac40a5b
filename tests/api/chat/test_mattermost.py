import json

import pytest

from api.chat.asking import USAGE
from api.chat.mattermost import Mattermost
from tests.api.chat.callers import SECRET, mattermost_command, mattermost_webhook
from tests.api.chat.house import GENEVA, House

PATH = "/hooks/mattermost"
ANSWER = (
    "> **US officials will meet tomorrow with their Russian counterparts in Geneva, Kerry said.**"
    "\n\n[US, Russia to meet, AFP, 2016-12-08](https://example.org/aleppo)\n\nAlso found:\n\n"
    "• The harbour of Östmere reopened on Monday after a strike of nine days. 🚢 Dockers won a "
    "rise of 4.5 percent. (Harbour reopens, Reuters, 2017-03-06)"
)


def post(house: House, body: bytes, headers: dict[str, str] | None = None) -> dict[str, str]:
    with house.client(Mattermost([SECRET], house.asker)) as client:
        response = client.post(PATH, content=body, headers=headers)
    assert response.status_code == 200
    return response.json()  # type: ignore[no-any-return]


def test_a_command_is_answered_for_the_channel(house: House) -> None:
    said = post(house, mattermost_command(GENEVA), {"Authorization": f"Token {SECRET}"})
    assert said == {"text": ANSWER, "response_type": "in_channel"}


def test_a_command_without_a_question_is_told_to_one_alone(house: House) -> None:
    assert post(house, mattermost_command("")) == {"text": USAGE, "response_type": "ephemeral"}


@pytest.mark.parametrize("form", [False, True])
def test_a_webhook_is_answered_in_a_thread(house: House, form: bool) -> None:  # noqa: FBT001
    body = mattermost_webhook(GENEVA)
    if form:
        fields = "&".join(f"{name}={value}" for name, value in json.loads(body).items())
        body = fields.replace(" ", "+").encode()
    assert post(house, body) == {"text": ANSWER, "response_type": "comment"}
    assert house.asked[0].q == GENEVA


def test_in_a_thread_the_thread_is_the_talk(house: House) -> None:
    post(house, mattermost_command(GENEVA, root_id="r1"))
    assert str(house.asked[0].conversation).endswith("/r1")


@pytest.mark.parametrize("header", ["", "Token", "Token x", f"Bearer {SECRET}", SECRET])
def test_a_wrong_header_is_not_made_good_by_the_body(house: House, header: str) -> None:
    with house.client(Mattermost([SECRET], house.asker)) as client:
        response = client.post(
            PATH, content=mattermost_command(GENEVA), headers={"Authorization": header}
        )
    assert response.status_code == 401
