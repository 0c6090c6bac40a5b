"""How fast this index answers, stage by stage, and what would make it faster."""

import json
import os
import re
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from api.client import Client
from api.doors import Desk
from api.schemas import AskRequest
from api.schemas_articles import ArticleList
from api.settings import Settings
from index.embedders.weights import PACKAGED
from index.errors import InvalidInput

STAGES = ("embed", "retrieve", "read", "total")
SHARES = (50, 95, 99)
AT_ONCE = 4
"""Questions at a time where throughput is measured."""
PAGE = 200
WORDS = 12
"""Of a sentence that a question is made of."""
SENTENCE = re.compile(r"(?<=[.!?…。！？])\s+|\n+")
WARM_UP = "What happened today?"

SLOW_MS = 60.0
"""A median above is worth advice: what the packaged models take on two cores is well below."""
UNEVEN = 4
"""So many times the median, and the slow questions have reasons of their own."""
LARGE = 0.6
"""Of the machine's memory."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What the figures depend on, besides articles and settings."""

    cores: int
    load: float
    """Programs that had a core or waited for one, in the last minute."""
    memory_mb: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What was asked where, and the figures."""

    metrics: Mapping[str, float]
    """`embed_p50` and the like in milliseconds, `per_second`, and here also `memory_mb`."""
    questions: int
    articles: int
    passages: int
    models: Mapping[str, str]
    settings: Settings
    machine: Machine

    def to_json(self) -> dict[str, object]:
        """The one object of `--json`."""
        return {
            "metrics": dict(self.metrics),
            "questions": self.questions,
            "at_once": AT_ONCE,
            "articles": self.articles,
            "passages": self.passages,
            "models": dict(self.models),
            "cores": self.machine.cores,
            "advice": advice(self),
        }


def measure(door: Desk, settings: Settings, asked: Sequence[str]) -> Measured:
    """Ask the first half one by one and the others several at once: no question comes twice."""
    _ask(door, WARM_UP)
    half = (len(asked) + 1) // 2
    taken = [_ask(door, one) for one in asked[:half]]
    metrics = by_stage(taken)
    begun = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        at_once = list(pool.map(lambda one: _ask(door, one), asked[half:]))
    if at_once:
        metrics["per_second"] = len(at_once) / (time.perf_counter() - begun)
    if (resident := _resident(door)) is not None:
        metrics["memory_mb"] = resident
    articles = door.articles(1).total
    return Measured(metrics, len(asked), articles, _size(door), _models(door), settings, _machine())


def by_stage(taken: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Percentiles of each stage's milliseconds."""
    return {
        f"{stage}_p{share}": float(np.percentile([one[stage] for one in taken], share))
        for stage in STAGES
        for share in SHARES
    }


def asked_from(door: Desk, count: int) -> list[str]:
    """Questions from the articles: their titles, then the sentences of their texts."""
    found = _different(_made(door), count)
    if not found:
        raise InvalidInput("there is nothing in the articles to make questions of")
    return found


