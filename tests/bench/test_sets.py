import json
from pathlib import Path

import pytest

from bench.sets import FOLDER, named, seeds
from index.errors import InvalidInput

QUESTIONS = [json.loads(line) for line in (FOLDER / "questions.jsonl").read_text().splitlines()]


def write_set(folder: Path) -> Path:
    corpus = [{"_id": name, "title": "", "text": f"Text of {name}."} for name in ("a", "b")]
    queries = [{"_id": str(number), "text": f"question {number}"} for number in range(3)]
    for name, rows in (("corpus", corpus), ("queries", queries)):
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines)
    (folder / "qrels_dev.tsv").write_text("1\ta\t1\n2\tb\t2\n")
    return folder


def test_every_article_of_the_seeds_that_has_a_right_answer_is_relevant() -> None:
    relevant = {one.id: set(one.relevant) for one in seeds(FOLDER).questions}
    assert relevant["aleppo-01"] == {"aleppo-geneva-talks.txt"}
    assert relevant["aleppo-07"] == set()
    assert relevant["harwick-08"] == {
        "dateline-20250204-harwick-toll",
        "courier-20250206-harwick-count",
    }


def test_the_seeds_are_asked_whatever_has_an_answer_and_hold_every_relevant_article() -> None:
    dataset = named("seeds")
    assert [one.text for one in dataset.questions] == [
        one["question"] for one in QUESTIONS if one["answerable"]
    ]
    known = {one.external_id for one in dataset.articles}
    assert known.issuperset(name for one in dataset.questions for name in one.relevant)


def test_the_seeds_are_the_same_collection_wherever_they_lie(
    tmp_path: Path,
) -> None:
    for file in FOLDER.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    assert seeds(tmp_path).digest == seeds(FOLDER).digest


def test_a_split_stands_behind_the_folder_or_in_the_option(tmp_path: Path) -> None:
    folder = write_set(tmp_path)
    behind, option = named(f"{folder}:dev"), named(str(folder), split="dev")
    assert behind == option
    assert [one.id for one in behind.questions] == ["1", "2"]


def test_limit_counts_questions_with_a_relevant_document(tmp_path: Path) -> None:
    name = f"{write_set(tmp_path)}:dev"
    assert [one.id for one in named(name, limit=1).questions] == ["1"]
    assert [one.id for one in named(name, min_relevance=2, limit=1).questions] == ["2"]


def test_a_folder_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidInput, match="nowhere"):
        named("nowhere")
