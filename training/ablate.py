"""What each part of the training is worth: runs that are alike but for one thing."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from training.data import Source
from training.samples import Mix
from training.start import started
from training.train import LOG, Plan, train

TABLE = Path("training/ablations.csv")
SHOWN = ("f1", "f1_error", "em", "rank", "answerable_ap", "relevance_ap")
SHORT = Mix(whole=0.0, longest=2)
BASE = Plan(
    steps=300,
    layers=3,
    questions=8,
    rate=3e-4,
    warmup=50,
    cooling=0.7,
    every=300,
    asked=75,
    parts=2,
    mix=SHORT,
    bf16=True,
)
"""Small enough that all of them together take half an hour of two cores."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One run."""

    name: str
    plan: Plan = BASE
    without: str = ""
    taught: bool = False
    """Whether it learns from the weights that ship as well."""


def variants(sources: Iterable[str], base: Plan = BASE) -> Iterator[Variant]:
    """The base, and what differs from it in one thing; most wanted first."""
    yield Variant("three layers and both heads", base)
    yield Variant("six layers", replace(base, layers=6))
    yield Variant("spans only", replace(base, relevance=0.0))
    yield Variant("relevance only", replace(base, spans=0.0))
    yield Variant("taught by what ships", base, taught=True)
    for name in sources:
        yield Variant(f"without {name}", base, without=name)
    yield Variant("no altered questions", replace(base, mix=replace(base.mix, altered=0.0)))
    yield Variant("no windows beside the answer", replace(base, mix=replace(base.mix, beside=0.0)))


def ablate(
    work: Path,
    encoder: Path,
    sources: Sequence[Source],
    tokenizer: Any,
    *,
    shipped: Path,
    base: Plan = BASE,
    table: Path = TABLE,
) -> None:
    """Train every variant that the table has not, and add a row for it."""
    learnt = [one.name for one in sources if any(not item.held_out for item in one.items)]
    for variant in variants(learnt, base):
        if any(row["variant"] == variant.name for row in rows(table)):
            continue
        folder = work / "ablations" / variant.name.replace(" ", "-")
        teacher = started(encoder, at=shipped).eval() if variant.taught else None
        left_out = {variant.without}
        train(folder, encoder, sources, tokenizer, variant.plan, teacher=teacher, without=left_out)
        with (folder / LOG).open(newline="") as file:
            last = list(csv.DictReader(file))[-1]
        _add(table, {"variant": variant.name, **last})


def rows(table: Path) -> list[dict[str, str]]:
    """What was measured so far."""
    if not table.exists():
        return []
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


def markdown(table: Path) -> str:
    """The table as the model card has it."""
    head = [["variant", *SHOWN], ["---", *["---:"] * len(SHOWN)]]
    lines = [
        [row["variant"], *(f"{float(row[key]):.3f}".lstrip("0") for key in SHOWN)]
        for row in rows(table)
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in head + lines)


def _add(table: Path, row: dict[str, str]) -> None:
    new = not table.exists()
    with table.open("a", newline="") as file:
        writer = csv.DictWriter(file, row, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)
