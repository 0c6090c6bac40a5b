import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.follow_up import LONGEST, rewrite
from qa.types import Turn

TITLE = "Syria army pounds Aleppo rebels as US, Russia to meet"
SENTENCE = (
    "US officials will meet tomorrow with their Russian counterparts in Geneva to try to stop "
    "Aleppo being destroyed, US Secretary of State John Kerry said."
)
GENEVA = Turn("who is meeting in Geneva?", "US officials", SENTENCE, TITLE)
WHOLE = Turn("who is meeting in Geneva?", SENTENCE, SENTENCE, TITLE)
"""As from a reader that answers with sentences."""
SMALL = Turn("who is meeting in geneva?", SENTENCE, SENTENCE, TITLE)
UNANSWERED = Turn("how many people died in Kelmouth?")
SENT_OFF = Turn(
    "who was sent off in the cup final?",
    "Luis Ferrer",
    "Luis Ferrer was sent off in the second half for a foul on Okoro.",
    "Okoro scores twice as Brightwater win the cup",
)
HOMES = Turn(
    "how many homes did the wildfire near Castelmar destroy?",
    "14",
    "A wildfire in the hills above Castelmar has destroyed 14 homes.",
    "Wildfire destroys homes above Castelmar",
)
SORVIK = Turn(
    "why did Voltara choose Sorvik?",
    "electricity from the fjord’s power station is cheap",
    "Chief executive Anna Lindqvist said the company had chosen Sorvik because electricity from "
    "the fjord’s power station is cheap.",
    "Voltara opens battery factory in Sorvik",
)
TARIFF = Turn(
    "when does the steel tariff take effect?",
    "1 February",
    "Without a deal, a tariff of 18 percent takes effect on 1 February.",
    "Oravia and Brindia fail to agree on steel",
)
MAYOR = Turn(
    "who is the mayor of Orrin?",
    "Fiona Baird",
    "The town’s mayor, Fiona Baird, called the decision a betrayal.",
    "Halden Glass to close its Orrin works",
)
JUDGE = Turn(
    "who was the judge in the trial of Edwin Farrow?",
    "Judge Naomi Lyle",
    "Judge Naomi Lyle told him that he had robbed every future reader.",
    "Archivist jailed for theft of old maps",
)
NURSES = Turn(
    "who sent nurses to Port Dunmore?",
    "Lisle",
    "The neighbouring county of Lisle sent ten nurses on Thursday.",
    "Measles spreads in Port Dunmore",
)


@pytest.mark.parametrize(
    ("turn", "question", "completed"),
    [
        (GENEVA, "and where?", "where are US officials meeting?"),
        (GENEVA, "Why?", "Why are US officials meeting in Geneva?"),
        (GENEVA, "since when", "since when are US officials meeting in Geneva?"),
        (GENEVA, "who else?", "who else is meeting in Geneva?"),
        (GENEVA, "and why is that?", "why are US officials meeting in Geneva?"),
        (WHOLE, "and where?", "and where? (meeting in Geneva)"),
        (SENT_OFF, "why?", "why was Luis Ferrer sent off in the cup final?"),
        (HOMES, "when?", "when did the wildfire near Castelmar destroy homes?"),
        (HOMES, "why so many?", "why so many? (the wildfire near Castelmar destroy homes)"),
        (TARIFF, "why so late?", "why does the steel tariff take effect so late?"),
        (TARIFF, "when did that happen?", "when does the steel tariff take effect?"),
        (NURSES, "how many?", "how many? (Lisle sent nurses to Port Dunmore)"),
        (MAYOR, "why there?", "why is Fiona Baird the mayor of Orrin?"),
        (GENEVA, "why not?", "why not? (US officials are meeting in Geneva)"),
        (GENEVA, "and then?", "and then? (US officials are meeting in Geneva)"),
    ],
)
def test_a_bare_question_word_asks_for_more_about_the_last_question(
    turn: Turn, question: str, completed: str
) -> None:
    assert rewrite(question, [turn]) == completed


@pytest.mark.parametrize(
    ("turn", "question", "completed"),
    [
        (WHOLE, "who is he?", "who is John Kerry?"),
        (JUDGE, "who is she?", "who is Naomi Lyle?"),
        (GENEVA, "where was he?", "where was US Secretary of State John Kerry?"),
        (MAYOR, "what did she say?", "what did Fiona Baird say?"),
        (MAYOR, "is her party in power?", "is Fiona Baird’s party in power?"),
        (MAYOR, "who elected her?", "who elected Fiona Baird?"),
        (JUDGE, "what did she tell him?", "what did Judge Naomi Lyle tell Edwin Farrow?"),
        (GENEVA, "when do they meet?", "when do US officials meet?"),
        (NURSES, "how long will they stay?", "how long will nurses to Port Dunmore stay?"),
        (HOMES, "how did it start?", "how did the wildfire near Castelmar start?"),
        (TARIFF, "how high is it?", "how high is the steel tariff?"),
        (
            SORVIK,
            "how many people will it employ there?",
            "how many people will Voltara employ in Sorvik?",
        ),
        (GENEVA, "is it raining there?", "is it raining in Geneva?"),
    ],
)
def test_a_pronoun_is_replaced_by_what_it_stands_for(
    turn: Turn, question: str, completed: str
) -> None:
    assert rewrite(question, [turn]) == completed


