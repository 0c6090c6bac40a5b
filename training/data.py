"""What the reader learns from: questions, the passage that answers each, and passages that do not.

Passages are cut as the service cuts them, and those that do not answer are what its own retrieval
puts first among the same articles.
"""

import gzip
import hashlib
import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from index.corpus import Corpus
from index.identity import article_id
from index.types import Article, Embedder, Passage, Spans
from qa.cached import Progress, collected, silent
from qa.calibrate import Calibration
from qa.datasets import named
from qa.metrics import normalise
from qa.pipeline import Pipeline
from qa.questions import Dataset, Gold, Question
from qa.read import SentenceReader
from qa.records import json_file, json_lines
from qa.retrieve import HybridRetriever

log = logging.getLogger(__name__)

OTHERS = 6
"""Passages kept with each question that do not answer it."""
LOOKED_AT = 16
"""Hits that they are chosen from."""
HELD_OUT = 8
"""One article in so many is kept for measuring, and nothing of it is learnt."""
SQUAD_HELD_OUT = frozenset({"1973 oil crisis", "Harvard University", "Scottish Parliament"})
"""Of SQuAD, which has few articles. XQuAD asks about some of the same, and is held out whole."""


@dataclass(frozen=True, slots=True)
class Text:
    """A passage, with its sentences' offsets into it."""

    title: str
    text: str
    sentences: Spans


@dataclass(frozen=True, slots=True)
class Item:
    """One question; numbers are places in the list of its source's texts."""

    source: str
    question: str
    golds: tuple[tuple[int, tuple[tuple[int, int], ...]], ...]
    """Texts that answer, with the offsets of the answers; no offsets where only the text is known;
    empty where nothing answers."""
    others: tuple[int, ...]
    """Texts that do not."""
    answers: tuple[str, ...]
    held_out: bool


@dataclass(frozen=True, slots=True)
class Source:
    """One set, ready to be sampled from."""

    name: str
    texts: tuple[Text, ...]
    items: tuple[Item, ...]

    def save(self, path: Path) -> None:
        """As gzipped JSON."""
        with gzip.open(path, "wt", encoding="utf-8") as file:
            json.dump(asdict(self), file)

    @classmethod
    def load(cls, path: Path) -> "Source":
        """What `save` wrote."""
        with gzip.open(path, "rt", encoding="utf-8") as file:
            found = json.load(file)
        texts = (
            Text(one["title"], one["text"], _pairs(one["sentences"])) for one in found["texts"]
        )
        items = (
            Item(
                one["source"],
                one["question"],
                tuple((place, _pairs(spans)) for place, spans in one["golds"]),
                tuple(one["others"]),
                tuple(one["answers"]),
                one["held_out"],
            )
            for one in found["items"]
        )
        return cls(found["name"], tuple(texts), tuple(items))


def sources(folder: Path) -> Iterator[tuple[str, Dataset]]:
    """The sets whose licences let their weights be passed on; training/README.md has the list."""
    squad = named(str(folder / "squad_dev_even" / "squad2_dev_even.json"))
    learnt = {one.title for one in squad.articles} - SQUAD_HELD_OUT
    xquad = named(str(folder / "squad_dev_even" / "xquad_en_even.json"))
    seen = {one.external_id for one in xquad.articles if one.title in learnt}
    unseen = tuple(one for one in xquad.questions if one.paragraph not in seen)
    yield "squad2", squad
    yield "xquad", replace(xquad, questions=unseen)
    for part in ("new_wiki_even", "reddit", "amazon_reviews"):
        yield part, named(str(next((folder / "squadshifts").glob(f"{part}*.json*"))))
    yield "qamr", _qamr(folder / "qamr" / "qamr.jsonl")
    yield "nq", _nq(folder / "nq_qed_dev" / "qed-dev.jsonlines")
    yield "clapnq", _clapnq(folder / "clapnq_dev")
    yield "covid", _covid(next((folder / "covid_qa_partial").glob("*.json*")))


