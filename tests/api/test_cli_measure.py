import json
from pathlib import Path

import pytest
from typer.testing import Result

from api import bench, exits
from api.service import Service
from qa.calibrate import FEATURES

TEXTS = ("The talks are in Geneva. They failed.", "The port reopened. It was shut for nine days.")
QUESTIONS = (("where are the talks?", "Geneva"), ("how long was the port shut?", "nine days"))


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    folder = tmp_path / "beir"
    folder.mkdir()
    rows = [{"_id": f"d{i}", "title": "", "text": text} for i, text in enumerate(TEXTS)]
    asked = [{"_id": f"q{i}", "text": question} for i, (question, _) in enumerate(QUESTIONS)]
    for name, lines in (("corpus", rows), ("queries", asked)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in lines))
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq0\td0\t1\nq1\td1\t1\n")
    return folder


@pytest.fixture
def squad(tmp_path: Path) -> Path:
    articles = []
    for name in ("Alder", "Birch", "Cedar", "Ebony", "Hazel", "Larch", "Maple", "Olive"):
        context = f"The talks of {name} are in Geneva. They failed."
        gold = [{"text": "Geneva", "answer_start": context.index("Geneva")}]
        qas = [{"id": name, "question": f"where are the talks of {name}?", "answers": gold}]
        articles.append({"title": name, "paragraphs": [{"context": context, "qas": qas}]})
    path = tmp_path / "squad.json"
    path.write_text(json.dumps({"data": articles}))
    return path


