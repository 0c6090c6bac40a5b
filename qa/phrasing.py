"""A question taken apart, so that it can be told as a statement or asked for something else."""

import re
from dataclasses import dataclass
from typing import Self

from qa.mentions import CAPITAL

DO = frozenset(("do", "does", "did"))
BE = frozenset(("is", "are", "was", "were"))
AUXILIARIES = DO | BE | frozenset("has have had will would can could may might must should".split())
QUANTITY = "many|much|long|old|far|high|often|late|big|large|tall|deep|fast|heavy|wide|soon|few"
PREPOSITION = (
    "in|on|at|by|for|from|to|with|without|until|till|since|against|of|about|near|between|after"
    "|before|under|over|through|during"
)
ASKS = re.compile(
    rf"(?:(?:{PREPOSITION}) )?(?:who(?:m|se)?|what|which|when|where|why"
    rf"|how(?: (?:{QUANTITY})(?: more)?)?)\b",
    re.IGNORECASE,
)
"""What a question begins with, where it is not of the kind `did he …?`."""
TAKES_NOUN = re.compile(r"(?:how (?:many|much|few)(?: more)?|which|what|whose)$")
ASKS_OBJECT = re.compile(r"(?:who|whom|what|how (?:many|much)(?: more)?)$")
COUNTS = re.compile(r"how (?:many|much)")
PLURAL = re.compile(r"\band\b|\b[a-z]+[^s\W]s$")
MANY = {"is": "are", "was": "were", "has": "have", "does": "do"}
"""`who is meeting?` asks for one, even where several do."""
LONGEST_NOUN = 7
"""Words between `how many` and its auxiliary; of what is further apart one is not the other's."""
SUBJECT = re.compile(rf"(?:(?:the|an?|this|that|these|those|his|her|its|their|any)\b|{CAPITAL})")
"""How a subject begins that stands after its auxiliary."""


@dataclass(frozen=True, slots=True)
class Parts:
    """`how many`, `homes`, `did`, `the fire destroy`: what is asked for, and what is told."""

    asks: str
    noun: str
    auxiliary: str
    rest: str

    @classmethod
    def of(cls, question: str) -> Self:
        """Any question, and less of it where it is of no known form."""
        text = question.strip().rstrip("?!. ")
        found = ASKS.match(text)
        asks = found[0].lower() if found else ""
        words = text[len(asks) :].split()
        reach = LONGEST_NOUN if TAKES_NOUN.search(asks) else 0
        for place, word in enumerate(words[: reach + 1]):
            auxiliary = re.sub("n[’']t$", "", word.lower())
            if auxiliary in AUXILIARIES:
                noun = " ".join(words[:place]).removeprefix("of ")
                return cls(asks, noun, auxiliary, " ".join(words[place + 1 :]))
        return cls(asks, "", "", " ".join(words))

    @property
    def asks_subject(self) -> bool:
        """Whether the answer is who or what does it: `who won the cup?`"""
        if self.noun or self.asks not in ("who", "what", "which"):
            return False
        if self.auxiliary in DO:
            return self.rest.startswith("not ")
        return self.auxiliary in BE or not (self.auxiliary and SUBJECT.match(self.rest))

    def told(self, answer: str) -> str:
        """As a statement, or as much like one as can be had without grammar."""
        return re.sub("^it takes? ", "", " ".join(self._told(answer).split()))

    def asking(self, other: str, answer: str) -> str:
        """The same asked for something else, or nothing where that takes more than its words."""
        what = self.noun or (answer if ASKS_OBJECT.match(self.asks) else "")
        if self.asks_subject and other.startswith(self.asks):  # who else?
            said, answer = self.rest, ""
        elif not self.auxiliary or (not what and ASKS_OBJECT.match(self.asks)):
            return ""
        elif self.asks_subject:
            said = "" if COUNTS.match(other) else f"{answer} {self.rest}"
        elif self.noun and self._counts_subject:
            said = f"{self.noun} {self.rest}"
        else:
            said = f"{self.rest} {what}"
        return " ".join(f"{other} {self._verb(answer)} {said}".split()) if said else ""

    def _told(self, answer: str) -> str:
        if self.asks_subject:
            headline = not answer and self.auxiliary in BE
            return self.rest if headline else f"{answer} {self._verb(answer)} {self.rest}"
        if self.noun and self._counts_subject:
            return f"{self.noun} {self.auxiliary} {self.rest}"
        answers = self.auxiliary and ASKS_OBJECT.match(self.asks)
        return f"{self.rest} {self.noun or (answer if answers else '')}"

    def _verb(self, answer: str) -> str:
        many = self.asks_subject and PLURAL.search(answer)
        return MANY.get(self.auxiliary, self.auxiliary) if many else self.auxiliary

    @property
    def _counts_subject(self) -> bool:
        return not SUBJECT.match(self.rest)