def held_out(name: str, dataset: Dataset) -> frozenset[str]:
    """The documents that nothing is learnt from: whole articles, where they have titles."""
    titles = {one.external_id or one.id: one.title for one in dataset.articles}
    if len(set(titles.values())) == 1:
        titles = {document: document for document in titles}
    if name == "xquad":
        chosen = set(titles.values())
    elif name == "squad2":
        chosen = set(SQUAD_HELD_OUT)
    else:
        order = sorted(set(titles.values()), key=lambda one: hashlib.sha256(one.encode()).digest())
        chosen = set(order[: -(-len(order) // HELD_OUT)])
    return frozenset(document for document, title in titles.items() if title in chosen)


def write_held_out(name: str, dataset: Dataset, path: Path) -> None:
    """The questions that nothing is learnt from, among all articles, in SQuAD's layout."""
    kept = held_out(name, dataset)
    asked: dict[str, list[Question]] = {}
    for one in dataset.questions:
        if one.paragraph in kept:
            asked.setdefault(one.paragraph, []).append(one)
    entries: dict[str, list[dict[str, object]]] = {}
    for article in dataset.articles:
        entries.setdefault(article.title or article.id, []).append(
            {
                "context": article.text,
                "qas": [_squad(one) for one in asked.get(article.external_id or article.id, ())],
            }
        )
    data = [{"title": title, "paragraphs": found} for title, found in entries.items()]
    path.write_text(json.dumps({"data": data}))


def _squad(question: Question) -> dict[str, object]:
    answers = [{"text": one.text, "answer_start": one.start} for one in question.answers]
    return {
        "id": question.id,
        "question": question.text,
        "answers": answers,
        "is_impossible": not answers,
    }


def prepare(
    name: str, dataset: Dataset, embedder: Embedder, cache: Path, *, progress: Progress = silent
) -> Source:
    """Find for each question what answers it and what does not."""
    with collected(dataset, embedder, cache, progress=progress) as corpus:
        return _Preparation(name, dataset, corpus).source(progress)


class _Preparation:
    def __init__(self, name: str, dataset: Dataset, corpus: Corpus) -> None:
        self._name = name
        self._dataset = dataset
        reader = SentenceReader(corpus, Calibration.load())
        self._pipeline = Pipeline(HybridRetriever(corpus), reader)
        names = {one.id: one.external_id or one.id for one in dataset.articles}
        self._passages = list(corpus.store.all_passages())
        self._places = {one.id: place for place, one in enumerate(self._passages)}
        self._normal = [normalise(one.text) for one in self._passages]
        self._held_out = held_out(name, dataset)
        self._of: dict[str, list[int]] = {}
        for place, one in enumerate(self._passages):
            self._of.setdefault(names[one.article_id], []).append(place)

    def source(self, progress: Progress) -> Source:
        asked = [one for one in self._dataset.questions if one.paragraph in self._of]
        found = (self._item(one) for one in progress(asked, self._name, len(asked)))
        items = tuple(one for one in found if one.golds or not one.answers)
        texts = tuple(
            Text(
                one.title, one.text, tuple((a - one.start, b - one.start) for a, b in one.sentences)
            )
            for one in self._passages
        )
        return Source(self._name, texts, items)

    def _item(self, question: Question) -> Item:
        own = self._of[question.paragraph]
        golds = [(place, spans) for place in own if (spans := self._spans(place, question.answers))]
        if not question.answers and question.relevant:  # the text is known, not the place
            golds = [(place, ()) for place in own]
        answers = {normalise(gold.text) for gold in question.answers} - {""}
        known = {place for place, _ in golds}
        ranked = [*(place for place in own if place not in known), *self._hits(question.text)]
        others = [
            place
            for place in dict.fromkeys(ranked)
            if place not in known
            and not any(f" {answer} " in f" {self._normal[place]} " for answer in answers)
        ]
        return Item(
            self._name,
            question.text,
            tuple(golds),
            tuple(others[:OTHERS]),
            tuple(dict.fromkeys(gold.text for gold in question.answers)),
            question.paragraph in self._held_out,
        )

    def _spans(self, place: int, answers: Sequence[Gold]) -> tuple[tuple[int, int], ...]:
        passage: Passage = self._passages[place]
        inside = {
            (gold.start - passage.start, gold.end - passage.start)
            for gold in answers
            if passage.start <= gold.start and gold.end <= passage.end
        }
        return tuple(sorted(inside))

    def _hits(self, question: str) -> Iterable[int]:
        hits = self._pipeline.search(question, k=LOOKED_AT).hits
        return [self._places[hit.passage.id] for hit in hits]


def _dataset(name: str, articles: Iterable[Article], questions: Iterable[Question]) -> Dataset:
    return Dataset(name, "squad", tuple(articles), tuple(questions))


def _article(name: str, text: str, title: str = "") -> Article:
    return Article(id=article_id(name, None, text), text=text, title=title, external_id=name)


def _qamr(path: Path) -> Dataset:
    articles: dict[str, Article] = {}
    questions = []
    for record in json_lines(plain_or_packed(path)):
        text = record.filled("context")
        name = hashlib.sha256(text.encode()).hexdigest()[:16]
        articles.setdefault(name, _article(name, text))
        golds = tuple(
            Gold(one.filled("text"), one.value["answer_start"])
            for one in record.children("answers")
        )
        asked = record.filled("question")
        questions.append(Question(record.name("id"), asked, {name: 1}, name, golds))
    return _dataset("qamr", articles.values(), questions)


def _nq(path: Path) -> Dataset:
    articles: dict[str, Article] = {}
    questions = []
    for record in json_lines(plain_or_packed(path)):
        row = record.value
        text = row["paragraph_text"]
        name = hashlib.sha256(text.encode()).hexdigest()[:16]
        articles.setdefault(name, _article(name, text, row["title_text"]))
        golds = tuple(
            Gold(text[one["start"] : one["end"]], one["start"])
            for answer in row["original_nq_answers"]
            for one in answer
        )
        asked = row["question_text"]
        questions.append(Question(str(row["example_id"]), asked, {name: 1}, name, golds))
    return _dataset("nq", articles.values(), questions)


def _clapnq(folder: Path) -> Dataset:
    articles: dict[str, Article] = {}
    questions = []
    for part, relevant in (("answerable", True), ("unanswerable", False)):
        for record in json_lines(plain_or_packed(folder / f"clapnq_dev_{part}.jsonl")):
            passage = record.value["passages"][0]
            text = passage["text"].strip()
            name = hashlib.sha256(text.encode()).hexdigest()[:16]
            articles.setdefault(name, _article(name, text, passage["title"]))
            known = {name: 1} if relevant else {}
            questions.append(Question(record.name("id"), record.filled("input"), known, name))
    return _dataset("clapnq", articles.values(), questions)


def _covid(path: Path) -> Dataset:
    """Without the answers that are not where the set says."""
    articles, questions = [], []
    for article in json_file(path).children("data"):
        for paragraph in article.children("paragraphs"):
            text = paragraph.text("context")
            name = hashlib.sha256(text.encode()).hexdigest()[:16]
            articles.append(_article(name, text))
            for asked in paragraph.children("qas"):
                golds = tuple(
                    Gold(one.filled("text"), one.whole("answer_start"))
                    for one in asked.children("answers")
                    if text.startswith(one.filled("text"), one.whole("answer_start"))
                )
                if golds:
                    question = asked.filled("question")
                    questions.append(Question(asked.name("id"), question, {name: 1}, name, golds))
    return _dataset("covid", articles, questions)


def plain_or_packed(path: Path) -> Path:
    """The file of this name, or the one with `.gz` behind it."""
    return path if path.exists() else path.with_name(path.name + ".gz")


def _pairs(rows: Iterable[Sequence[int]]) -> tuple[tuple[int, int], ...]:
    return tuple((a, b) for a, b in rows)