@pytest.fixture
def cache(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_set_is_measured_with_the_keys_of_the_contract(qa, beir: Path, cache: Path) -> None:
    result: Result = qa("eval", str(beir), "--json")
    assert result.exit_code == exits.OK
    report = json.loads(result.stdout)
    assert report["metrics"]["ndcg@10"] == report["metrics"]["recall@1"] == 1.0
    assert report["queries"] == 2
    assert report["models"]["embed"] == "hashing-256"
    assert cache.exists()


def test_several_sets_and_settings_are_measured_in_one_run(
    qa, beir: Path, squad: Path, cache: Path, tmp_path: Path
) -> None:
    sweep = tmp_path / "sweep.json"
    sweep.write_text('[{"name": "words", "dense": 0, "sentence": 0}, {"name": "all"}]')
    text = qa("eval", str(beir), str(squad), "--sweep", str(sweep)).stdout
    assert [line.split(",")[1].strip() for line in text.splitlines() if "documents" in line] == [
        "words",
        "all",
    ] * 2
    assert "f1" in text


def test_a_gate_that_fails_has_a_status_of_its_own(qa, beir: Path, cache: Path) -> None:
    assert qa("eval", str(beir), "--gate", "recall@1=1,ndcg@10=0.9").exit_code == exits.OK
    failed = qa("eval", str(beir), "--gate", "recall@1=1.01")
    assert failed.exit_code == exits.GATE_FAILED == 11
    assert "recall@1 is 1.0000, the gate is 1.01" in failed.stderr
    assert qa("eval", str(beir), "--gate", "colour=1").exit_code == exits.USAGE


def test_every_question_is_written_down(qa, beir: Path, cache: Path, tmp_path: Path) -> None:
    file = tmp_path / "found.jsonl"
    qa("eval", str(beir), "--per-query", str(file))
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [row["question"] for row in rows] == [question for question, _ in QUESTIONS]
    assert rows[0]["found"][0]["id"] == "d0"


def test_a_broken_set_is_refused_with_the_line(qa, beir: Path, cache: Path) -> None:
    (beir / "qrels.tsv").write_text("q0\td9\t1\n")
    result = qa("eval", str(beir))
    assert result.exit_code == exits.USAGE
    assert "qrels.tsv" in result.stderr
    assert "d9" in result.stderr


def test_the_confidence_is_fitted_and_written(qa, squad: Path, cache: Path, tmp_path: Path) -> None:
    file = tmp_path / "confidence.json"
    assert qa("eval", str(squad), "--calibrate", str(file)).exit_code == exits.OK
    fitted = json.loads(file.read_text())
    assert set(fitted["weights"]) == set(FEATURES)
    assert fitted["threshold"] == 0.55


def test_the_confidence_is_shown_on_sets_that_it_was_not_fitted_to(
    qa, squad: Path, cache: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.json"
    other.write_text(squad.read_text().replace("talks of", "games of"))
    result = qa("eval", str(squad), str(other), "--calibrate", str(tmp_path / "confidence.json"))
    assert result.exit_code == exits.OK
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[1] == ["ece", "answered_precision", "answered_recall"]
    assert [line[0] for line in lines[2:4]] == [str(squad), str(other)]
    bins = lines[lines.index(["confidence", "answers", "mean", "right"]) + 1 :]
    assert sum(int(line[3]) for line in bins) == 16


def test_a_directory_is_embedded_again_with_another_model(
    qa, news: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert qa("ingest", str(news)).exit_code == exits.OK
    before = qa("ls", "--json").stdout
    result = qa("reindex")
    assert result.exit_code == exits.OK
    assert "embedded 2 articles again with hashing-256" in result.stdout
    listed = [{**row, "added_at": ""} for row in json.loads(qa("ls", "--json").stdout)["data"]]
    assert listed == [{**row, "added_at": ""} for row in json.loads(before)["data"]]


def test_nothing_to_embed_again_has_its_status(qa, data: Path) -> None:
    assert qa("reindex").exit_code == exits.NOTHING_INDEXED


def test_an_index_is_measured_with_the_keys_of_the_contract(qa, stored: Path) -> None:
    result: Result = qa("bench", "--count", "4", "--json")
    assert result.exit_code == exits.OK
    found = json.loads(result.stdout)
    stages = [f"{stage}_p{share}" for stage in bench.STAGES for share in bench.SHARES]
    assert list(found["metrics"]) == [*stages, "per_second", "memory_mb"]
    assert (found["questions"], found["articles"], found["passages"]) == (4, 2, 2)
    assert all(isinstance(line, str) for line in found["advice"])


def test_a_measured_index_is_shown_with_a_line_a_stage(qa, stored: Path) -> None:
    lines = qa("bench").stdout.splitlines()
    assert lines[0] == "6 questions, all different; 2 passages of 2 articles"
    assert lines[2].split() == ["ms", "p50", "p95", "p99"]
    assert [line.split()[0] for line in lines[3:7]] == list(bench.STAGES)
    assert lines[8].endswith("a second, 4 at once")


def test_a_gate_of_speed_fails_with_its_own_status(qa, stored: Path) -> None:
    result = qa("bench", "--gate", "total_p95=0.000001,per_second=1e9,embed_p50=1e9")
    assert result.exit_code == exits.GATE_FAILED
    lines = result.stderr.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("qa: total_p95 is ")
    assert lines[1].endswith("the gate is 1e+09")
    assert qa("bench", "--gate", "total_p95=1e9,per_second=0").exit_code == exits.OK
    assert qa("bench", "--gate", "speed=1").exit_code == exits.USAGE


def test_questions_can_come_from_a_file(qa, stored: Path, tmp_path: Path) -> None:
    path = tmp_path / "asked.txt"
    path.write_text("who is meeting?\nwho won a rise?\nwhere is Kerry?\n")
    found = json.loads(qa("bench", "--questions", str(path), "--count", "2", "--json").stdout)
    assert found["questions"] == 2


def test_a_server_is_measured_through_its_own_figures(qa, url: str, service: Service) -> None:
    found = json.loads(qa("bench", "--url", url, "--count", "4", "--json").stdout)
    assert found["passages"] == service.counts().passages
    assert found["models"] == {"embed": service.embedder, "read": service.reader}
    assert found["metrics"]["total_p50"] > 0
    assert found["metrics"].get("memory_mb", 1) > 0
