import random

import pytest

from training.altered import OPPOSITE, altered, names

WINDOW = "The army took 85 percent of east Aleppo on Monday. In Geneva, Kerry met Lavrov."


@pytest.mark.parametrize(
    ("question", "other"),
    [
        ("what share of east Aleppo was taken?", {"west Aleppo", "east Vienna"}),
        ("who met Lavrov?", {"who met Vienna?"}),
        ("who met lavrov?", {"who met vienna?"}),
        ("what is 85 percent?", {f"what is 8{digit} percent?" for digit in "12346789"}),
    ],
)
def test_one_thing_that_the_window_says_is_changed(question: str, other: set[str]) -> None:
    found = {altered(question, WINDOW, ["Vienna"], random.Random(seed)) for seed in range(80)}
    assert len(found) == len(other)
    assert all(any(one in str(said) for said in found) for one in other)


@pytest.mark.parametrize("question", ["who won the cup?", "was it after 90 days?", "is she last?"])
def test_a_question_about_nothing_in_the_window_stays(question: str) -> None:
    assert altered(question, WINDOW, ["Vienna"], random.Random(1)) is None


def test_what_the_window_says_takes_no_other_place() -> None:
    assert altered("who met Lavrov?", WINDOW, ["Kerry"], random.Random(1)) is None


def test_names_are_not_the_first_words_of_sentences() -> None:
    assert names([WINDOW]) == ["Aleppo", "Monday", "Geneva", "Kerry", "Lavrov"]


def test_opposites_go_both_ways() -> None:
    assert (OPPOSITE["east"], OPPOSITE["west"]) == ("west", "east")
