import threading

import pytest

from api.conversations import TURNS, Conversations, named
from api.schemas import AskRequest, AskResponse
from api.service import Service
from qa.types import Turn

GENEVA = "who will meet in Geneva?"


class Clock:
    """Shows what it was set to, in seconds."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def asked(question: str, name: str | None = "talk", **more: object) -> AskRequest:
    return AskRequest.model_validate({"q": question, "conversation": name, **more})


def said(reply: AskResponse, question: str, answer: str) -> AskResponse:
    """The reply with another question, and another answer from an article without a title."""
    query = reply.query.model_copy(update={"text": question})
    best = reply.answers[0]
    sentence = best.citation.sentence.model_copy(update={"text": answer})
    citation = best.citation.model_copy(update={"sentence": sentence, "title": ""})
    answers = [best.model_copy(update={"text": answer, "citation": citation})]
    return reply.model_copy(update={"query": query, "answers": answers})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def conversations(clock: Clock) -> Conversations:
    return Conversations(30, most=3, clock=clock)


@pytest.fixture
def reply(shared_service: Service) -> AskResponse:
    reply = shared_service.ask(AskRequest(q=GENEVA))
    assert reply.answered
    return reply


@pytest.fixture
def no_reply(shared_service: Service) -> AskResponse:
    reply = shared_service.ask(AskRequest(q="who won the zebra race in Paris?"))
    assert not reply.answered
    return reply


def test_a_question_is_completed_from_what_was_asked_under_its_name(
    conversations: Conversations, reply: AskResponse
) -> None:
    conversations.remember(asked(GENEVA), reply)
    assert conversations.completed(asked("and in Paris?")).q == "who will meet in Paris?"
    assert conversations.completed(asked("and in Paris?", "other")).q == "and in Paris?"
    assert conversations.completed(asked("and in Paris?", None)).q == "and in Paris?"
    assert conversations.completed(asked("and in Paris?", follow_up=False)).q == "and in Paris?"


def test_names_of_talks_fit_and_differ() -> None:
    assert named("slack", "T1", "C1", "1.2") == "slack:T1/C1/1.2"
    long = {named("slack", "T" * 500, number) for number in range(10)}
    assert len(long) == 10
    assert all(len(name) <= 200 for name in long)
    assert named("slack", "a\0\nb") == "slack:a b"
    assert named("matrix", "\ud800" * 500) != named("matrix", "\ud800" * 501)


def test_turns_that_a_caller_remembers_complete_a_question_too(
    conversations: Conversations, reply: AskResponse
) -> None:
    earlier = [Turn("who will meet in Rome?", "the ministers")]
    assert conversations.completed(asked("and in Paris?", None), earlier).q == (
        "who will meet in Paris?"
    )
    typed = asked("and in Paris?", None, follow_up=False)
    assert conversations.completed(typed, earlier) == typed
    conversations.remember(asked("who won the cup?"), said(reply, "who won the cup?", "nobody"))
    assert "won" in conversations.completed(asked("and in Paris?"), earlier).q


def test_a_question_without_a_conversation_is_not_kept(
    conversations: Conversations, reply: AskResponse
) -> None:
    conversations.remember(asked(GENEVA, None), reply)
    assert conversations.completed(asked("and in Paris?")).q == "and in Paris?"


def test_a_conversation_rests_for_so_long_and_is_forgotten(
    conversations: Conversations, clock: Clock, reply: AskResponse
) -> None:
    conversations.remember(asked(GENEVA), reply)
    clock.now += 30 * 60 - 1
    assert conversations.completed(asked("and in Paris?")).q == "who will meet in Paris?"
    conversations.remember(asked(GENEVA), reply)
    clock.now += 30 * 60 - 1
    assert conversations.completed(asked("and in Paris?")).q == "who will meet in Paris?"
    clock.now += 1
    assert conversations.completed(asked("and in Paris?")).q == "and in Paris?"


def test_the_conversation_that_has_rested_longest_makes_room(
    conversations: Conversations, reply: AskResponse
) -> None:
    for name in ("a", "b", "c", "a", "d"):
        conversations.remember(asked(GENEVA, name), reply)
    kept = [
        name
        for name in "abcd"
        if conversations.completed(asked("and in Paris?", name)).q != "and in Paris?"
    ]
    assert kept == ["a", "c", "d"]


def test_a_question_without_an_answer_does_not_wipe_the_last_one(
    conversations: Conversations, reply: AskResponse, no_reply: AskResponse
) -> None:
    conversations.remember(asked("…"), no_reply)
    assert conversations.completed(asked("and in Rome?")).q == "who won the zebra race in Rome?"
    conversations.remember(asked(GENEVA), reply)
    conversations.remember(asked("…"), no_reply)
    assert conversations.completed(asked("and in Rome?")).q == "who will meet in Rome?"


def test_only_the_last_turns_are_kept(conversations: Conversations, reply: AskResponse) -> None:
    mayor = said(reply, "who is the mayor?", "Östen Ek")
    cup = said(reply, "who won the cup?", "nobody")
    for one in (mayor, *[cup] * (TURNS - 1)):
        conversations.remember(asked("…"), one)
    assert conversations.completed(asked("where is he?")).q == "where is Östen Ek?"
    conversations.remember(asked("…"), cup)
    assert "Östen" not in conversations.completed(asked("where is he?")).q


def test_zero_minutes_switch_it_off(clock: Clock, reply: AskResponse) -> None:
    conversations = Conversations(0, clock=clock)
    conversations.remember(asked(GENEVA), reply)
    assert conversations.completed(asked("and in Paris?")).q == "and in Paris?"


def test_many_threads_may_talk_at_once(reply: AskResponse) -> None:
    conversations = Conversations(30, most=5)
    failures: list[BaseException] = []

    def talk(number: int) -> None:
        try:
            for turn in range(200):
                name = f"{(number + turn) % 9}"
                conversations.completed(asked("and in Paris?", name))
                conversations.remember(asked(GENEVA, name), reply)
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=talk, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    kept = [conversations.completed(asked("and in Paris?", str(n))).q for n in range(9)]
    assert kept.count("who will meet in Paris?") == 5
