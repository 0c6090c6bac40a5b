"""The learning curve: what was measured at each checkpoint, as a plot."""

import csv
from collections.abc import Mapping
from pathlib import Path

from matplotlib import pyplot

SHOWN = {"f1": "F1", "em": "exact match", "answerable_ap": "answerable or not, average precision"}


def draw(logs: Mapping[str, Path], target: Path) -> None:
    """One panel a figure, one line a run; `logs` are the files that training writes."""
    figure, panels = pyplot.subplots(1, len(SHOWN), figsize=(4 * len(SHOWN), 3.2))
    for panel, (key, label) in zip(panels, SHOWN.items(), strict=True):
        for name, path in logs.items():
            with path.open(newline="") as file:
                rows = list(csv.DictReader(file))
            panel.plot(
                [int(row["step"]) for row in rows], [float(row[key]) for row in rows], label=name
            )
        panel.set_title(label)
        panel.set_xlabel("steps of 16 questions")
        panel.grid(visible=True, alpha=0.3)
    panels[0].legend()
    figure.tight_layout()
    figure.savefig(target, metadata={"Date": None})
    pyplot.close(figure)
