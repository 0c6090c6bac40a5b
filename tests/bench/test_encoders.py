import json
from pathlib import Path

import numpy as np
import pytest

from bench.encoders import Figures, Texts, measured, ndcg, report, texts, variants
from bench.sets import named
from index.embedders.hashing import HashingEmbedder
from index.embedders.sentence_transformers import SentenceTransformerEmbedder
from qa.cached import silent


@pytest.fixture
def texts_of_seeds() -> Texts:
    return texts(named("seeds"), 12)


def test_passages_are_cut_as_the_index_has_them(texts_of_seeds: Texts) -> None:
    assert len(texts_of_seeds.passages) == len(texts_of_seeds.sentences) == 12
    assert len(texts_of_seeds.questions) > 50
    for text, spans in zip(texts_of_seeds.passages, texts_of_seeds.sentences, strict=True):
        assert (spans[0][0], spans[-1][1]) == (0, len(text))


def test_every_encoder_is_measured_beside_the_first(texts_of_seeds: Texts) -> None:
    embedders = {"one": HashingEmbedder(), "same": HashingEmbedder()}
    scores = {"one": {"a set": 0.5}, "same": {"a set": 0.25}}
    found = measured(embedders, texts_of_seeds, scores, rounds=2, progress=silent)
    assert [one.name for one in found] == ["one", "same"]
    for one in found:
        assert one.cosines == pytest.approx((1, 1))
        assert min(one.passages_per_s, one.questions_per_s, one.question_ms) > 0
    assert [one.found for one in found] == [{"a set": 0.5}, {"a set": 0.25}]


def test_the_table_has_a_column_for_every_set() -> None:
    lines = report([Figures("ours", 123.4, 1.26, 700.0, (0.99996, 0.9991), {"a": 0.5})])
    assert lines.splitlines()[0].endswith("| cosine, mean (least) | a |")
    assert lines.splitlines()[2] == "| ours | 123 | 1.3 | 700 | 1.0000 (0.9991) | 0.5000 |"


def test_what_is_found_is_judged_as_the_evaluation_does(tmp_path: Path) -> None:
    for name, rows in (
        ("corpus", [{"_id": "a", "title": "", "text": "A ferry sank."}]),
        ("queries", [{"_id": "1", "text": "which ferry sank?"}]),
    ):
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / f"{name}.jsonl").write_text(lines)
    (tmp_path / "qrels.tsv").write_text("1\ta\t1\n")
    assert ndcg(str(tmp_path), HashingEmbedder(), tmp_path / "cache") == 1


@pytest.mark.model
@pytest.mark.slow
def test_each_runtime_gives_the_vectors_of_the_reference(
    tmp_path: Path, texts_of_seeds: Texts
) -> None:
    limits = (0.99999, 0.9999, 0.97, 0.9999, 0.999)
    found = {
        name: one.embed_queries(texts_of_seeds.questions)
        for name, one in variants(tmp_path).items()
    }
    reference, *_ = found.values()
    again = SentenceTransformerEmbedder().embed_queries(texts_of_seeds.questions)
    assert float(np.min((again * reference).sum(axis=1))) > 0.99999, "the exports changed it"
    for limit, (name, rows) in zip(limits, found.items(), strict=True):
        assert float(np.min((rows * reference).sum(axis=1))) > limit, name
    small = found["ONNX Runtime int8, dynamic, per channel"]
    assert float(np.min((small * reference).sum(axis=1))) < 0.995, "another network ran"
