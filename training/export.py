"""From a trained network to the file that ships, and a check that both say the same."""

import logging
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor, nn

from training.network import ReaderNetwork

log = logging.getLogger(__name__)

OPSET = 17
INPUTS = ("words", "mask", "types")
OUTPUTS = ("starts", "ends", "relevance")
LARGE = 1024
"""Values of a tensor that is worth halving."""


class _Graph(nn.Module):
    """The network from its word embeddings on: those the encoder already carries."""

    def __init__(self, network: ReaderNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, words: Tensor, mask: Tensor, types: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        marks = self.network.read(words, mask, types)
        return marks.starts, marks.ends, marks.relevance


def export(network: ReaderNetwork, path: Path) -> None:
    """As an ONNX graph in float32; sizes of batch and window are free."""
    words = torch.randn(2, 9, network.encoder.config.hidden_size)
    mask = torch.ones(2, 9, dtype=torch.long)
    mask[1, 5:] = 0  # of an example without padding the mask would be left out
    axes = {0: "windows", 1: "tokens"}
    free = dict.fromkeys((*INPUTS, "starts", "ends"), axes) | {"relevance": {0: "windows"}}
    torch.onnx.export(
        _Graph(network).eval(),
        (words, mask, mask),
        str(path),
        input_names=list(INPUTS),
        output_names=list(OUTPUTS),
        dynamic_axes=free,
        opset_version=OPSET,
        dynamo=False,
    )
    _check(network, path, tolerance=1e-3)


def halved(path: Path, target: Path) -> None:
    """The same graph with its weights in float16, cast back when it is loaded."""
    model = onnx.load(path)
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.size >= LARGE:
            name = tensor.name
            half = numpy_helper.from_array(values.astype(np.float16), f"{name}.half")
            tensor.CopyFrom(half)
            casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.save(model, target)


def quantised(path: Path, target: Path) -> None:
    """The same graph with 8-bit weights, a scale a column, and activations scaled as they come.

    Seven of the bits are used: without VNNI the products of eight would overflow 16 bits.
    """
    ready = target.with_suffix(".prepared.onnx")
    quant_pre_process(str(path), str(ready), skip_symbolic_shape=True)
    quantize_dynamic(
        ready,
        target,
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul", "Gemm"],
    )
    ready.unlink()


def _check(network: ReaderNetwork, path: Path, *, tolerance: float) -> None:
    """Raises ValueError where the exported graph does not say what the network says."""
    words = torch.randn(3, 40, network.encoder.config.hidden_size)
    mask = torch.ones(3, 40, dtype=torch.long)
    types = torch.zeros(3, 40, dtype=torch.long)
    mask[1, 25:] = 0
    types[:, 9:] = 1
    with torch.inference_mode():
        marks = network.read(words, mask, types)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    given = {"words": words.numpy(), "mask": mask.numpy(), "types": types.numpy()}
    found = session.run(list(OUTPUTS), given)
    seen = mask.bool().numpy()
    apart = max(
        float(np.abs(found[0] - marks.starts.numpy())[seen].max()),
        float(np.abs(found[1] - marks.ends.numpy())[seen].max()),
        float(np.abs(found[2] - marks.relevance.numpy()).max()),
    )
    log.info("%s: largest difference to the network %.2g", path.name, apart)
    if apart > tolerance:
        raise ValueError(f"{path} differs from the network by {apart:.2g}")
