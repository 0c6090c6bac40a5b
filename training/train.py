"""Trains the network; resumes from its last checkpoint, and logs what it measures on the way."""

import csv
import json
import logging
import time
from collections.abc import Collection, Sequence
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
from training.samples import MIX, Batch, Mix, batches
from training.start import started

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
    mix: Mix = MIX
    rate: float = 1.5e-4
    warmup: int = 200
    """Steps over which the rate rises."""
    cooling: float = 0.3
    """The share of the steps, at the end, over which the rate falls to nothing; what was learnt
    before can be gone on from (Hägele et al. 2024, arXiv 2405.18392)."""
    decay: float = 0.01
    spans: float = 1.0
    """Weight of the loss of starts and ends; 0 trains a model that only ranks."""
    relevance: float = 0.5
    """Weight of the ranking loss; 0 trains a model that only marks."""
    distilled: float = 0.5
    """Share of a teacher's say in where the spans are, where there is one (Hinton et al. 2015,
    arXiv 1503.02531)."""
    seed: int = 1
    every: int = 500
    """Steps between checkpoints."""
    asked: int = 40
    """Held-out questions of each source that are asked at a checkpoint."""
    parts: int = 4
    """A batch goes through the network in so many, each of windows of about one length."""
    bf16: bool = False
    """Matrices are multiplied in bfloat16, which is faster where the CPU can (AVX512-BF16, AMX);
    weights, sums over tokens and the loss stay in float32."""


def train(
    folder: Path,
    encoder: Path,
    sources: Sequence[Source],
    tokenizer: Any,
    plan: Plan,
    *,
    teacher: ReaderNetwork | None = None,
    at: Path | None = None,
    without: Collection[str] = (),
) -> ReaderNetwork:
    """Train from the encoder or the weights `at`, or go on where the folder's checkpoint stands.

    Nothing is learnt from the sources `without`; all are measured.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.json").write_text(json.dumps(asdict(plan), indent=1) + "\n")
    torch.manual_seed(plan.seed)
    network = started(encoder, layers=plan.layers, at=at)
    optimizer = torch.optim.AdamW(network.parameters(), lr=plan.rate, weight_decay=plan.decay)
    step = _resume(folder, network, optimizer)
    network.train()
    losses: list[float] = []
    start, done = time.perf_counter(), step
    size, seed = plan.questions, plan.seed
    learnt = [one for one in sources if one.name not in without]
    for batch in batches(learnt, tokenizer, questions=size, seed=seed, skip=step, mix=plan.mix):
        if step >= plan.steps:
            break
        for group in optimizer.param_groups:
            group["lr"] = plan.rate * _schedule(step, plan)
        told = None
        if teacher is not None:
            with torch.inference_mode():
                told = forward(teacher, batch.inputs, plan)
        value = loss(forward(network, batch.inputs, plan), batch, plan, teacher=told)
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
            with _multiplying(plan):
                figures = measure(network, sources, tokenizer, questions=plan.asked)
            network.train()
            _write(folder / LOG, {"step": step, "loss": _mean(losses[-plan.every :])} | figures)
            log.info("step %d: %s", step, ", ".join(f"{k} {v:.3f}" for k, v in figures.items()))
    return network.eval()


def forward(network: ReaderNetwork, inputs: dict[str, Tensor], plan: Plan) -> Marks:
    """The same as of all windows at once, with less padding."""
    lengths = inputs["attention_mask"].sum(1)
    order = lengths.argsort()
    found = []
    for rows in order.chunk(plan.parts):
        longest = int(lengths[rows].max())
        with _multiplying(plan):
            marks = network(**{name: one[rows, :longest] for name, one in inputs.items()})
        missing = (0, inputs["input_ids"].shape[1] - longest)
        padded = (functional.pad(one, missing) for one in (marks.starts, marks.ends))
        found.append((*padded, marks.relevance))
    back = order.argsort()
    return Marks(*(torch.cat(each)[back].float() for each in zip(*found, strict=True)))


def _multiplying(plan: Plan) -> torch.autocast:
    return torch.autocast("cpu", torch.bfloat16, enabled=plan.bf16)


def loss(marks: Marks, batch: Batch, plan: Plan, *, teacher: Marks | None = None) -> Tensor:
    """Starts and ends over all windows of a question at once, and each window's relevance."""
    pairs = [(marks.starts, batch.starts), (marks.ends, batch.ends)]
    span = sum(_missed(_shares(logits, batch), batch, right) for logits, right in pairs)
    if teacher is not None:
        both = [(marks.starts, teacher.starts), (marks.ends, teacher.ends)]
        soft = sum(_apart(_shares(own, batch), _shares(its, batch), batch) for own, its in both)
        span = (1 - plan.distilled) * span + plan.distilled * soft
    relevance = functional.binary_cross_entropy_with_logits(marks.relevance, batch.relevant)
    return plan.spans * span / 2 + plan.relevance * relevance


def _shares(logits: Tensor, batch: Batch) -> Tensor:
    """Of each question log-probabilities: of "no answer", then of all its windows' tokens."""
    low = torch.finfo(logits.dtype).min / 4
    tokens = _by_question(logits.masked_fill(~batch.allowed, low), batch)
    return torch.cat([tokens.new_zeros(len(tokens), 1), tokens], 1).log_softmax(1)


def _missed(shares: Tensor, batch: Batch, right: Tensor) -> Tensor:
    """Cross-entropy of the right tokens, or of "no answer"."""
    tokens = _by_question(right, batch)
    hit = torch.cat([~tokens.any(1, keepdim=True), tokens], 1)
    return _located(-shares.masked_fill(~hit, -torch.inf).logsumexp(1), batch)


def _apart(shares: Tensor, wanted: Tensor, batch: Batch) -> Tensor:
    """Cross-entropy with what the teacher says."""
    return _located(-(wanted.exp() * shares).sum(1), batch)


def _by_question(rows: Tensor, batch: Batch) -> Tensor:
    """A question's windows follow one another, as many of each question."""
    return rows.reshape(len(batch.located), -1)


def _located(told: Tensor, batch: Batch) -> Tensor:
    """Of a question whose answer is in a known text at an unknown place only the text is learnt."""
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
