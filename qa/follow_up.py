"""Completes a question that leans on what was asked before it: "and where?", "who is he?".

Patterns for English and no model: the same words always make the same question, and whoever asked
can be shown what was searched for.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from qa.antecedents import BORROWED, asked, phrase
from qa.mentions import CAPITALS, content, names
from qa.parallel import exchanged, named_alone
from qa.phrasing import ASKS, AUXILIARIES
from qa.pronouns import PRONOUN, resolved, stands_for
from qa.types import Turn

LONGEST = 1000
"""Characters of a question, as the contract has it."""
STANDS_ALONE = 15
"""A question of more words says enough by itself."""
FEW = 2
"""Words that say what a question is about: with no more and no name, it is about the last one."""

LEAD = re.compile(r"^(?:(?:and|but|so|or|then|ok|okay)\b[ ,]+)+(?=\w)", re.IGNORECASE)
HAPPENED = re.compile(
    r"((?:(?:since|until|from) )?(?:when|where|why|how)) "
    r"(?:did (?:that|this|it) happen|(?:is|was) (?:that|this))",
    re.IGNORECASE,
)
AT_PLACE = re.compile(rf" (?i:in|at|near|outside|inside|across|above) (?:the )?{CAPITALS}$")
"""Left out where it is asked for: who is told where it is answers when."""
TAIL = re.compile(r" (there|not|so \w+)$", re.IGNORECASE)
IS_NAME = re.compile(r"(?:who|what|where) (?:is|was|are|were) (?!the\b|an?\b)\S+", re.IGNORECASE)
"""Who is kerry: a name in small letters."""


def rewrite(question: str, turns: Sequence[Turn]) -> str:
    """The question completed from the turns before it, the last one last.

    As it was where it stands by itself, and where completing it would make it too long.
    """
    text = " ".join(question.split()).rstrip("?!. ")
    if not turns or len(text.split()) > STANDS_ALONE or _is_complete(question, turns[-1]):
        return question
    known = [_with_capitals(turn) for turn in turns]
    small = not names(turns[-1].question)
    found = (
        _what_about(text, known, small=small)
        or _elliptical(text, known)
        or _with_pronouns(text, known)
        or _leaning(text, known)
    )
    return found if 0 < len(found) <= LONGEST else question


def _what_about(text: str, turns: Sequence[Turn], *, small: bool) -> str:
    """`and of Alder Rovers?`, `what about Paris?`; and `and then?`, which names nothing."""
    x = named_alone(text)
    if not x:
        return ""
    last = BORROWED.sub("", turns[-1].question).rstrip("?!. ")
    found = "" if _says_nothing(x) else exchanged(last, x, small=small)
    return f"{found}?" if found else _about_last(text, turns)


def _elliptical(text: str, turns: Sequence[Turn]) -> str:
    """`and where?`, `for how much?`, `why so late?`: the last question, for something else."""
    bare = LEAD.sub("", text)
    if happened := HAPPENED.fullmatch(bare):
        bare = happened[1]
    tail = TAIL.search(bare)
    end = tail[1].lower() if tail else ""
    wanted = bare[: tail.start()] if tail else bare
    if not ASKS.match(bare) or not _says_nothing(bare) or PRONOUN.search(wanted):
        return ""
    last, so_much = turns[-1], end if end.startswith("so ") else ""
    parts = asked(last)
    if wanted.lower() == "where" and phrase(last):
        parts = replace(parts, rest=AT_PLACE.sub("", parts.rest))
    found = parts.asking(wanted, so_much or phrase(last))
    if not found or (so_much and parts.noun) or (end == "not" and "not" not in parts.rest):
        return _about_last(text, turns)
    place = stands_for("there", turns) if end == "there" else ""
    if place and place not in found:
        return f"{found} in {place}?"
    return f"{found}?" if so_much in found else f"{found} {so_much}?"


def _with_pronouns(text: str, turns: Sequence[Turn]) -> str:
    """`who is he?`, and with what the last question was about where one stands for all of it."""
    bare = LEAD.sub("", text)
    said, complete = resolved(bare, turns)
    if not complete:
        return _about_last(said, turns)
    return f"{said}?" if said != bare else ""


def _leaning(text: str, turns: Sequence[Turn]) -> str:
    """`and who paid?`, `who came third?`: it begins with `and`, or has next to nothing to say."""
    bare = LEAD.sub("", text)
    if not ASKS.match(bare) and bare.partition(" ")[0].lower() not in AUXILIARIES:
        return ""
    named = names(bare) or re.search(r"\d", bare) or IS_NAME.fullmatch(bare)
    return (
        _about_last(bare, turns) if bare != text or not (named or len(content(bare)) > FEW) else ""
    )


def _about_last(text: str, turns: Sequence[Turn]) -> str:
    """With what the last question was about, and its answer where it is short, in brackets.

    Names alone find the right passage less often, the title of the article still less.
    """
    last = turns[-1]
    parts = asked(last)
    told = parts.told(phrase(last))
    if borrowed := BORROWED.search(last.question):
        told = borrowed[1] if _says_nothing(parts.rest) else f"{told}, {borrowed[1]}"
    return f"{text}? ({told})"


def _is_complete(question: str, last: Turn) -> bool:
    """Whether it was made here: it is asked again from an address or from a chat's history."""
    return bool(BORROWED.search(question)) or question == last.question


def _says_nothing(text: str) -> bool:
    return not content(text)


def _with_capitals(turn: Turn) -> Turn:
    """With the names in its question written as its answer has them."""
    text = turn.question
    for name in [*names(turn.sentence), *names(turn.title)]:
        text = re.sub(rf"\b{re.escape(name)}\b", name, text, flags=re.IGNORECASE)
    return replace(turn, question=text)
