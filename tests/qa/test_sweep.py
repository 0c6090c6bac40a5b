import json
from pathlib import Path

import pytest

from index.corpus import Corpus
from index.embedders.hashing import HashingEmbedder
from index.errors import InvalidInput
from qa.calibrate import FEATURES, Calibration
from qa.evaluate import Setting
from qa.pipeline import Pipeline
from qa.read import SentenceReader
from qa.report import Report
from qa.retrieve import HybridRetriever, Weights
from qa.sweep import Options, read_settings, run, table

CONTEXTS = ("Kerry was in Paris. It rained.", "The officials met in Geneva. Nobody spoke.")
CALIBRATION = Calibration(dict.fromkeys(FEATURES, 0.0) | {"sentence_coverage": 8.0}, -4.0, 0.5)


def build(corpus: Corpus) -> Pipeline:
    return Pipeline(HybridRetriever(corpus), SentenceReader(corpus, CALIBRATION))


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    folder = tmp_path / "beir"
    folder.mkdir()
    corpus = [{"_id": f"d{place}", "text": text} for place, text in enumerate(CONTEXTS)]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in corpus))
    (folder / "queries.jsonl").write_text('{"_id": "q", "text": "Kerry in Paris"}\n')
    (folder / "qrels.tsv").write_text("q\td0\t1\n")
    return folder


@pytest.fixture
def squad(tmp_path: Path) -> Path:
    questions = [("Where was Kerry?", "Paris"), ("Where did the officials meet?", "Geneva")]
    paragraphs = [
        {
            "context": context,
            "qas": [
                {
                    "id": f"q{place}",
                    "question": asked,
                    "answers": [{"text": answer, "answer_start": context.index(answer)}],
                }
            ],
        }
        for place, (context, (asked, answer)) in enumerate(zip(CONTEXTS, questions, strict=True))
    ]
    path = tmp_path / "dev.json"
    articles = [{"title": f"t{place}", "paragraphs": [one]} for place, one in enumerate(paragraphs)]
    path.write_text(json.dumps({"data": articles}))
    return path


def test_a_beir_folder_becomes_a_report(beir: Path, tmp_path: Path) -> None:
    (report,) = run(beir, HashingEmbedder(), build, cache=tmp_path / "cache")
    assert report.dataset == str(beir)
    assert report.metrics["ndcg@10"] == report.metrics["recall@1"] == 1.0
    assert report.queries == 1


def test_every_setting_has_its_report_in_order(beir: Path, tmp_path: Path) -> None:
    settings = [
        Setting("right", Weights(dense=0.0, sentence=0.0, lexical=1.0)),
        Setting("upside down", Weights(dense=0.0, sentence=0.0, lexical=-1.0)),
    ]
    reports = run(
        beir, HashingEmbedder(), build, cache=tmp_path / "cache", options=Options(settings=settings)
    )
    assert [one.setting for one in reports] == ["right", "upside down"]
    assert [one.metrics["recall@1"] for one in reports] == [1.0, 0.0]


def test_a_squad_file_can_be_asked_open_closed_and_with_articles_removed(
    squad: Path, tmp_path: Path
) -> None:
    chosen = [Options(), Options(closed=True), Options(removed=0.5)]
    opened, closed, removed = [
        run(squad, HashingEmbedder(), build, cache=tmp_path / "cache", options=options)[0]
        for options in chosen
    ]
    assert opened.metrics["recall@1"] == 1.0
    assert opened.metrics["best_sentence"] == closed.metrics["best_sentence"] == 1.0
    assert (opened.judged, removed.judged) == (2, 1)
    assert sum(one.question.removed for one in removed.outcomes) == 1
    assert len(list((tmp_path / "cache").iterdir())) == 1, "one corpus serves all three"


@pytest.mark.parametrize(
    "options", [Options(closed=True), Options(removed=0.5), Options(split="dev")]
)
def test_what_a_beir_folder_does_not_have_is_refused_before_anything_is_embedded(
    beir: Path, tmp_path: Path, options: Options
) -> None:
    with pytest.raises(InvalidInput, match=r"has no answers|is missing"):
        run(beir, HashingEmbedder(), build, cache=tmp_path / "cache", options=options)
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("options", [Options(closed=True, removed=0.5), Options(removed=1.5)])
def test_what_makes_no_sense_is_refused(squad: Path, tmp_path: Path, options: Options) -> None:
    with pytest.raises(InvalidInput, match="remove"):
        run(squad, HashingEmbedder(), build, cache=tmp_path / "cache", options=options)


def test_settings_are_read_with_the_defaults_of_the_weights(tmp_path: Path) -> None:
    path = tmp_path / "sweep.json"
    path.write_text('[{"name": "lexical", "dense": 0, "sentence": 0}, {"name": "as it is"}]')
    assert read_settings(path) == [
        Setting("lexical", Weights(dense=0.0, sentence=0.0)),
        Setting("as it is", Weights()),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[]", "no settings"),
        ("{}", "must be a JSON list"),
        ('[{"dense": 1}]', '/0: "name" must be a text'),
        ('[{"name": "a"}, {"name": "a"}]', "/1: the setting 'a' is already at"),
        ('[{"name": "a", "dence": 1}]', "/0: 'dence' is not one of: name, dense"),
        ('[{"name": "a", "dense": "1"}]', '/0: "dense" must be a number'),
        ('[{"name": "a", "dense": NaN}]', '/0: "dense" must be a number'),
    ],
)
def test_settings_that_cannot_be_read_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "sweep.json"
    path.write_text(text)
    with pytest.raises(InvalidInput) as caught:
        read_settings(path)
    assert reason in str(caught.value)


def report(dataset: str, setting: str, value: float) -> Report:
    counts = {"queries": 1, "judged": 1, "documents": 1, "empty": 0}
    figures = {"ndcg@10": value}
    return Report(dataset, setting, "open", figures, **counts, seconds=0.0, models={})


def test_the_table_shows_each_set_under_the_setting_that_the_others_would_choose() -> None:
    figures = {"x": (0.9, 0.1, 0.2), "y": (0.5, 0.6, 0.3)}
    reports = [
        report(f"data/{dataset}", setting, value)
        for setting, values in figures.items()
        for dataset, value in zip("abc", values, strict=True)
    ]
    assert table(reports, "ndcg@10") == [
        ["", "data/a", "data/b", "data/c", "mean"],
        ["x", "0.9000", "0.1000", "0.2000", "0.4000"],
        ["y", "0.5000", "0.6000", "0.3000", "0.4667"],
        # Without a: y, by .45 to .15. Without b: x, by .55 to .4. Without c: y, by .55 to .5.
        ["best on the other sets", "0.5000", "0.1000", "0.3000", "0.3000"],
    ]


def test_of_a_single_set_nothing_can_be_left_out() -> None:
    rows = table([report("data/a", "x", 0.9), report("data/a", "y", 0.5)], "ndcg@10")
    assert rows[1:] == [["x", "0.9000", "0.9000"], ["y", "0.5000", "0.5000"]]
