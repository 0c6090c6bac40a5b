"""The figures of speed: what each row is, what is wanted of it, and every run behind it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

OURS, THEIRS = "Dateline", "txtai"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: in what unit, and what is wanted of us."""

    title: str
    unit: str
    digits: int = 1
    higher: bool = False
    """Whether more is better."""
    limit: float | None = None
    """What our median has to reach: at most, or at least, so much."""
    times: float | None = None
    """And so many times better than txtai's, or than the row `beside` of our own."""
    beside: str = ""


ROWS: Mapping[str, Row] = {
    "search_p50": Row("a search, one client, p50", "ms", limit=6, times=5),
    "search_p95": Row("a search, one client, p95", "ms"),
    "many_per_s": Row("searches, 16 clients", "/s", 0, higher=True, limit=350, times=10),
    "many_p95": Row("a search, 16 clients, p95", "ms", limit=90),
    "again_p50": Row("the same search again, one client, p50", "ms"),
    "ask_p50": Row("an answer, one client, p50", "ms", limit=60),
    "ask_p95": Row("an answer, one client, p95", "ms"),
    "ingest_per_s": Row("passages taken in", "/s", 0, higher=True, limit=91, times=3.5),
    "idle_p95": Row("a search before ingest, p95", "ms"),
    "busy_p95": Row("a search while articles come in, p95", "ms", times=1 / 3, beside="idle_p95"),
    "restart_s": Row("from start to ready", "s", limit=2.5),
    "cold_s": Row("one question, a process of its own", "s", limit=1.5),
    "overhead_p50": Row("HTTP and JSON beside encoding and retrieval, p50", "ms", 2, limit=0.7),
    "megabytes": Row("resident after 1,000 questions", "MB", 0, limit=450, times=2),
    "server_ms": Row("processor time of the server a search, 16 clients", "ms"),
    "client_ms": Row("processor time of the client a search, 16 clients", "ms", 2),
}

Values = dict[str, dict[str, list[float]]]
"""By row and system, a figure a run; runs of the same place were made one after the other."""


@dataclass(frozen=True, slots=True)
class Figures:
    """All that was measured, and of what."""

    about: dict[str, Any] = field(default_factory=dict)
    rows: Values = field(default_factory=dict)
    curves: dict[str, dict[str, list[list[float]]]] = field(default_factory=dict)
    """By plot and system, points."""

    def add(self, row: str, system: str, value: float) -> None:
        """A run's figure."""
        self.rows.setdefault(row, {}).setdefault(system, []).append(value)

    def point(self, curve: str, system: str, *values: float) -> None:
        """Something to be drawn."""
        self.curves.setdefault(curve, {}).setdefault(system, []).append([*values])

    def over(self, earlier: "Figures") -> "Figures":
        """These, and of the earlier ones what was not measured again."""
        return Figures(
            earlier.about | self.about, earlier.rows | self.rows, earlier.curves | self.curves
        )

    def save(self, path: Path) -> None:
        """As JSON, with what is wanted beside it."""
        wanted = {name: asdict(row) for name, row in ROWS.items()}
        path.write_text(json.dumps(asdict(self) | {"wanted": wanted}, indent=1) + "\n")


def load(path: Path) -> Figures:
    """What `save` wrote."""
    found = json.loads(path.read_text())
    return Figures(found["about"], found["rows"], found["curves"])


def ratio(row: Row, values: Values, name: str) -> list[float]:
    """How many times better we are, run by run; empty where there is nothing to compare with."""
    ours = values[name].get(OURS, [])
    theirs = (
        values.get(row.beside, {}).get(OURS, []) if row.beside else values[name].get(THEIRS, [])
    )
    pairs = zip(ours, theirs, strict=False)
    return [a / b if row.higher else b / a for a, b in pairs]


def reached(row: Row, values: Values, name: str) -> bool | None:
    """Whether we do what is wanted; None where nothing is."""
    met: list[bool] = []
    if row.limit is not None:
        middle = median(values[name][OURS])
        met.append(middle >= row.limit if row.higher else middle <= row.limit)
    if row.times is not None and (times := ratio(row, values, name)):
        met.append(median(times) >= row.times)
    return all(met) if met else None


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which so many percent are, between the nearest two."""
    ordered = sorted(values)
    place = share / 100 * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def spread(values: Sequence[float], digits: int) -> str:
    """The median, with the least and the most where there are several."""
    middle = f"{median(values):,.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):,.{digits}f}–{max(values):,.{digits}f})"
