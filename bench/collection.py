"""What is searched in the benchmark of speed: articles by a stated rule or given, and questions."""

import hashlib
import itertools
import json
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.sets import FOLDER
from index.embedders.late import TITLE_CHARACTERS
from index.errors import InvalidInput
from index.split import sentences, split
from qa.records import json_lines

TALKS = Path(__file__).parent / "talks"
WORDS = 600
"""Of an invented article, about six passages."""
TITLE_WORDS = 8
ASKED = ("who", "what", "where", "when", "why", "how")
LEAST, MOST = 5, 9
"""Words of the text that a question has."""
NAME = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]{2,}")
NUMBER = re.compile(r"\d{2,}")
SYLLABLES = (
    "bar",
    "do",
    "el",
    "fen",
    "gri",
    "hal",
    "ka",
    "lor",
    "mi",
    "nes",
    "or",
    "ru",
    "sel",
    "to",
    "vin",
    "wa",
)


@dataclass(frozen=True, slots=True)
class Text:
    """An article: all that both sides are given of it."""

    title: str
    text: str

    def passages(self) -> list[str]:
        """As Dateline cuts it, with the title in front, as its embedder has it."""
        head = f"{self.title[:TITLE_CHARACTERS]}\n" if self.title else ""
        return [head + self.text[one.start : one.end] for one in split(self.text, self.title)]


@dataclass(frozen=True, slots=True)
class Collection:
    """Articles, each with its passages, under the name of where they are from."""

    name: str
    articles: Sequence[tuple[Text, Sequence[str]]]

    @property
    def passages(self) -> list[str]:
        """Of all articles, in order."""
        return [passage for _, passages in self.articles for passage in passages]

    @property
    def lines(self) -> list[str]:
        """The articles in JSONL."""
        return [
            json.dumps({"external_id": f"{number}", "title": one.title, "text": one.text}) + "\n"
            for number, (one, _) in enumerate(self.articles)
        ]

    @property
    def digest(self) -> str:
        """Of everything in it."""
        return hashlib.sha256("".join(self.lines).encode()).hexdigest()[:16]

    def first(self, passages: int) -> "Collection":
        """As many articles as have so many passages, or all."""
        reached = itertools.accumulate(len(cut) for _, cut in self.articles)
        count = 1 + sum(1 for total in reached if total < passages)
        return Collection(self.name, self.articles[:count])


def collected(name: str, articles: Iterable[Text], passages: int) -> Collection:
    """As many of them as have so many passages; no text twice."""
    kept: dict[str, tuple[Text, Sequence[str]]] = {}
    count = 0
    for one in articles:
        if count >= passages:
            break
        if one.text not in kept and (cut := one.passages()):
            kept[one.text] = one, cut
            count += len(cut)
    return Collection(name, list(kept.values()))


def invented(seed: int = 1) -> Iterator[Text]:
    """Without end: sentences of the seeds and talks in random order, with other names and numbers.

    In every article each name stands for another one, made of syllables, and each number of two
    digits or more for another one as long, so that hardly any sentence comes twice.
    """
    chance = random.Random(seed)  # noqa: S311 -- no secret, and the same every time
    known = [text[start:end] for text in _texts() for start, end in sentences(text)]
    known = [" ".join(one.split()) for one in known if len(one.split()) >= TITLE_WORDS]
    while True:
        yield _article(known, chance)


def given(path: Path) -> Iterator[Text]:
    """The articles of a file in JSONL, plain or .gz, or of a folder with one in BEIR's layout."""
    names = ("corpus", "articles")
    files = (
        [path]
        if path.is_file()
        else [one for one in sorted(path.glob("*.jsonl*")) if one.name.partition(".")[0] in names]
    )
    if not files:
        raise InvalidInput(f"{path}: neither a JSONL file nor a folder with corpus.jsonl")
    return itertools.chain.from_iterable(map(_read, files))


def questions(passages: Sequence[str], seed: int = 1) -> Iterator[str]:
    """Without end, never one twice: an interrogative, and words that follow each other somewhere.

    Raises InvalidInput where so few passages have no more of them.
    """
    chance = random.Random(seed)  # noqa: S311
    asked: set[str] = set()
    idle = 0
    while idle < len(passages) * 10:
        words = re.findall(r"[\w’'-]+", chance.choice(passages))
        count = chance.randint(LEAST, MOST)
        start = chance.randrange(max(1, len(words) - count))
        question = " ".join([chance.choice(ASKED), *words[start : start + count]]) + "?"
        if question in asked or len(words) < LEAST:
            idle += 1
            continue
        idle = 0
        asked.add(question)
        yield question
    raise InvalidInput("so few passages have no more questions in them")


def _article(known: Sequence[str], chance: random.Random) -> Text:
    names: dict[str, str] = {}
    chosen: list[str] = []
    words = 0
    while words < WORDS:
        sentence = NAME.sub(lambda match: _name(match.group(), names, chance), chance.choice(known))
        sentence = NUMBER.sub(lambda match: _number(match.group(), chance), sentence)
        chosen.append(sentence)
        words += len(sentence.split())
    title = " ".join(chosen[0].split()[:TITLE_WORDS]).strip(" ,.;:")
    return Text(title, " ".join(chosen))


def _name(name: str, names: dict[str, str], chance: random.Random) -> str:
    if name not in names:
        names[name] = "".join(chance.choices(SYLLABLES, k=chance.randint(3, 5))).capitalize()
    return names[name]


def _number(digits: str, chance: random.Random) -> str:
    return str(chance.randint(10 ** (len(digits) - 1), 10 ** len(digits) - 1))


def _texts() -> list[str]:
    texts = [
        path.read_text() for folder in (FOLDER, TALKS) for path in sorted(folder.glob("*.txt"))
    ]
    lines = (FOLDER / "wire.jsonl").read_text().splitlines()
    return texts + [json.loads(line)["text"] for line in lines]


def _read(file: Path) -> Iterator[Text]:
    for record in json_lines(file):
        title, text = (record.value.get(key) or "" for key in ("title", "text"))
        yield Text(" ".join(f"{title}".split()), f"{text}")
