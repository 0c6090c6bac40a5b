"""The questions that are asked: those of the seeds, or of folders in BEIR's layout."""

from dataclasses import replace
from pathlib import Path

from index.identity import article_id
from index.sources import read
from index.types import Article
from qa import datasets
from qa.questions import Dataset, Question
from qa.records import Record, json_lines

SEEDS = "seeds"
FOLDER = Path(__file__).parents[1] / SEEDS


def named(
    name: str, *, split: str | None = None, min_relevance: int = 1, limit: int | None = None
) -> Dataset:
    """The set `seeds` or of another name, with the questions that have a relevant document."""
    if name == SEEDS:
        dataset = seeds(FOLDER)
    else:
        dataset = datasets.named(name, split=split, min_relevance=min_relevance)
    return replace(dataset, questions=tuple(q for q in dataset.questions if q.relevant)[:limit])


def seeds(folder: Path) -> Dataset:
    """The articles of the seeds; relevant is every article that has a right answer."""
    articles = [_known(one) for one in read(folder, max_bytes=10**7) if isinstance(one, Article)]
    questions = [_question(record) for record in json_lines(folder / "questions.jsonl")]
    return Dataset(SEEDS, "beir", tuple(articles), tuple(questions))


def _known(article: Article) -> Article:
    """Under the name that the questions have for it, wherever the folder is."""
    name = Path(article.external_id or article.id).name
    return replace(article, id=article_id(name, None, article.text), external_id=name)


def _question(record: Record) -> Question:
    golds = [record] if record.value.get("answerable") else []
    golds += record.children("accept") if "accept" in record.value else []
    return Question(
        record.name("id"), record.filled("question"), {one.name("article"): 1 for one in golds}
    )
