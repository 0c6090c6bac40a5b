"""Pronouns of a question, and the words of earlier turns that they stand for."""

import re
from collections.abc import Sequence

from index.lexical import STOP_WORDS
from qa import antecedents
from qa.mentions import CAPITAL, content, names
from qa.phrasing import AUXILIARIES, BE, Parts
from qa.types import Turn

ANTECEDENTS = {
    "there": antecedents.places_of,
    **dict.fromkeys("he she him her his hers".split(), antecedents.persons_of),
    **dict.fromkeys("they them".split(), antecedents.groups_of),
    **dict.fromkeys("their theirs".split(), antecedents.owners_of),
    **dict.fromkeys("it its".split(), antecedents.things_of),
}
POINTING = frozenset("that this these those one ones".split())
"""These stand for all that was said."""
PRONOUN = re.compile(rf"\b(?:{'|'.join([*ANTECEDENTS, *POINTING])})\b", re.IGNORECASE)
OWNING = frozenset(("his", "its", "their"))
EMPTY = re.compile(
    r"it (?:still |also )?(?:rain|snow|hail|freez|takes? |that |who |(?:true|likely|possible|clear"
    r"|certain|known|said|legal|safe|easy|hard|necessary|important|worth|cold|hot|dark)\b)",
    re.IGNORECASE,
)
"""`it` that stands for nothing: is it raining, is it true that."""
BEFORE_IT = frozenset("about against at behind by for from in into of on over to with".split())
NOUN = re.compile(r"\b(?:the|an?) \w")
WHO = re.compile(r"who(?: is|’s|'s| was) (?:he|she)", re.IGNORECASE)
TITLED = re.compile(rf".* (?={CAPITAL}[\w-]* (?:(?:de|van|von|bin|al) )?{CAPITAL}[\w-]*$)")
"""What stands before the two names of a person, which may be what is asked for."""


def resolved(text: str, turns: Sequence[Turn]) -> tuple[str, bool]:
    """The question with what its pronouns stand for, and whether that was found for all of them.

    Those that stand for something in the question itself are left.
    """
    said, at, used, complete = "", 0, list[str](), True
    for match in PRONOUN.finditer(text):
        pronoun, before, after = match[0].lower(), text[: match.start()], text[match.end() :]
        if not _points_back(pronoun, before, after):
            continue
        name = stands_for(pronoun, turns, used)
        name = TITLED.sub("", name) if WHO.fullmatch(text) else name
        used.append(name or pronoun)
        complete &= bool(name)
        said += text[at : match.start()] + (_declined(pronoun, name, after) if name else match[0])
        at = match.end()
    return said + text[at:], complete


def stands_for(pronoun: str, turns: Sequence[Turn], used: Sequence[str] = ()) -> str:
    """The nearest that fits and is not in use: whoever does something to him is somebody else."""
    find = ANTECEDENTS.get(pronoun)
    found = (name for turn in reversed(turns) for name in (find(turn) if find else ()))
    return next((name for name in found if name and not any(one in name for one in used)), "")


def _points_back(pronoun: str, before: str, after: str) -> bool:
    """Whether it stands for something that the question does not say itself."""
    last, following = before.lower().split()[-1:], after.lower().split()[:1]
    if pronoun == "there":  # but not: how many are there, is there any
        return not (AUXILIARIES.intersection(last) or BE.intersection(following))
    if pronoun in POINTING:
        return not following or bool(AUXILIARIES.intersection(last))
    if pronoun == "it" and EMPTY.match(f"it{after}"):
        return False
    return _is_object(pronoun, before, after) or not _named_before(pronoun, before)


def _is_object(pronoun: str, before: str, after: str) -> bool:
    """Whether it is somebody or something else than what is named before it."""
    if pronoun == "it":
        return not after.split() or bool(BEFORE_IT.intersection(before.lower().split()[-1:]))
    return pronoun in ("him", "them") or (pronoun == "her" and not _owns(pronoun, after))


def _owns(pronoun: str, after: str) -> bool:
    following = after.split()[:1]
    noun = bool(following) and following[0].lower() not in STOP_WORDS
    return pronoun in OWNING or (pronoun == "her" and noun)


def _named_before(pronoun: str, before: str) -> bool:
    if names(before):
        return True
    if pronoun in ("it", "its"):
        return bool(NOUN.search(before))
    plural = pronoun in ("they", "their", "theirs")
    return bool(content(before)) and (plural or Parts.of(before).asks_subject)


def _declined(pronoun: str, name: str, after: str) -> str:
    if pronoun == "there":
        return f"in {name}"
    if _owns(pronoun, after):
        return f"{name}’" if name.endswith("s") else f"{name}’s"
    return name
