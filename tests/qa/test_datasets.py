import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from index.errors import InvalidInput
from index.identity import article_id
from qa.datasets import load, named
from qa.questions import Gold

CORPUS = [
    {"_id": "d1", "title": "Geneva", "text": "US officials will meet in Geneva.", "n": [1]},
    {"_id": "d2", "title": "Paris", "text": "Kerry was in Paris.", "date": "2016/12/09"},
    {"_id": "d3", "title": "Only a title", "text": ""},
    {"_id": "d4", "title": "", "text": " "},
]
QUERIES = [{"_id": "q1", "text": "who meets?"}, {"_id": "q2", "text": "where was Kerry?"}]
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\nq1\td4\t1\n"
CONTEXT = "Pékin 🙂 is not Paris. Kerry was in Paris."
START = CONTEXT.rindex("Paris")


def jsonl(rows: list[dict[str, object]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def write_beir(folder: Path, **changed: str) -> Path:
    files = {"corpus.jsonl": jsonl(CORPUS), "queries.jsonl": jsonl(QUERIES), "qrels.tsv": QRELS}
    for name, text in files.items():
        stem = name.split(".")[0]
        (folder / name).write_text(changed.get(stem, text), encoding="utf-8")
    return folder


def squad(**changed: object) -> dict[str, object]:
    question: dict[str, object] = {
        "id": "s1",
        "question": "Where was Kerry?",
        "answers": [{"text": "Paris", "answer_start": START}],
    }
    without = {"id": 2, "question": "Who won?", "answers": [], "is_impossible": True}
    paragraph = {"context": CONTEXT, "qas": [question | changed, without]}
    other = {"context": "Another paragraph.", "qas": []}
    return {"version": "v2.0", "data": [{"title": "A_title", "paragraphs": [paragraph, other]}]}


def write_squad(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def refusal(path: Path, **options: str) -> str:
    with pytest.raises(InvalidInput) as caught:
        load(path, **options)  # type: ignore[arg-type]
    return str(caught.value)


def test_a_beir_folder_gives_articles_and_judged_questions(tmp_path: Path) -> None:
    dataset = load(write_beir(tmp_path))
    assert dataset.layout == "beir"
    assert [(one.external_id, one.title, one.text) for one in dataset.articles] == [
        ("d1", "Geneva", "US officials will meet in Geneva."),
        ("d2", "Paris", "Kerry was in Paris."),
        ("d3", "", "Only a title"),
    ]
    assert [(one.id, one.text, one.relevant) for one in dataset.questions] == [
        ("q1", "who meets?", {"d1": 2, "d4": 1}),
        ("q2", "where was Kerry?", {}),
    ]


def test_articles_are_named_by_their_document_and_dated_where_the_set_says_so(
    tmp_path: Path,
) -> None:
    first, second, _ = load(write_beir(tmp_path)).articles
    assert first.id == article_id("d1", None, "")
    assert first.published_at is None
    assert second.published_at == datetime(2016, 12, 9, tzinfo=UTC)


def test_a_document_without_any_text_is_counted_but_stays_relevant(tmp_path: Path) -> None:
    dataset = load(write_beir(tmp_path))
    assert dataset.empty == 1
    assert "d4" in dataset.questions[0].relevant


def test_judgements_below_the_minimum_do_not_count(tmp_path: Path) -> None:
    dataset = load(write_beir(tmp_path), min_relevance=2)
    assert dataset.questions[0].relevant == {"d1": 2}


def test_a_minimum_that_nothing_reaches_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"qrels\.tsv: no judgement of 3 or more"):
        load(write_beir(tmp_path), min_relevance=3)


def test_a_name_may_hold_the_split_and_the_least_grade(tmp_path: Path) -> None:
    write_beir(tmp_path)
    (tmp_path / "qrels_dev.tsv").write_text("q1\td2\t1\nq2\td2\t3\n")
    relevant = {
        name: [dict(one.relevant) for one in named(f"{tmp_path}{name}").questions]
        for name in ("", "::2", ":dev", ":dev:2")
    }
    assert relevant == {
        "": [{"d1": 2, "d4": 1}, {}],
        "::2": [{"d1": 2}, {}],
        ":dev": [{"d2": 1}, {"d2": 3}],
        ":dev:2": [{}, {"d2": 3}],
    }
    assert named(str(tmp_path), split="dev", min_relevance=2) == named(f"{tmp_path}:dev:2")
    for wrong in (":dev:two", ":dev:2:3", ":dev:"):
        with pytest.raises(InvalidInput, match="PATH:SPLIT:GRADE"):
            named(f"{tmp_path}{wrong}")


def test_the_header_of_the_judgements_is_optional(tmp_path: Path) -> None:
    dataset = load(write_beir(tmp_path, qrels="q2\td2\t1\n"))
    assert dataset.questions[1].relevant == {"d2": 1}


def test_packed_files_read_like_plain_ones(tmp_path: Path) -> None:
    plain = load(write_beir(tmp_path))
    for path in list(tmp_path.iterdir()):
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    packed = load(tmp_path)
    assert packed == plain
    assert packed.digest == plain.digest


def test_a_split_has_its_own_questions_and_judgements(tmp_path: Path) -> None:
    write_beir(tmp_path)
    (tmp_path / "queries_dev.jsonl").write_text('{"_id": "q9", "text": "dev?"}\n')
    (tmp_path / "qrels_dev.tsv").write_text("q9\td2\t1\n")
    dataset = load(tmp_path, split="dev")
    assert [(one.id, one.relevant) for one in dataset.questions] == [("q9", {"d2": 1})]
    assert dataset.digest == load(tmp_path).digest


def test_a_split_in_the_folder_that_beir_uses_shares_the_questions(tmp_path: Path) -> None:
    write_beir(tmp_path)
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels.tsv").rename(tmp_path / "qrels" / "test.tsv")
    assert load(tmp_path, split="test").questions[0].relevant == {"d1": 2, "d4": 1}
    assert "splits that are there: test" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("corpus", '{"_id": "d1", "text": "x"}\n{"_id": \n', "corpus.jsonl:2: wrong JSON: "),
        ("corpus", '{"_id": "d1", "text": "x"}\n["d2"]\n', "corpus.jsonl:2: must be a JSON object"),
        ("corpus", '{"_id": "d1"}\n', 'corpus.jsonl:1: "text" must be a text'),
        ("corpus", '{"_id": "d1", "text": null}\n', 'corpus.jsonl:1: "text" must be a text'),
        ("corpus", '{"_id": "", "text": "x"}\n', 'corpus.jsonl:1: "_id" must not be empty'),
        ("corpus", '{"_id": true, "text": "x"}\n', 'corpus.jsonl:1: "_id" must be a text'),
        (
            "corpus",
            '{"_id": "d1", "text": "x"}\n\n{"_id": "d1", "text": "y"}\n',
            "corpus.jsonl:3: the document 'd1' is already at ",
        ),
        ("corpus", '{"_id": "d1", "text": "\\ud83d"}\n', 'corpus.jsonl:1: "text" holds half'),
        ("corpus", "[" * 100_000, "corpus.jsonl:1: wrong JSON: nested too deeply"),
        (
            "queries",
            '{"_id": "q1", "text": "x"}\n{"_id": "q1", "text": "y"}\n',
            "queries.jsonl:2: the query 'q1' is already at ",
        ),
        ("queries", '{"_id": "q1", "text": " "}\n', 'queries.jsonl:1: "text" must not be empty'),
        ("qrels", "q1\td1\t1\nq1\td7\t1\n", "qrels.tsv:2: there is no document 'd7'"),
        ("qrels", "q1\td1\t1\nq7\td1\t1\n", "qrels.tsv:2: there is no query 'q7'"),
        ("qrels", "q1\td1\t1\nq1\td1\t0\n", "qrels.tsv:2: 'd1' was already judged for 'q1'"),
        ("qrels", "q1\td1\n", "qrels.tsv:1: must be query, document and a whole number"),
        ("qrels", "q1\td1\thigh\n", "qrels.tsv:1: must be query, document and a whole number"),
        ("qrels", "q1\td1\t1\nquery-id\tcorpus-id\tscore\n", "qrels.tsv:2: must be query"),
        ("qrels", "q1 0 d1 1\n", "qrels.tsv:1: must be query, document and a whole number"),
        ("qrels", "query-id\tcorpus-id\tscore\n", "qrels.tsv: no judgements"),
        ("qrels", "", "qrels.tsv: no judgements"),
        ("qrels", "q1\td1\t0\n", "qrels.tsv: no judgement of 1 or more"),
    ],
)
def test_a_broken_beir_set_is_refused_with_file_and_line(
    tmp_path: Path, file: str, text: str, expected: str
) -> None:
    assert expected in refusal(write_beir(tmp_path, **{file: text}))


