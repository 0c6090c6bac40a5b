"""From what retrieval knows to a calibrated probability that an answer is right.

A logistic regression over a few features of the answer and its rivals; `qa eval --calibrate` fits
it, `confidence.json` holds it.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np

FILE = Path(__file__).with_name("confidence.json")

FEATURES = (
    "score",  # of the passage
    "margin",  # of the score over that of any other passage whose best sentence is of the kind
    "lexical",  # BM25 of the passage, as a share of the best that the question allows
    "sentence",  # cosine of the sentence
    "sentence_coverage",  # share of the question's idf whose words the sentence holds
    "names",  # share of the question's names and numbers that the passage holds
    "expected",  # 1 where the sentence holds the kind of thing that is asked for, -1 where not
)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights of the features, and the confidence below which no answer is given."""

    weights: dict[str, float]
    bias: float
    threshold: float

    def confidence(self, features: dict[str, float]) -> float:
        """The probability in [0, 1] that an answer with these features is right."""
        logit = self.bias + sum(self.weights[name] * features[name] for name in FEATURES)
        return float(1 / (1 + np.exp(-logit)))

    @classmethod
    def load(cls, path: Path = FILE) -> Self:
        """Read what `save` wrote."""
        return cls(**json.loads(path.read_text()))

    def save(self, path: Path = FILE) -> None:
        """Write it as JSON that a person can read."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")
