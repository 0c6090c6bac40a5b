"""The turns of a conversation, read back from the messages that a client sends with each question.

Nothing has to be remembered for such a client: it holds the whole conversation, and what was
answered is still in the words that `api.openai_reply` chose for it.
"""

import re
from collections.abc import Sequence
from itertools import zip_longest

from api.conversations import LONGEST, followed
from api.grounding import MARK
from api.openai_markdown import unescaped
from api.render import NO_ANSWER, UNDERSTOOD, plain
from api.schemas_openai import Message
from qa.types import Turn

BOLD = re.compile(r"\*\*((?:\\.|[^*\\])+)\*\*")


def turns(messages: Sequence[Message]) -> tuple[Turn, ...]:
    """The last turns of the user, each with the answer that follows it."""
    found: tuple[Turn, ...] = ()
    for message, after in zip_longest(messages, messages[1:]):
        if message.role == "user" and (question := plain(message.text[:LONGEST])):
            answered = after is not None and after.role == "assistant"
            found = followed(found, _turn(question, after.text if after and answered else ""))
    return found


def _turn(question: str, reply: str) -> Turn:
    """What was searched for, with the words in bold; a text that has none answers as a whole."""
    first, _, rest = reply.partition("\n\n")
    if first.startswith(UNDERSTOOD):
        question = unescaped(first.removeprefix(UNDERSTOOD).strip())[:LONGEST]
        first = rest.partition("\n\n")[0]
    if first.startswith(NO_ANSWER):
        return Turn(question)
    first = MARK.sub("", first[: 2 * LONGEST])
    sentence = unescaped(BOLD.sub(r"\1", first)).strip()[:LONGEST]
    bold = BOLD.search(first)
    return Turn(question, unescaped(bold[1])[:LONGEST] if bold else sentence, sentence)