def test_text_that_is_not_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    write_beir(tmp_path)
    (tmp_path / "queries.jsonl").write_bytes(jsonl(QUERIES).encode() + b'{"_id": "\xff"}\n')
    assert "queries.jsonl:3: not UTF-8" in refusal(tmp_path)


@pytest.mark.parametrize("missing", ["queries.jsonl", "qrels.tsv"])
def test_a_missing_file_is_named(tmp_path: Path, missing: str) -> None:
    write_beir(tmp_path)
    (tmp_path / missing).unlink()
    assert f"{missing} is missing; splits that are there: none" in refusal(tmp_path)


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    write_beir(tmp_path)
    (tmp_path / "qrels.tsv").unlink()
    (tmp_path / "qrels.tsv.gz").write_bytes(gzip.compress(QRELS.encode())[:-9])
    assert "qrels.tsv.gz: cannot be read" in refusal(tmp_path)


def test_a_path_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nowhere").endswith("nowhere: no such file or folder")


def test_a_squad_file_gives_a_document_a_paragraph(tmp_path: Path) -> None:
    dataset = load(write_squad(tmp_path / "dev.json", squad()))
    assert dataset.layout == "squad"
    assert [(one.external_id, one.title, one.text) for one in dataset.articles] == [
        ("A_title_0_0", "A title", CONTEXT),
        ("A_title_0_1", "A title", "Another paragraph."),
    ]
    first, second = dataset.questions
    assert (first.id, first.text, first.paragraph) == ("s1", "Where was Kerry?", "A_title_0_0")
    assert first.relevant == {"A_title_0_0": 1}
    assert first.answers == (Gold("Paris", START),)
    assert first.answers[0].end == len(CONTEXT) - 1
    assert first.siblings == {"A_title_0_0", "A_title_0_1"}
    assert (second.id, second.relevant, second.answers) == ("2", {}, ())