def asked_in(path: Path, count: int) -> list[str]:
    """The questions of a file: one a line, as text or as JSON with `question` or `text`."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise InvalidInput(f"{path} is no text in UTF-8") from None
    found = _different((_question(path, *one) for one in enumerate(lines, 1)), count)
    if not found:
        raise InvalidInput(f"{path} has no questions")
    return found


def advice(found: Measured) -> list[str]:
    """What to change, what helps most first; empty where nothing is slow or large."""
    metrics, told = found.metrics, []
    if metrics["total_p50"] > SLOW_MS:
        told.append(_slow(found))
    if metrics["total_p95"] > UNEVEN * metrics["total_p50"]:
        told.append(
            "one question in twenty takes more than four times as long as half of them: look for "
            "other work on this machine; `budget_ms` in a POST bounds what reading takes"
        )
    return told if found.settings.url else told + list(_of_the_machine(found))


def _of_the_machine(found: Measured) -> Iterator[str]:
    machine = found.machine
    if machine.load > machine.cores + AT_ONCE:
        yield (
            f"{machine.load:.0f} programs wanted the {machine.cores} cores at once: measure again "
            "when the others have ended, or give the service cores of its own"
        )
    if found.metrics["memory_mb"] > LARGE * machine.memory_mb:
        yield (
            f"{found.metrics['memory_mb']:,.0f} of {machine.memory_mb:,.0f} MB are in use: remove "
            "what is old (`qa rm`), or take a machine with more"
        )


def _slow(found: Measured) -> str:
    stages = [one for one in STAGES if one != "total"]
    slowest = max(stages, key=lambda stage: found.metrics[f"{stage}_p50"])
    share = found.metrics[f"{slowest}_p50"] / found.metrics["total_p50"]
    return f"{NAMES[slowest]} takes {share:.0%} of the time: {CURES[slowest](found)}"


def _embed(found: Measured) -> str:
    settings, cores = found.settings, found.machine.cores
    if 0 < settings.threads < cores:
        return f"QA_THREADS={settings.threads} leaves {cores} cores unused; unset it"
    if found.models["embed"] != PACKAGED:
        return f"{found.models['embed']} is larger than the packaged model, which may do as well"
    return "it gains by faster cores, and by leaving them to it"


def _retrieve(found: Measured) -> str:
    if found.settings.engine == "exact":
        return "QA_ENGINE=exact compares with every vector; unset it"
    return (
        f"{found.passages:,} passages are searched; what need not be searched together can have a "
        "folder and a server of its own"
    )


def _read(found: Measured) -> str:
    if found.settings.reader == "none":
        return "fewer passages with fewer sentences would be read sooner; nothing can be set"
    if found.settings.reader:
        return f"{found.settings.reader} is larger than the packaged reader; unset QA_READER"
    return "`budget_ms` in a POST bounds it; QA_READER=none answers with whole sentences instead"


NAMES = {"embed": "encoding the question", "retrieve": "finding passages", "read": "reading them"}
CURES: Mapping[str, Callable[[Measured], str]] = {
    "embed": _embed,
    "retrieve": _retrieve,
    "read": _read,
}


def _ask(door: Desk, question: str) -> dict[str, float]:
    """Milliseconds by stage."""
    return door.ask(AskRequest.model_validate({"q": question})).timing_ms.model_dump()


def _size(door: Desk) -> int:
    """Passages."""
    if isinstance(door, Client):
        return int(door.measured("dateline_index", what="passages") or 0)
    return door.counts().passages


def _resident(door: Desk) -> float | None:
    """Megabytes now, and here the most so far: Linux tells it in kilobytes, macOS in bytes."""
    if isinstance(door, Client):
        there = door.measured("process_resident_memory_bytes")
        return there and there / 1e6
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6


def _models(door: Desk) -> Mapping[str, str]:
    if isinstance(door, Client):
        return door.about().models
    return {"embed": door.embedder, "read": door.reader}


def _pages(door: Desk) -> Iterator[ArticleList]:
    page = door.articles(PAGE)
    yield page
    while page.next_cursor:
        page = door.articles(PAGE, page.next_cursor)
        yield page


def _made(door: Desk) -> Iterator[str]:
    """Titles first, as they are most like what is asked; then the sentences of all texts."""
    yield from (one.title for page in _pages(door) for one in page.data)
    for page in _pages(door):
        for one in page.data:
            for sentence in SENTENCE.split(door.text(one.id)):
                yield " ".join(sentence.split()[:WORDS])


def _different(questions: Iterable[str], count: int) -> list[str]:
    """The first of them, none twice."""
    seen: dict[str, None] = {}
    for one in questions:
        if len(one.split()) > 1:
            seen.setdefault(one.strip())
        if len(seen) == count:
            break
    return list(seen)


def _question(path: Path, number: int, line: str) -> str:
    if not line.lstrip().startswith("{"):
        return line
    try:
        value = json.loads(line)
    except ValueError as error:
        raise InvalidInput(f"{path}, line {number}: is not JSON: {error}") from None
    return f"{value.get('question') or value.get('text') or ''}"


def _machine() -> Machine:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e6
    return Machine(os.cpu_count() or 1, os.getloadavg()[0], memory)
