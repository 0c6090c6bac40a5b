"""Trains the network; resumes from its last checkpoint, and logs what it measures on the way."""

import csv
import json
import logging
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from index.derived import write_atomically
from training.data import Source
from training.measure import measure
from training.network import Marks, ReaderNetwork
from training.samples import Batch, batches

log = logging.getLogger(__name__)

CHECKPOINT = "checkpoint.pt"
LOG = "log.csv"


@dataclass(frozen=True, slots=True)
class Plan:
    """How a network is trained."""

    steps: int = 3500
    layers: int = 0
    """Of the encoder; 0 keeps all."""
    questions: int = 16
    """In a batch."""
    windows: int = 2
    """For each question."""
    rate: float = 1.5e-4
    warmup: int = 200
    """Steps over which the rate rises."""
    cooling: float = 0.3
    """The share of the steps, at the end, over which the rate falls to nothing; what was learnt
    before can be gone on from (Hägele et al. 2024, arXiv 2405.18392)."""
    decay: float = 0.01
    relevance: float = 0.5
    """Weight of the ranking loss."""
    seed: int = 1
    every: int = 500
    """Steps between checkpoints."""
    parts: int = 4
    """A batch goes through the network in so many, each of windows of about one length."""


def train(
    folder: Path, encoder: Path, sources: Sequence[Source], tokenizer: Any, plan: Plan
) -> ReaderNetwork:
    """Train, or go on where the folder's checkpoint stands."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.json").write_text(json.dumps(asdict(plan), indent=1) + "\n")
    torch.manual_seed(plan.seed)
    network = ReaderNetwork.from_encoder(encoder, layers=plan.layers)
    optimizer = torch.optim.AdamW(network.parameters(), lr=plan.rate, weight_decay=plan.decay)
    step = _resume(folder, network, optimizer)
    network.train()
    losses: list[float] = []
    start, done = time.perf_counter(), step
    for batch in batches(
        sources,
        tokenizer,
        questions=plan.questions,
        windows=plan.windows,
        seed=plan.seed,
        skip=step,
    ):
        if step >= plan.steps:
            break
        for group in optimizer.param_groups:
            group["lr"] = plan.rate * _schedule(step, plan)
        value = loss(forward(network, batch.inputs, plan.parts), batch, plan.relevance)
        optimizer.zero_grad(set_to_none=True)
        value.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        losses.append(value.item())
        step += 1
        if step % 50 == 0:
            rate = (step - done) / (time.perf_counter() - start)
            log.info(
                "step %d of %d, loss %.3f, %.2f steps/s",
                step,
                plan.steps,
                _mean(losses[-50:]),
                rate,
            )
        if step % plan.every == 0 or step == plan.steps:
            _save(folder, network, optimizer, step, plan)
            network.eval()
            figures = measure(network, sources, tokenizer)
            network.train()
            _write(folder / LOG, {"step": step, "loss": _mean(losses[-plan.every :])} | figures)
            log.info("step %d: %s", step, ", ".join(f"{k} {v:.3f}" for k, v in figures.items()))
    return network.eval()


def forward(network: ReaderNetwork, inputs: dict[str, Tensor], parts: int) -> Marks:
    """The same as of all windows at once, with less padding."""
    lengths = inputs["attention_mask"].sum(1)
    order = lengths.argsort()
    found = []
    for rows in order.chunk(parts):
        longest = int(lengths[rows].max())
        marks = network(**{name: one[rows, :longest] for name, one in inputs.items()})
        missing = (0, inputs["input_ids"].shape[1] - longest)
        padded = (functional.pad(one, missing) for one in (marks.starts, marks.ends))
        found.append((*padded, marks.relevance))
    back = order.argsort()
    return Marks(*(torch.cat(each)[back] for each in zip(*found, strict=True)))


def loss(marks: Marks, batch: Batch, weight: float) -> Tensor:
    """Starts and ends over all windows of a question at once, and each window's relevance."""
    questions = len(batch.located)
    span = sum(
        _shared(logits, batch, right, questions)
        for logits, right in ((marks.starts, batch.starts), (marks.ends, batch.ends))
    )
    relevance = functional.binary_cross_entropy_with_logits(marks.relevance, batch.relevant)
    return span / 2 + weight * relevance


def _shared(logits: Tensor, batch: Batch, right: Tensor, questions: int) -> Tensor:
    """Cross-entropy of the right tokens, or of "no answer" at 0, over each question's tokens."""
    low = torch.finfo(logits.dtype).min / 4
    rows = torch.full((questions, 1), 0.0)
    every, good = [], []
    for number in range(questions):
        mine = batch.group == number
        tokens = logits[mine].masked_fill(~batch.allowed[mine], low).flatten()
        every.append(torch.cat([rows[number], tokens]).logsumexp(0))
        hit = right[mine].flatten()
        good.append(tokens[hit].logsumexp(0) if hit.any() else rows[number, 0])
    told = torch.stack(every) - torch.stack(good)
    # Of a question whose answer is known to be in a text but not where, only the text is learnt.
    return (told * batch.located).sum() / batch.located.sum().clamp(min=1)


def _schedule(step: int, plan: Plan) -> float:
    """Linear up, level, and linear down."""
    return min(1.0, (step + 1) / plan.warmup, (plan.steps - step) / (plan.cooling * plan.steps))


def _resume(folder: Path, network: ReaderNetwork, optimizer: torch.optim.Optimizer) -> int:
    path = folder / CHECKPOINT
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True)
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    if "random" in state:
        torch.set_rng_state(state["random"])
    log.info("going on from step %d", state["step"])
    return int(state["step"])


def _save(
    folder: Path, network: ReaderNetwork, optimizer: torch.optim.Optimizer, step: int, plan: Plan
) -> None:
    state = {
        "network": network.state_dict(),
        "optimizer": optimizer.state_dict(),
        "step": step,
        "plan": asdict(plan),
        "random": torch.get_rng_state(),
    }
    write_atomically(folder / CHECKPOINT, lambda path: torch.save(state, path))


def _write(path: Path, row: dict[str, float]) -> None:
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, row)
        if new:
            writer.writeheader()
        writer.writerow(row)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / max(len(values), 1)