@pytest.mark.parametrize(
    ("question", "completed"),
    [
        ("who says that?", "who says that? (the steel tariff take effect)"),
        ("is that true?", "is that true? (the steel tariff take effect)"),
        ("what do they think?", "what do they think? (the steel tariff take effect)"),
        ("and who wants it?", "who wants the steel tariff?"),
        (
            "how long did the talks last?",
            "how long did the talks last? (the steel tariff take effect)",
        ),
        ("and who asked Oravia?", "who asked Oravia? (the steel tariff take effect)"),
        ("was anyone hurt?", "was anyone hurt? (the steel tariff take effect)"),
    ],
)
def test_what_leans_on_the_whole_question_is_given_it(question: str, completed: str) -> None:
    assert rewrite(question, [TARIFF]) == completed


@pytest.mark.parametrize(
    ("turn", "question", "completed"),
    [
        (GENEVA, "what about Paris?", "who is meeting in Paris?"),
        (GENEVA, "and in Paris?", "who is meeting in Paris?"),
        (GENEVA, "And Paris", "who is meeting in Paris?"),
        (GENEVA, "how about in 2015?", "who is meeting in Geneva in 2015?"),
        (GENEVA, "and on Friday?", "who is meeting in Geneva on Friday?"),
        (
            GENEVA,
            "what about the rebels?",
            "what about the rebels? (US officials are meeting in Geneva)",
        ),
        (SMALL, "what about paris?", "who is meeting in paris?"),
        (MAYOR, "and of Trevanne?", "who is the mayor of Trevanne?"),
        (UNANSWERED, "and Paris?", "how many people died in Paris?"),
    ],
)
def test_another_name_is_put_in_the_place_of_its_like(
    turn: Turn, question: str, completed: str
) -> None:
    assert rewrite(question, [turn]) == completed


@pytest.mark.parametrize(
    "question",
    [
        "who demanded an immediate ceasefire?",
        "how many people are there in Aleppo?",
        "is it raining in Paris?",
        "what is it that Kerry wants?",
        "did Marta Quill say that she would recommend the offer?",
        "when did Voltara say it would open the plant?",
        "how many residents ran for their lives as troops advanced?",
        "who disappeared once they had crossed the front line?",
        "what had weakened the dyke that was meant to protect Harwick?",
        "when will they finish the dam, now that its second wall has been built by the men of "
        "the army?",
        "who is kerry?",
        "who won the world cup?",
        "Aleppo",
        "harbour strike",
        "thanks",
        "and?",
        "???",
        "tell me more",
        "wer traf sich in Genf?",
    ],
)
def test_a_question_that_stands_by_itself_stays_as_it_is(question: str) -> None:
    assert rewrite(question, [GENEVA]) == question


@pytest.mark.parametrize("question", ["and where?", "who is he?", "what about Paris?", "why?"])
def test_the_first_question_stays_as_it_is(question: str) -> None:
    assert rewrite(question, []) == question


def test_what_was_completed_is_not_completed_again() -> None:
    for question in ("and then?", "and where?", "who is he?"):
        completed = rewrite(question, [WHOLE])
        assert rewrite(completed, [WHOLE, Turn(completed)]) == completed
    assert rewrite("was anyone hurt?", [GENEVA, Turn("was anyone hurt?")]) == "was anyone hurt?"


def test_initials_are_nobody() -> None:
    turn = Turn("where are US officials meeting?", "Geneva", SENTENCE, TITLE)
    assert rewrite("who is he?", [GENEVA, turn]) == "who is John Kerry?"


def test_the_nearest_turn_that_has_such_a_name_is_meant() -> None:
    assert rewrite("what did she say?", [MAYOR, TARIFF]) == "what did Fiona Baird say?"
    assert rewrite("what did she say?", [JUDGE, MAYOR]) == "what did Fiona Baird say?"


def test_what_was_borrowed_is_passed_on() -> None:
    asked = Turn(rewrite("and where?", [WHOLE]), "in a hotel", "They met in a hotel.", TITLE)
    assert rewrite("why?", [WHOLE, asked]) == "why? (meeting in Geneva)"
    named = Turn(rewrite("was anyone hurt?", [WHOLE]), "nobody", "Nobody was hurt.", TITLE)
    assert rewrite("who says that?", [named]) == "who says that? (anyone hurt, meeting in Geneva)"


def test_names_in_small_letters_are_known_from_the_answer() -> None:
    turn = Turn("what did kerry say?", "he was fed up", "Kerry said he was fed up.", "Talks")
    assert rewrite("when was he in Paris?", [turn]) == "when was Kerry in Paris?"


def test_a_question_is_never_made_longer_than_one_may_be() -> None:
    long = Turn(f"who is meeting in {'Geneva ' * 150}?", "", "", "")
    assert len(rewrite("and then?", [long])) <= LONGEST
    assert rewrite("and then?", [long]) == "and then?"


def test_an_answer_of_several_lines_becomes_one() -> None:
    turn = Turn("who was sent off in the final?", "Luis\n  Ferrer,", "Luis\n Ferrer, was.", "")
    assert rewrite("why?", [turn]) == "why was Luis Ferrer sent off in the final?"


WORDS = st.lists(
    st.sampled_from("and where he it there what about Paris's the Aleppo’s ? ( ) ,".split())
    | st.text(max_size=4)
).map(" ".join)


@given(WORDS, st.builds(Turn, WORDS, WORDS, WORDS, WORDS))
def test_whatever_is_asked_stays_a_question_that_may_be_asked(question: str, turn: Turn) -> None:
    completed = rewrite(question, [turn])
    assert completed == question or completed.strip()
    assert len(completed) <= max(LONGEST, len(question))
