import pytest

from qa.parallel import exchanged, named_alone


@pytest.mark.parametrize(
    ("question", "x"),
    [
        ("what about Paris", "Paris"),
        ("And how about in Paris", "in Paris"),
        ("and the mayor", "the mayor"),
        ("or on Friday", "on Friday"),
        ("and where", ""),
        ("and did he go", ""),
        ("Paris", ""),
        ("and one two three four five six seven eight nine", ""),
    ],
)
def test_a_question_may_only_name_something_else(question: str, x: str) -> None:
    assert named_alone(question) == x


@pytest.mark.parametrize(
    ("question", "x", "found"),
    [
        ("who is meeting in Geneva", "Paris", "who is meeting in Paris"),
        (
            "what did John Kerry say in Geneva",
            "Sergei Lavrov",
            "what did Sergei Lavrov say in Geneva",
        ),
        ("what did Kerry say in Geneva", "in Paris", "what did Kerry say in Paris"),
        ("who leads the Petrel mission", "the Condor telescope", "who leads the Condor telescope"),
        ("who was the judge in Farrow's trial", "in Renn's", "who was the judge in Renn's trial"),
        (
            "where did Valdor and Kessin meet",
            "Oravia and Brindia",
            "where did Oravia and Brindia meet",
        ),
        ("who met in Bregenz on Tuesday", "on Friday", "who met in Bregenz on Friday"),
        ("who won in 2015", "in 2016", "who won in 2016"),
        ("who won the cup", "in Cardiff", "who won the cup in Cardiff"),
        ("who won the cup", "Cardiff", ""),
        ("who is meeting in Geneva", "the rebels", ""),
        ("who is meeting in Geneva", "children", ""),
    ],
)
def test_it_takes_the_place_of_its_like(question: str, x: str, found: str) -> None:
    assert exchanged(question, x, small=False) == found


def test_a_small_letter_is_a_name_where_who_asks_writes_names_so() -> None:
    assert exchanged("who met in Geneva", "paris", small=True) == "who met in paris"
    assert exchanged("who met in Geneva", "paris", small=False) == ""
