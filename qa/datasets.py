"""Reads question sets in BEIR's layout (documents to find) and in SQuAD's (answers to find).

A broken set is refused as a whole, with the file and the line or the question.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from index.errors import InvalidInput
from index.identity import article_id
from index.types import Article
from qa.questions import Dataset, Gold, Question
from qa.records import Record, Seen, json_file, json_lines, lines

HEADER = ["query-id", "corpus-id", "score"]


def named(name: str, *, split: str | None = None, min_relevance: int = 1) -> Dataset:
    """The set at `PATH`, `PATH:SPLIT`, `PATH:SPLIT:GRADE` or `PATH::GRADE`.

    What the name leaves open is `split` and `min_relevance`, as in `load`.
    """
    if Path(name).exists() or ":" not in name:
        return load(Path(name), split=split, min_relevance=min_relevance)
    path, part, *grades = name.split(":")
    if len(grades) > 1 or not all(grade.isdecimal() for grade in grades):
        raise InvalidInput(f"{name!r} must be PATH, PATH:SPLIT or PATH:SPLIT:GRADE")
    grade = int(grades[0]) if grades else min_relevance
    return load(Path(path), split=part or split, min_relevance=grade)


def load(path: Path, *, split: str | None = None, min_relevance: int = 1) -> Dataset:
    """The set at `path`: a folder in BEIR's layout, or a SQuAD file or a folder that holds one.

    `split` chooses among several question files of a BEIR folder (`queries_dev.jsonl` with
    `qrels_dev.tsv` or `qrels/dev.tsv`); judgements below `min_relevance` do not count.
    """
    if corpus := _existing(path / "corpus.jsonl"):
        return _beir(path, corpus, split=split, least=max(min_relevance, 1))
    if split is not None:
        raise InvalidInput(f"{path}: only a folder with corpus.jsonl has splits")
    return _squad(path if path.is_file() else _only_file(path))


def _existing(*paths: Path) -> Path | None:
    """The first of these files that is there, plain or packed."""
    packed = (one.with_name(one.name + suffix) for one in paths for suffix in ("", ".gz"))
    return next((one for one in packed if one.is_file()), None)


def _beir(path: Path, corpus: Path, *, split: str | None, least: int) -> Dataset:
    asked, judged = _question_files(path, split)
    documents, queries = Seen("document"), Seen("query")
    articles = [_article(record, documents) for record in json_lines(corpus)]
    texts = {queries.add(one.name("_id"), one): one.filled("text") for one in json_lines(asked)}
    grades = _grades(judged, queries, documents)
    questions = [
        Question(name, text, {k: v for k, v in grades.get(name, {}).items() if v >= least})
        for name, text in texts.items()
    ]
    if not any(one.relevant for one in questions):
        raise InvalidInput(f"{judged}: no judgement of {least} or more")
    return Dataset(
        name=f"{path}:{split}" if split else str(path),
        layout="beir",
        articles=tuple(one for one in articles if one.text),
        questions=tuple(questions),
        empty=sum(not one.text for one in articles),
    )


def _question_files(path: Path, split: str | None) -> tuple[Path, Path]:
    asked, judged = [path / "queries.jsonl"], [path / "qrels.tsv"]
    if split is not None:
        asked.insert(0, path / f"queries_{split}.jsonl")
        judged = [path / f"qrels_{split}.tsv", path / "qrels" / f"{split}.tsv"]
    queries, qrels = _existing(*asked), _existing(*judged)
    if queries and qrels:
        return queries, qrels
    missing = judged if queries else asked
    names = " or ".join(one.relative_to(path).as_posix() for one in missing)
    raise InvalidInput(f"{path}: {names} is missing; splits that are there: {_splits(path)}")


def _splits(path: Path) -> str:
    files = [*path.glob("qrels_*.tsv*"), *path.glob("qrels/*.tsv*")]
    names = {one.name.split(".")[0].removeprefix("qrels_") for one in files}
    return ", ".join(sorted(names)) or "none"


def _article(record: Record, documents: Seen) -> Article:
    """A document that is only a title has it as its text; most of CACM is like that."""
    name = documents.add(record.name("_id"), record)
    title, text = record.text("title", ""), record.text("text")
    return Article(
        id=article_id(name, None, text),
        text=text if text.strip() else title.strip(),
        title=title if text.strip() else "",
        url=_optional(record, "url"),
        source=_optional(record, "source"),
        published_at=_date(_optional(record, "date")),
        external_id=name,
    )


def _optional(record: Record, key: str) -> str | None:
    """The sets differ in what else they hold: what is not a text is not for us."""
    return record.text(key) if isinstance(record.value.get(key), str) else None


def _date(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat((text or "").strip().replace("/", "-"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _grades(path: Path, queries: Seen, documents: Seen) -> dict[str, dict[str, int]]:
    grades: dict[str, dict[str, int]] = {}
    for number, (place, line) in enumerate(lines(path)):
        fields = [one.strip() for one in line.split("\t")]
        if number == 0 and fields == HEADER:
            continue
        query, document, grade = _judgement(place, fields)
        for seen, name in ((queries, query), (documents, document)):
            if name not in seen.places:
                raise InvalidInput(f"{place}: there is no {seen.kind} {name!r}")
        judged = grades.setdefault(query, {})
        if document in judged:
            raise InvalidInput(f"{place}: {document!r} was already judged for {query!r}")
        judged[document] = grade
    if not grades:
        raise InvalidInput(f"{path}: no judgements")
    return grades


def _judgement(place: str, fields: list[str]) -> tuple[str, str, int]:
    try:
        query, document, grade = fields
        return query, document, int(grade)
    except ValueError:
        wanted = "query, document and a whole number, separated by tabs"
        raise InvalidInput(f"{place}: must be {wanted}") from None


def _only_file(path: Path) -> Path:
    if not path.exists():
        raise InvalidInput(f"{path}: no such file or folder")
    names = sorted(one for one in path.iterdir() if one.name.endswith((".json", ".json.gz")))
    if len(names) == 1:
        return names[0]
    found = ", ".join(one.name for one in names) or "no .json"
    raise InvalidInput(
        f"{path}: must hold corpus.jsonl or exactly one .json file, and has {found}; "
        "a single file can be given as well"
    )


def _squad(path: Path) -> Dataset:
    ids = Seen("question")
    articles: list[Article] = []
    questions: list[Question] = []
    for number, entry in enumerate(json_file(path).children("data")):
        paragraphs = list(entry.children("paragraphs"))
        title = entry.text("title", "")
        names = [f"{title or 'article'}_{number}_{place}" for place in range(len(paragraphs))]
        for name, paragraph in zip(names, paragraphs, strict=True):
            articles.append(_paragraph(paragraph, name, title.replace("_", " ")))
            questions.extend(_asked(paragraph, name, frozenset(names), ids))
    if not questions:
        raise InvalidInput(f"{path}: no questions")
    return Dataset(str(path), "squad", tuple(articles), tuple(questions))


def _paragraph(record: Record, name: str, title: str) -> Article:
    text = record.filled("context")
    return Article(id=article_id(name, None, text), text=text, title=title, external_id=name)


def _asked(record: Record, name: str, siblings: frozenset[str], ids: Seen) -> Iterator[Question]:
    for one in record.children("qas"):
        answers = _answers(one, record.text("context"))
        yield Question(
            id=ids.add(one.name("id"), one),
            text=one.filled("question"),
            relevant={name: 1} if answers else {},
            paragraph=name,
            answers=answers,
            siblings=siblings,
        )


def _answers(record: Record, context: str) -> tuple[Gold, ...]:
    name = record.name("id")
    answers = []
    for one in record.children("answers"):
        gold = Gold(one.text("text"), one.whole("answer_start"))
        if not gold.text or context[gold.start : gold.end] != gold.text:
            raise one.error(f"question {name!r}: {gold.text!r} is not at {gold.start}")
        answers.append(gold)
    if bool(answers) == (record.value.get("is_impossible") is True):
        wrong = "answers, but is_impossible" if answers else "no answers, but not is_impossible"
        raise record.error(f"question {name!r} has {wrong}")
    return tuple(answers)