def test_a_folder_with_one_squad_file_is_that_file(tmp_path: Path) -> None:
    path = tmp_path / "dev.json.gz"
    path.write_bytes(gzip.compress(json.dumps(squad()).encode()))
    (tmp_path / "README.md").write_text("about")
    assert load(tmp_path) == load(path)


def test_a_folder_with_two_squad_files_is_refused_with_their_names(tmp_path: Path) -> None:
    for name in ("b.json", "a.json"):
        write_squad(tmp_path / name, squad())
    assert "and has a.json, b.json" in refusal(tmp_path)


def test_a_squad_file_has_no_splits(tmp_path: Path) -> None:
    path = write_squad(tmp_path / "dev.json", squad())
    assert "only a folder with corpus.jsonl has splits" in refusal(path, split="dev")


ANSWER = "/data/0/paragraphs/0/qas/0/answers/0"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (
            {"answers": [{"text": "Paris", "answer_start": START + 1}]},
            f"dev.json: {ANSWER}: question 's1': 'Paris' is not at {START + 1}",
        ),
        (
            {"answers": [{"text": "", "answer_start": 0}]},
            f"dev.json: {ANSWER}: question 's1': '' is not at 0",
        ),
        (
            {"answers": [{"text": "Paris", "answer_start": "36"}]},
            f'dev.json: {ANSWER}: "answer_start" must be a whole number',
        ),
        (
            {"answers": [{"text": "s.", "answer_start": -2}]},
            f'dev.json: {ANSWER}: "answer_start" must be a whole number',
        ),
        ({"answers": ["Paris"]}, f"dev.json: {ANSWER}: must be a JSON object"),
        ({"answers": None}, 'qas/0: "answers" must be a list'),
        ({"answers": []}, "qas/0: question 's1' has no answers, but not is_impossible"),
        ({"is_impossible": True}, "qas/0: question 's1' has answers, but is_impossible"),
        ({"id": 2}, "qas/1: the question '2' is already at "),
        ({"question": " "}, 'qas/0: "question" must not be empty'),
    ],
)
def test_a_broken_squad_set_is_refused_with_its_question(
    tmp_path: Path, changed: dict[str, object], expected: str
) -> None:
    assert expected in refusal(write_squad(tmp_path / "dev.json", squad(**changed)))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"data":\n [}', "dev.json:2: wrong JSON: "),
        ("[]", "dev.json: must be a JSON object"),
        ("{}", 'dev.json: "data" must be a list'),
        ('{"data": []}', "dev.json: no questions"),
        (
            '{"data": [{"paragraphs": [{"context": " ", "qas": []}]}]}',
            'dev.json: /data/0/paragraphs/0: "context" must not be empty',
        ),
    ],
)
def test_a_squad_file_of_another_shape_is_refused(
    tmp_path: Path, content: str, expected: str
) -> None:
    path = tmp_path / "dev.json"
    path.write_text(content)
    assert expected in refusal(path)


def test_a_squad_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "dev.json"
    path.write_bytes(b'{"data": "\xff"}')
    assert "dev.json: not UTF-8" in refusal(path)


def test_a_refusal_carries_the_json_pointer(tmp_path: Path) -> None:
    path = write_squad(tmp_path / "dev.json", squad(answers=[{"text": "x", "answer_start": 0}]))
    with pytest.raises(InvalidInput) as caught:
        load(path)
    assert caught.value.pointer == ANSWER


SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.skipif(not SHARED.exists(), reason="the sets for measuring are not on this machine")
@pytest.mark.parametrize(
    ("name", "split", "documents", "queries", "judgements"),
    [
        ("cranfield", None, 1398, 225, 1612),
        ("checkthat2020_train_dev", "dev", 10375, 197, 198),
        ("nq_qed_dev/retrieval", None, 1343, 1355, 1355),
        ("squad_dev_even/squad2_dev_even.json", None, 277, 2641, 1267),
        ("squad_dev_even/xquad_en_even.json", None, 120, 623, 623),
    ],
)
def test_the_shared_sets_have_the_counts_that_they_are_described_with(
    name: str, split: str | None, documents: int, queries: int, judgements: int
) -> None:
    dataset = load(SHARED / name, split=split)
    assert len(dataset.articles) == documents
    assert len(dataset.questions) == queries
    assert sum(len(one.relevant) for one in dataset.questions) == judgements
