"""Whether a question that leans on another finds its passage: completed, and as it was typed."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from api.build import build_service
from api.schemas import AskRequest, AskResponse
from api.schemas_articles import ArticleIn
from api.service import Service
from api.settings import Settings
from qa.cached import Progress

FOLDER = Path(__file__).parent / "talks"


@dataclass(frozen=True, slots=True)
class Turn:
    """One question; what it should find holds one of these pieces, each in one article only."""

    question: str
    finds: tuple[str, ...]
    alone: bool = False
    """Whether it stands by itself and is to be left as it is."""


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Two or three questions; some were held back while the patterns were made."""

    id: str
    held_back: bool
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that is not the first, asked both ways."""

    dialogue: Dialogue
    turn: Turn
    completed: AskResponse
    typed: AskResponse

    @property
    def found_completed(self) -> bool:
        """Whether the right passage came first."""
        return _found(self.turn, self.completed)

    @property
    def found_typed(self) -> bool:
        """The same without what was said before."""
        return _found(self.turn, self.typed)


def articles() -> Iterator[ArticleIn]:
    """They are invented, and written for the dialogues."""
    for path in sorted(FOLDER.glob("*.txt")):
        title, _, text = path.read_text().partition("\n\n")
        yield ArticleIn(title=title, text=text)


def dialogues() -> list[Dialogue]:
    """All of them."""
    lines = (FOLDER / "dialogues.jsonl").read_text().splitlines()
    return [_dialogue(json.loads(line)) for line in lines]


def measured(progress: Progress) -> list[Asked]:
    """Every dialogue, with the service as it ships, over the articles alone."""
    told = dialogues()
    with (
        TemporaryDirectory() as folder,
        closing(build_service(Settings(data=Path(folder)))) as service,
    ):
        service.add(list(articles()))
        rounds = progress(told, "dialogues", len(told))
        return [one for dialogue in rounds for one in asked(service, dialogue)]


def asked(service: Service, dialogue: Dialogue) -> list[Asked]:
    """The dialogue as it goes where each question is completed, and each question by itself."""
    found = [
        Asked(
            dialogue,
            turn,
            service.ask(AskRequest(q=turn.question, conversation=dialogue.id)),
            service.ask(AskRequest(q=turn.question)),
        )
        for turn in dialogue.turns
    ]
    return found[1:]


def report(found: Sequence[Asked]) -> str:
    """A table: how many find the right passage first."""
    leaning = [one for one in found if not one.turn.alone]
    rows = {
        "all that lean on the question before": leaning,
        "of these, held back": [one for one in leaning if one.dialogue.held_back],
        "that stand by themselves": [one for one in found if one.turn.alone],
    }
    lines = ["| questions | asked | completed | as typed |", "|---|---:|---:|---:|"]
    return "\n".join([*lines, *(_row(name, ones) for name, ones in rows.items())])


def _over(data: str) -> Settings:
    return Settings(data=Path(data))


def _row(name: str, found: Iterable[Asked]) -> str:
    ways = [(one.found_completed, one.found_typed) for one in found]
    completed, typed = (sum(column) for column in zip(*ways, strict=True))
    return f"| {name} | {len(ways)} | {completed} | {typed} |"


def _dialogue(found: Mapping[str, Any]) -> Dialogue:
    turns = tuple(
        Turn(one["question"], tuple(one["finds"]), one.get("alone", False))
        for one in found["turns"]
    )
    return Dialogue(found["id"], found["held_back"], turns)


def _found(turn: Turn, answer: AskResponse) -> bool:
    return any(words in answer.passages[0].text for words in turn.finds)
