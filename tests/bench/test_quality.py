from pathlib import Path

import numpy as np
import pytest

from bench.quality import judged, searched, task_of
from index.embedders.hashing import HashingEmbedder
from index.identity import new_article
from qa.cached import collected
from qa.calibrate import Calibration
from qa.evaluate import Setting, evaluate
from qa.pipeline import Pipeline
from qa.questions import Dataset, Question
from qa.read import SentenceReader
from qa.retrieve import HybridRetriever, Weights

ARTICLES = (
    new_article(external_id="long", title="Talks", text=" ".join(["One two three four."] * 60)),
    new_article(external_id="short", text="Five six seven."),
)
DATASET = Dataset(
    "set",
    "beir",
    ARTICLES,
    (Question("1", "five six", {"short": 1}), Question("2", "two", {"long": 1})),
)


def test_a_document_counts_as_its_best_row() -> None:
    owners = ["long", "short", "long"]
    hits = [[(1, 0.4), (0, 0.5), (2, 0.1)], [(0, 0.1), (1, 0.2), (2, 0.3)]]
    discounted = 1 / np.log2(3)  # the right document is second for the first question
    assert judged(DATASET, owners, hits) == {
        "ndcg@10": pytest.approx((discounted + 1) / 2),
        "recall@1": 0.5,
        "mrr@10": 0.75,
    }


def test_a_question_that_nothing_is_found_for_counts_as_wrong() -> None:
    assert judged(DATASET, ["short"], [[(0, 1.0)], []])["recall@1"] == 0.5


def test_txtai_gets_the_passages_that_we_embed_in_the_order_of_their_vectors(
    tmp_path: Path,
) -> None:
    embedder = HashingEmbedder()
    with collected(DATASET, embedder, tmp_path) as corpus:
        task = task_of(DATASET, corpus, list(corpus.store.all_passages()), share=True)
    assert task.documents == ["long", "long", "long", "short"]
    assert task.texts[0].startswith("Talks\nOne two")
    assert task.texts[3] == "Five six seven."
    assert task.questions == ["five six", "two"]
    assert task.vectors
    # The store keeps 8 bits of each number.
    np.testing.assert_allclose(task.vectors[0], embedder.embed_queries(task.texts), atol=3e-3)
    np.testing.assert_array_equal(task.vectors[1], embedder.embed_queries(task.questions))


def test_our_side_finds_what_the_evaluation_finds(tmp_path: Path) -> None:
    with collected(DATASET, HashingEmbedder(), tmp_path) as corpus:
        pipeline = Pipeline(
            HybridRetriever(corpus), SentenceReader(corpus.lexical, Calibration.load())
        )
        passages = list(corpus.store.all_passages())
        task = task_of(DATASET, corpus, passages, share=False)
        for weights in (None, Weights(dense=0, sentence=0, lexical=1)):
            hits = searched(pipeline, task, passages, weights=weights)
            figures = evaluate(DATASET, pipeline, setting=Setting("", weights)).metrics
            found = judged(DATASET, task.documents, hits)
            assert found == {name: figures[name] for name in found}
            assert found["recall@1"] == 1
