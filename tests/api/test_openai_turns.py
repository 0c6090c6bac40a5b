import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.openai_reply import behind, quotation, understood
from api.openai_turns import turns
from api.render import plain
from api.schemas import AnswerOut, AskRequest, AskResponse, QueryOut
from api.schemas_openai import Message
from api.service import Service
from qa.types import Turn

GENEVA = "who will meet in Geneva?"
TALKS = "US officials will meet tomorrow with their Russian counterparts in Geneva, Kerry said."


def user(text: str) -> Message:
    return Message.model_validate({"role": "user", "content": text})


def assistant(text: str | None) -> Message:
    return Message.model_validate({"role": "assistant", "content": text})


def said(answer: AskResponse) -> Message:
    """What a client of ours would send back."""
    return assistant(behind(understood(answer), quotation(answer, "http://here")).content)


@pytest.fixture
def answer(shared_service: Service) -> AskResponse:
    return shared_service.ask(AskRequest(q=GENEVA))


def quoting(answer: AskResponse, before: str, words: str, after: str) -> AskResponse:
    best = answer.answers[0]
    sentence = best.citation.sentence.model_copy(update={"text": before + words + after})
    start = sentence.start + len(before)
    cited = best.citation.model_copy(update={"sentence": sentence, "start": start})
    short = AnswerOut(**dict(best) | {"text": words, "citation": cited, "also": [cited]})
    return answer.model_copy(update={"answers": [short]})


def test_an_answer_is_read_back_from_our_own_words(answer: AskResponse) -> None:
    reply = said(quoting(answer, "*US* officials meet in ", "$5", " [x]."))
    (turn,) = turns([user(GENEVA), reply])
    assert turn == Turn(GENEVA, "$5", "*US* officials meet in $5 [x].")
    (turn,) = turns([user(GENEVA), said(answer)])
    assert turn == Turn(GENEVA, TALKS, TALKS)


@given(st.tuples(*[st.text("ab*\\\\_[](#&;1.-`$ ", max_size=9)] * 3))
def test_whatever_stands_in_an_article_the_answer_is_read_back(
    shared_service: Service, sentence: tuple[str, str, str]
) -> None:
    if not plain(sentence[1]):
        return
    answer = shared_service.ask(AskRequest(q=GENEVA))
    (turn,) = turns([user(GENEVA), said(quoting(answer, *sentence))])
    assert turn.answer == plain(sentence[1])


def test_a_completed_question_is_what_the_next_one_leans_on(answer: AskResponse) -> None:
    query = QueryOut(text="and there?", rewritten="who will *meet* in Geneva?")
    completed = answer.model_copy(update={"query": query})
    (turn,) = turns([user("and there?"), said(completed)])
    assert (turn.question, turn.answer) == ("who will *meet* in Geneva?", TALKS)


def test_no_answer_is_none(shared_service: Service) -> None:
    nothing = shared_service.ask(AskRequest(q="who won the zebra race in Paris?"))
    assert not nothing.answered
    assert turns([user("who won?"), said(nothing)]) == (Turn("who won?"),)
    assert turns([user("who won?"), assistant(None)]) == (Turn("who won?"),)
    assert turns([user("who won?"), user("and then?")]) == (Turn("who won?"), Turn("and then?"))


def test_a_text_of_a_language_model_answers_as_a_whole() -> None:
    text = "They meet in Geneva [1]. Kerry \\*said\\* so [1, 2].\n\nSources:\n\n- [1] [US](<u>)"
    (turn,) = turns([user(GENEVA), assistant(text)])
    assert turn.answer == turn.sentence == "They meet in Geneva . Kerry *said* so ."


def test_only_the_last_turns_are_kept_and_no_more_than_can_be_used() -> None:
    long = [user("x" * 5000), assistant("y " * 5000)]
    found = turns([*long * 9, assistant("unasked"), user(" "), user("who?")])
    assert [len(turn.question) for turn in found] == [1000] * 3
    assert all(len(turn.sentence) <= 1000 for turn in found)
