"""Draws the curves of speed as SVG; it runs in an environment of its own, which has matplotlib."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib import pyplot

COLOURS = {"Dateline": "tab:blue", "txtai": "tab:orange"}


def main(file: Path, folder: Path) -> None:
    """One picture for each curve that was measured."""
    curves = json.loads(file.read_text())["curves"]
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in {"load": _load, "ingest": _ingest, "size": _size}.items():
        if name in curves:
            draw(curves[name], folder / f"{name}.svg")


def _load(sides: dict[str, Any], target: Path) -> None:
    figure, panel = pyplot.subplots(figsize=(5, 3.2))
    for name, points in sides.items():
        panel.plot(
            [rate for _, rate, *_ in points],
            [p95 for *_, p95 in points],
            marker="o",
            color=COLOURS[name],
            label=name,
        )
        for clients, rate, _, p95 in points:
            panel.annotate(
                f"{clients:.0f}", (rate, p95), (3, 4), textcoords="offset points", size=7
            )
    panel.set(xlabel="searches a second (at each point: clients)", ylabel="p95, ms", yscale="log")
    low, high = panel.get_ylim()
    ticks = [one for one in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000) if low < one < high]
    panel.set_yticks(ticks, [f"{one}" for one in ticks])
    panel.minorticks_off()
    _saved(figure, [panel], target)


def _ingest(sides: dict[str, Any], target: Path) -> None:
    figure, panel = pyplot.subplots(figsize=(5, 3.2))
    for name, points in sides.items():
        _line(panel, name, points, 1)
    panel.set(
        xlabel="articles of a request", ylabel="passages a second", xscale="log", ylim=(0, None)
    )
    panel.set_xticks([size for size, _ in points], [f"{size:.0f}" for size, _ in points])
    panel.minorticks_off()
    _saved(figure, [panel], target)


def _size(sides: dict[str, Any], target: Path) -> None:
    figure, panels = pyplot.subplots(1, 2, figsize=(8, 3.2))
    for name, points in sides.items():
        _line(panels[0], name, points, 1)
        _line(panels[1], name, points, 2)
    panels[0].set(xlabel="passages", ylabel="a search, p50, ms", ylim=(0, None))
    panels[1].set(xlabel="passages", ylabel="resident, MB", ylim=(0, None))
    _saved(figure, panels, target)


def _line(panel: Any, name: str, points: Sequence[Sequence[float]], column: int) -> None:
    values = [point[column] for point in points]
    panel.plot([point[0] for point in points], values, marker="o", color=COLOURS[name], label=name)


def _saved(figure: Any, panels: Sequence[Any], target: Path) -> None:
    for panel in panels:
        panel.grid(visible=True, alpha=0.3)
    panels[0].legend()
    figure.tight_layout()
    figure.savefig(target, metadata={"Date": None})
    pyplot.close(figure)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
