from collections.abc import Callable, Iterator

import pytest

from qa import antecedents
from qa.antecedents import groups_of, owners_of, persons_of, phrase, places_of, things_of
from qa.types import Turn


@pytest.mark.parametrize(
    ("find", "turn", "first"),
    [
        (persons_of, Turn("who is Joseph Adeyemi?", "its coordinator"), "Joseph Adeyemi"),
        (persons_of, Turn("who leads it?", "Ilse Hartmann"), "Ilse Hartmann"),
        (
            persons_of,
            Turn("who leads it?", "the officials", "It is led by Ilse Hartmann."),
            "Ilse Hartmann",
        ),
        (persons_of, Turn("how old is Danny Okoro?", "19"), "Danny Okoro"),
        (persons_of, Turn("why so late?", "rain", "It rained, Ada Low said."), "Ada Low"),
        (groups_of, Turn("who met in Bregenz?", "foreign ministers"), "foreign ministers"),
        (groups_of, Turn("how many doses of vaccine did it buy?", "20,000"), "doses of vaccine"),
        (groups_of, Turn("where do the planes land?", "at Lumes"), "the planes"),
        (owners_of, Turn("who sent nurses to Lisle?", "Dunmore"), "nurses to Lisle"),
        (things_of, Turn("how much did the factory in Sorvik cost?"), "the factory in Sorvik"),
        (things_of, Turn("how much did the Petrel mission cost?"), "the Petrel mission"),
        (things_of, Turn("what started the fire in Cobbin?"), "the fire in Cobbin"),
        (things_of, Turn("why did Voltara choose Sorvik?"), "Voltara"),
        (
            things_of,
            Turn("when does the steel tariff take effect?", sentence="A tariff of 18 percent."),
            "the steel tariff",
        ),
        (things_of, Turn("what did Walter Haas say about the bridge?"), "the bridge"),
        (places_of, Turn("where does he want to meet?", "in Geneva"), "Geneva"),
        (places_of, Turn("who met in Bregenz?", "ministers"), "Bregenz"),
        (
            places_of,
            Turn("why did Voltara choose Sorvik?", title="Factory opens in Sorvik"),
            "Sorvik",
        ),
    ],
)
def test_what_a_pronoun_stands_for_first(
    find: Callable[[Turn], Iterator[str]], turn: Turn, first: str
) -> None:
    assert next(filter(None, find(turn))) == first


def test_their_is_not_said_of_what_was_counted() -> None:
    assert list(owners_of(Turn("how many jobs will be lost?"))) == []


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("US officials", "US officials"),
        ("The government.", "the government"),
        ("“enough”", "enough"),
        ("Their lawyer", ""),
        ("a whole sentence of more words than can stand in a question", ""),
        ("", ""),
    ],
)
def test_an_answer_stands_in_a_question_where_it_is_short(answer: str, found: str) -> None:
    assert phrase(Turn("who?", answer)) == found


def test_what_a_question_was_completed_with_is_no_part_of_it() -> None:
    assert antecedents.asked(Turn("and where? (meeting in Geneva)")).rest == "and where"
