import pytest

from qa.pronouns import resolved, stands_for
from qa.types import Turn

BAIRD = Turn("who is the mayor of Orrin?", "Fiona Baird", "The mayor, Fiona Baird, left.", "")


@pytest.mark.parametrize(
    "text",
    [
        "did Marta Quill say that she would come",
        "are there any dead",
        "how many are there in Aleppo",
        "is it true that Haas lost",
        "what is the dyke that was broken",
        "who lost his house",
        "how many people lost their homes",
        "when was the bridge closed before it fell",
    ],
)
def test_a_pronoun_that_the_question_explains_itself_is_left(text: str) -> None:
    assert resolved(text, [BAIRD]) == (text, True)


def test_the_object_is_somebody_else_than_the_subject() -> None:
    assert resolved("why did Haas attack her", [BAIRD]) == ("why did Haas attack Fiona Baird", True)
    farrow = Turn("did Naomi Lyle sentence Edwin Farrow?", "yes")
    said = "what did Naomi Lyle tell Edwin Farrow"
    assert resolved("what did she tell him", [farrow]) == (said, True)


def test_what_nothing_fits_is_left_and_told() -> None:
    assert resolved("what do they want", [BAIRD]) == ("what do Fiona Baird want", True)
    assert resolved("when was it", [BAIRD, Turn("who won?", "nobody")])[1] is True
    assert resolved("when was it", [Turn("who won?", "nobody")]) == ("when was it", False)
    assert stands_for("that", [BAIRD]) == ""


def test_possessives_are_declined() -> None:
    assert resolved("what is her party", [BAIRD])[0] == "what is Fiona Baird’s party"
    reis = Turn("who is the mayor of Castelmar?", "Duarte Reis")
    assert resolved("what is his party", [reis])[0] == "what is Duarte Reis’ party"
