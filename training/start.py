"""What a run starts from: an encoder's weights, what ships, or another run's checkpoint."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from training.network import ReaderNetwork

PREFIX = "network."
"""Before the names that the weights keep in an exported graph."""


def started(encoder: Path, *, layers: int = 0, at: Path | None = None) -> ReaderNetwork:
    """A network on the weights of `encoder`, or on those of a graph (.onnx) or a checkpoint.

    A graph or a checkpoint says itself how many layers it has.
    """
    if at is None:
        return ReaderNetwork.from_encoder(encoder, layers=layers)
    weights = of_graph(at) if at.suffix == ".onnx" else _of_checkpoint(at)
    count = 1 + max(int(name.split(".")[3]) for name in weights if ".layer." in name)
    network = ReaderNetwork.from_encoder(encoder, layers=count)
    network.load_state_dict(network.state_dict() | weights)
    return network


def averaged(paths: Sequence[Path]) -> dict[str, Tensor]:
    """The mean of the weights of checkpoints; one that is named twice counts twice.

    Runs that one went on from the other, or that began at the same weights, do better together
    than each alone (Wortsman et al. 2022, arXiv 2203.05482).
    """
    found = [_of_checkpoint(path) for path in paths]
    return {
        name: torch.stack([one[name] for one in found]).mean(0)
        if first.is_floating_point()
        else first
        for name, first in found[0].items()
    }


def of_graph(path: Path) -> dict[str, Tensor]:
    """All weights but the word embeddings, which a graph is given; of 8 bits times their scales.

    Matrices lose their names in the export; the operations that use them keep their modules'.
    """
    graph = onnx.load(path).graph
    values = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    found = {
        name.removeprefix(PREFIX): value
        for name, value in values.items()
        if name.startswith(PREFIX) and name.endswith((".weight", ".bias"))
    }
    for node in graph.node:
        if node.op_type == "MatMulInteger":
            name = node.input[1].removesuffix("_quantized")
            matrix = values[f"{name}_quantized"].astype(np.float32) * values[f"{name}_scale"]
            module = node.name.rpartition("/")[0].strip("/").replace("/", ".")
            found[f"{module}.weight"] = matrix.T
    return {name: torch.tensor(value) for name, value in found.items()}


def _of_checkpoint(path: Path) -> dict[str, Tensor]:
    weights: dict[str, Tensor] = torch.load(path, weights_only=True)["network"]
    return weights
