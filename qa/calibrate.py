"""From what retrieval knows to a calibrated probability that an answer is right.

A logistic regression over a few features of the answer and its rivals; `qa eval --calibrate` fits
it, `confidence.json` holds it.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np

SENTENCE = Path(__file__).with_name("confidence.json")
"""Of a whole sentence as the answer."""
MARKED = Path(__file__).with_name("confidence-reader.json")
"""Of a span that a model marked."""

FEATURES = (
    "score",  # of the passage
    "margin",  # of the score over that of any other passage whose best sentence is of the kind
    "lexical",  # BM25 of the passage, as a share of the best that the question allows
    "sentence",  # cosine of the sentence
    "sentence_coverage",  # share of the question's idf whose words the sentence holds
    "names",  # share of the question's names and numbers that the passage holds
    "expected",  # 1 where the sentence holds the kind of thing that is asked for, -1 where not
)
MARKED_FEATURES = (
    "score",
    "margin",
    "sentence_coverage",
    "names",
    "span",  # logits of the span's start and end, over those of no answer
    "inside",  # over the best other span of the same window
    "outside",  # over the best span of another window that says something else
    "relevance",  # logit that the window answers
    "kind",  # 1 where the words are of the kind that is asked for, -1 where not
)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights of the features, and the confidence below which no answer is given."""

    weights: dict[str, float]
    bias: float
    threshold: float

    def confidence(self, features: dict[str, float]) -> float:
        """The probability in [0, 1] that an answer with these features is right."""
        logit = self.bias + sum(weight * features[name] for name, weight in self.weights.items())
        return float(1 / (1 + np.exp(-logit)))

    @classmethod
    def load(cls, path: Path = SENTENCE) -> Self:
        """Read what `save` wrote."""
        return cls(**json.loads(path.read_text()))

    def save(self, path: Path) -> None:
        """Write it as JSON that a person can read."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")
