"""Completes a question that leans on what was asked before it: "and where?", "who is he?".

Patterns for English and no model: the same words always make the same question, and whoever asked
can be shown what was searched for.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from index.lexical import STOP_WORDS
from qa import antecedents
from qa.antecedents import BORROWED, asked, phrase
from qa.mentions import content, names, places
from qa.parallel import exchanged, named_alone
from qa.phrasing import ASKS, AUXILIARIES
from qa.types import Turn

LONGEST = 1000
"""Characters of a question, as the contract has it."""
STANDS_ALONE = 15
"""A question of more words says enough by itself."""
FEW = 2
"""Words that say what a question is about: with no more, and no name, it is about the last one."""

LEAD = re.compile(r"^(?:(?:and|but|so|or|then|ok|okay)[ ,]+)+(?=\w)", re.IGNORECASE)
FILLER = STOP_WORDS | frozenset(
    "many much long far often late early few little exactly precisely else old high big come year "
    "month day date time so not then".split()
)
"""What a question may be made of that says nothing by itself."""
THAT_WAS = re.compile(
    r"((?:since |until |from )?when|where|why|how) (?:did (?:that|this|it) happen|(?:is|was) (?:that|this))",
    re.IGNORECASE,
)
TAIL = re.compile(r" (there|not|so \w+)$", re.IGNORECASE)
HIM = re.compile(r"\b(he|she|him|her|his|hers|they|them|their|theirs|it|its|there|that|this|these"
                 r"|those|one|ones)\b", re.IGNORECASE)
WEATHER = re.compile(
    r"it (?:(?:still|also) )?(?:rain|snow|hail|freez|thunder)\w*|it (?:that|who|to|true|likely|possible|"
    r"clear|certain|known|said|legal|safe|easy|hard|necessary|important|worth|cold|hot|dark|warm)\b|it take",
    re.IGNORECASE,
)
"""`it` that stands for nothing."""
ANTECEDENTS = {
    "there": antecedents.places_of,
    **dict.fromkeys("he she him her his hers".split(), antecedents.persons_of),
    **dict.fromkeys("they them".split(), antecedents.groups_of),
    **dict.fromkeys("their theirs".split(), antecedents.owners_of),
    **dict.fromkeys("it its".split(), antecedents.things_of),
}
IS = frozenset("is are was were be been being isn't aren't wasn't weren't".split())


def rewrite(question: str, turns: Sequence[Turn]) -> str:
    """The question completed from the turns before it, the last one last.

    As it was where it stands by itself, and where completing it would make it too long.
    """
    if not turns or len(question.split()) > STANDS_ALONE:
        return question
    known = [_with_capitals(turn) for turn in turns]
    text = " ".join(question.split()).rstrip("?!. ")
    for kind in (_what_about, _elliptical, _pronouns, _leaning):
        if found := kind(text, known):
            return found if len(found) <= LONGEST else question
    return question


def _what_about(text: str, turns: Sequence[Turn]) -> str:
    x = named_alone(text)
    if not x:
        return ""
    if FILLER.issuperset(re.findall(r"\w+", x.lower())):  # and then?
        return _about_last(text, turns)
    found = exchanged(BORROWED.sub("", turns[-1].question).rstrip("?!. "), x)
    return f"{found}?" if found else _about_last(text, turns)


def _elliptical(text: str, turns: Sequence[Turn]) -> str:
    """`and where?`, `for how much?`, `why there?`"""
    bare = LEAD.sub("", text)
    if was := THAT_WAS.fullmatch(bare):
        bare = was[1]
    if not ASKS.match(bare) or not FILLER.issuperset(re.findall(r"\w+", bare.lower())):
        return ""
    tail = TAIL.search(bare)
    end = tail[1].lower() if tail else ""
    if HIM.search(bare) and end != "there":
        return ""
    last, so_much = turns[-1], end.startswith("so ")
    parts = asked(last)
    answer = "" if so_much else phrase(last)
    found = parts.asking(bare[: tail.start()] if tail else bare, answer)
    if not found or (so_much and parts.noun):
        return _about_last(text, turns)
    where = _antecedent(end, turns, ()) if end == "there" else ""
    if where and where not in found:
        found += f" in {where}"
    return f"{found} {end}?" if so_much else f"{found}?"


def _pronouns(text: str, turns: Sequence[Turn]) -> str:
    text = LEAD.sub("", text)
    said, at, used, open_ = "", 0, [], False
    for match in HIM.finditer(text):
        pronoun, after = match[0].lower(), text[match.end() :]
        if not _refers(pronoun, text[: match.start()], after):
            continue
        name = _antecedent(pronoun, turns, used)
        used.append(name)
        open_ |= not name
        said += text[at : match.start()] + (_declined(pronoun, name, after) if name else match[0])
        at = match.end()
    if not used:
        return ""
    said += text[at:]
    return _about_last(said, turns) if open_ else f"{said}?"


def _refers(pronoun: str, before: str, after: str) -> bool:
    """Whether it stands for something that the question does not name itself."""
    last = before.lower().split()[-1:]
    following = after.lower().split()[:1]
    if pronoun == "there":
        return not (IS.union(AUXILIARIES).intersection(last) or IS.intersection(following))
    if pronoun in ("that", "this", "these", "those", "one", "ones"):
        return not following or following[0] in AUXILIARIES
    if pronoun == "it" and WEATHER.match(f"it{after}"):
        return False
    is_object = pronoun in ("him", "them") or (pronoun == "it" and (not following or _ends(last)))
    return is_object or not names(before)


def _ends(last: Sequence[str]) -> bool:
    return bool(last) and last[0] in ("about", "of", "for", "with", "on", "in", "to", "from", "by")


def _antecedent(pronoun: str, turns: Sequence[Turn], used: Sequence[str]) -> str:
    """The nearest that fits; whoever does something to him is somebody else."""
    find = ANTECEDENTS.get(pronoun)
    found = (name for turn in reversed(turns) for name in (find(turn) if find else ()))
    return next((name for name in found if name and not any(one in name for one in used)), "")


def _declined(pronoun: str, name: str, after: str) -> str:
    if pronoun == "there":
        return f"in {name}"
    owns = pronoun in ("his", "its", "their") or (pronoun == "her" and _is_noun(after))
    return f"{name}{'’' if name.endswith('s') else '’s'}" if owns else name


def _is_noun(after: str) -> bool:
    word = after.split()[:1]
    return bool(word) and word[0].lower() not in STOP_WORDS


def _leaning(text: str, turns: Sequence[Turn]) -> str:
    """A question with nothing of its own: `who came third?`; or one that says `and`."""
    bare = LEAD.sub("", text)
    if not ASKS.match(bare) and bare.partition(" ")[0].lower() not in AUXILIARIES:
        return ""
    if bare != text:
        return _about_last(bare, turns)
    named = names(text) or re.search(r"\d", text)
    says = [word for word in content(text) if word not in FILLER]
    is_name = re.fullmatch(r"(?:who|what|where) (?:is|was|are|were) (?!the\b|an?\b)\w+", text)
    if named or len(says) > FEW or is_name:
        return ""
    return _about_last(text, turns)


def _about_last(text: str, turns: Sequence[Turn]) -> str:
    last = turns[-1]
    return f"{text}? ({_topic(last)})"


def _topic(turn: Turn) -> str:
    """What the last question was about, as a statement."""
    parts = asked(turn)
    borrowed = BORROWED.search(turn.question)
    told = parts.told(phrase(turn))
    says = [word for word in content(told) if word not in FILLER]
    if not borrowed:
        return told
    return borrowed[1] if len(says) < 1 else f"{told}, {borrowed[1]}"


def _with_capitals(turn: Turn) -> Turn:
    """With the names in its question written as its answer has them."""
    text = turn.question
    for name in [*names(turn.sentence), *names(turn.title)]:
        text = re.sub(rf"\b{re.escape(name)}\b", name, text, flags=re.IGNORECASE)
    return replace(turn, question=text)
