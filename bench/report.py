"""Writes comparisons as Markdown, for the README."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence

from bench.quality import FIGURES, GENEVA, OURS, Comparison
from index.embedders.weights import PACKAGED
from qa.metrics import mean

Figures = Mapping[str, float]


def report(found: Sequence[Comparison]) -> str:
    """All sets in one table, what it compares, and the customer's question."""
    lines = [_compared(found[0]), "", *_table(found)]
    for one in found:
        if one.firsts:
            lines += ["", f"What comes first for “{GENEVA}”", "", *_firsts(one)]
    return "\n".join(lines)


def _compared(one: Comparison) -> str:
    sides = " and ".join(f"{name} {version}" for name, version in one.versions.items())
    return (
        f"{sides} with the same model file ({PACKAGED}), passages, questions and judgements; a "
        "document counts as its best passage. nDCG@10 / recall@1 / MRR@10; differences in points."
    )


def _table(found: Sequence[Comparison]) -> list[str]:
    """A column a set, and the mean of all where there are several."""
    systems = list(found[0].figures)
    rows = {name: [one.figures[name] for one in found] for name in systems}
    if several := len(found) > 1:
        rows = {name: [*row, _mean(row)] for name, row in rows.items()}
    sizes = [f"{one.documents:,} / {one.passages:,} / {one.questions:,}" for one in found]
    return [
        _row(["", *(one.dataset for one in found), *["mean"] * several]),
        _row(["---"] * (1 + len(found) + several)),
        _row(["documents / passages / questions", *sizes, *[""] * several]),
        *(_row([name, *map(_cell, row)]) for name, row in rows.items()),
        *(
            _row([f"{OURS}, less {name}", *map(_points, rows[OURS], rows[name])])
            for name in systems
            if name.startswith("txtai")
        ),
    ]


def _firsts(one: Comparison) -> list[str]:
    head = [_row(["", "of the passages", "of the sentences"]), _row(["---"] * 3)]
    return head + [
        _row([name, *(textwrap.shorten(text, 90, placeholder=" …") for text in texts)])
        for name, texts in one.firsts.items()
    ]


def _mean(columns: Sequence[Figures]) -> Figures:
    return {name: mean([column[name] for column in columns]) for name in FIGURES}


def _cell(figures: Figures) -> str:
    return " / ".join(f"{figures[name]:.3f}" for name in FIGURES)


def _points(ours: Figures, theirs: Figures) -> str:
    return " / ".join(f"{100 * (ours[name] - theirs[name]):+z.1f}" for name in FIGURES)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
