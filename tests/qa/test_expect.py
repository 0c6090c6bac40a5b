import pytest

from qa.expect import Kind, credited, expected, fits, holds, origin, qualified


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("how many people has the war killed?", "number"),
        ("What share of east Aleppo has the army captured?", "number"),
        ("since when has east Aleppo been encircled?", "time"),
        ("In which year was it?", "time"),
        ("Who is meeting in Geneva?", "person"),
        ("whose idea was it?", "person"),
        ("where was Kerry?", "place"),
        ("which city fell?", "place"),
        ("why could the dead not be retrieved?", "reason"),
        ("what did he say?", None),
        ("the whole story", None),
    ],
)
def test_the_question_says_what_it_asks_for(question: str, kind: Kind | None) -> None:
    assert expected(question) == kind


@pytest.mark.parametrize(
    ("kind", "sentence", "there"),
    [
        ("number", "It has killed more than 300,000 people.", True),
        ("number", "It has killed people.", False),
        ("time", "It has been encircled since mid-July.", True),
        ("time", "It has been encircled.", False),
        ("place", "He was in Paris for a meeting.", True),
        ("place", "He was in a meeting.", False),
        ("reason", "It was too dangerous to go there.", True),
        ("reason", "Nobody was there.", False),
        ("person", "It was Kerry.", True),
        ("person", "They were there.", False),
    ],
)
def test_a_sentence_holds_that_kind_or_not(kind: Kind, sentence: str, there: bool) -> None:  # noqa: FBT001
    assert holds(kind, sentence, "?") is there


def test_a_name_from_the_question_is_no_answer_to_it() -> None:
    assert not holds("person", "On Monday, we met Kerry’s team.", "who met Kerry's team on monday?")
    assert not holds("place", "He lives in Paris.", "where in paris does he live?")


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("who took the photo?", "/ AFP PHOTO / GEORGE OURFALIAN"),
        ("Who shot the picture of the flood?", "Photograph: Ida Rowntree"),
        ("who photographed the ferry?", "/ DATELINE / JORY PENHALE"),
        ("whose photo is it?", "Ida Rowntree/Reuters"),
        ("who wrote this article?", "By Priya Lonsdale"),
    ],
)
def test_a_question_about_an_origin_knows_the_line_that_says_it(question: str, line: str) -> None:
    found = origin(question)
    assert found is not None
    assert found[0] in question
    assert found[1].search(line)
    assert not found[1].search("Two were killed and/or hurt near the market by the river.")


@pytest.mark.parametrize("question", ["who took the money?", "who wrote the song?", "a photo"])
def test_other_questions_ask_for_no_origin(question: str) -> None:
    assert origin(question) is None


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("/ AFP PHOTO / GEORGE OURFALIAN", "GEORGE OURFALIAN"),
        ("(Photo by J. Rowntree/AFP)", "J. Rowntree"),
        ("By Karam al-Masri in Aleppo", "Karam al-Masri"),
        ("By Jane O'Neill and Bob Smith", "Jane O'Neill and Bob Smith"),
        ("© Reuters", "© Reuters"),
    ],
)
def test_a_credit_names_someone(line: str, name: str) -> None:
    start, end = credited(line)
    assert line[start:end] == name


@pytest.mark.parametrize(
    ("text", "marked", "whole"),
    [
        ("It has killed more than 300,000 people.", "300,000", "more than 300,000"),
        ("It took around 85 percent of it.", "85 percent", "around 85 percent"),
        ("It reported at least a dozen strikes.", "a dozen", "at least a dozen"),
        ("Well over twenty came.", "twenty", "Well over twenty"),
        ("It has been encircled since mid-July.", "July", "mid-July"),
        ("It rained in late October.", "October", "late October"),
        ("Talks about Syria failed.", "Syria", "Syria"),
        ("It cost 12 dollars.", "12", "12"),
    ],
)
def test_a_number_is_given_with_what_qualifies_it(text: str, marked: str, whole: str) -> None:
    start = text.index(marked)
    assert text[qualified(text, start) : start + len(marked)] == whole


@pytest.mark.parametrize(
    ("kind", "text", "words", "there"),
    [
        ("number", "It has killed 300,000 people.", "300,000 people", True),
        ("number", "It has killed 300,000 people.", "killed", False),
        ("time", "It fell on Monday.", "Monday", True),
        ("time", "It took 4:12.5 to fall.", "4:12.5", True),
        ("time", "It fell on Monday.", "It", False),
        ("person", "In Geneva John Kerry spoke.", "John Kerry", True),
        ("person", "In Geneva John Kerry spoke.", "Geneva", False),
        ("person", "In Geneva John Kerry spoke.", "spoke", False),
        ("place", "He was in Paris for talks.", "Paris", True),
        ("place", "US officials were there.", "US", False),
        ("place", "He was in Geneva for talks.", "Geneva", False),
        ("reason", "It was too dark.", "too dark", None),
    ],
)
def test_words_are_of_the_kind_that_is_asked_for_or_not(
    kind: Kind,
    text: str,
    words: str,
    there: bool | None,  # noqa: FBT001
) -> None:
    start = text.index(words)
    assert fits(kind, text, (start, start + len(words)), "and in Geneva?") is there
