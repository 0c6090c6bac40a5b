import pytest

from qa.phrasing import Parts


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("who won the cup?", Parts("who", "", "", "won the cup")),
        ("Who is meeting in Geneva?", Parts("who", "", "is", "meeting in Geneva")),
        ("how many homes did it destroy?", Parts("how many", "homes", "did", "it destroy")),
        ("how many of the men were hurt", Parts("how many", "the men", "were", "hurt")),
        ("how many homes burned?", Parts("how many", "", "", "homes burned")),
        ("for how much did they sign?", Parts("for how much", "", "did", "they sign")),
        ("why didn’t she come?", Parts("why", "", "did", "she come")),
        ("is the road closed?", Parts("", "", "is", "the road closed")),
        ("Aleppo", Parts("", "", "", "Aleppo")),
        ("", Parts("", "", "", "")),
    ],
)
def test_a_question_is_taken_apart(question: str, parts: Parts) -> None:
    assert Parts.of(question) == parts


@pytest.mark.parametrize(
    ("question", "answer", "told"),
    [
        ("who won the cup?", "Rovers", "Rovers won the cup"),
        ("who won the cup?", "", "won the cup"),
        ("who is meeting in Geneva?", "", "meeting in Geneva"),
        ("who is meeting in Geneva?", "US officials", "US officials are meeting in Geneva"),
        ("who was the judge?", "Naomi Lyle", "Naomi Lyle was the judge"),
        ("who does not want it?", "", "does not want it"),
        ("how many homes did the fire destroy?", "14", "the fire destroy homes"),
        ("how many jobs will be lost in Orrin?", "640", "jobs will be lost in Orrin"),
        ("what did Farrow steal?", "112 maps", "Farrow steal 112 maps"),
        ("how many people died?", "three", "people died"),
        ("how long did it take to build the dome?", "a year", "to build the dome"),
        ("is the road closed?", "", "the road closed"),
    ],
)
def test_it_is_told_as_a_statement(question: str, answer: str, told: str) -> None:
    assert Parts.of(question).told(answer) == told


@pytest.mark.parametrize(
    ("question", "answer", "asked"),
    [
        ("when will it open?", "", "why will it open"),
        ("how many jobs will be lost?", "640", "why will jobs be lost"),
        ("how many homes did the fire destroy?", "14", "why did the fire destroy homes"),
        ("how much must Farrow repay?", "740 pounds", "why must Farrow repay 740 pounds"),
        ("who did Rovers sign?", "Brandt", "why did Rovers sign Brandt"),
        ("who was sent off?", "Ferrer", "why was Ferrer sent off"),
        ("who was sent off?", "", ""),
        ("who did Rovers sign?", "", ""),
        ("who won the cup?", "Rovers", ""),
    ],
)
def test_it_is_asked_for_something_else(question: str, answer: str, asked: str) -> None:
    assert Parts.of(question).asking("why", answer) == asked


def test_how_many_is_not_asked_of_who_it_was() -> None:
    assert Parts.of("who is meeting?").asking("how many", "US officials") == ""
