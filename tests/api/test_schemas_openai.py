import pytest
from pydantic import ValidationError

from api.schemas_openai import ChatIn, EmbeddingsIn


def chat(*messages: dict[str, object], **fields: object) -> ChatIn:
    return ChatIn.model_validate({"model": "dateline", "messages": list(messages)} | fields)


def test_earlier_turns_are_those_of_the_two_who_talk() -> None:
    found = chat(
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "who meets?"},
        {
            "role": "assistant",
            "content": [{"type": "text", "text": "They"}, {"type": "text", "text": "do."}],
        },
        {"role": "tool", "content": "x", "tool_call_id": "1"},
        {"role": "user", "content": " and when? "},
        {"role": "assistant", "content": "Let me"},
    )
    assert [(one.role, one.text) for one in found.earlier] == [
        ("user", "who meets?"),
        ("assistant", "They\ndo."),
    ]
    assert found.question == "and when?"


def test_a_first_question_has_no_earlier_turns() -> None:
    assert chat({"role": "user", "content": "who?"}).earlier == []


def test_what_tunes_a_model_is_not_even_looked_at() -> None:
    assert chat({"role": "user", "content": "who?"}, temperature="hot", stop=3).question == "who?"


def test_a_body_that_is_no_object_is_refused() -> None:
    with pytest.raises(ValidationError, match="valid dictionary"):
        ChatIn.model_validate([])


def test_one_string_is_a_list_of_one() -> None:
    assert EmbeddingsIn.model_validate({"model": "m", "input": "a"}).input == ["a"]
