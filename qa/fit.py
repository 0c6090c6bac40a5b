"""Fits the calibration of `qa.calibrate` to answers that are known to be right or wrong."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from index.types import Matrix
from qa.calibrate import FEATURES, Calibration


def fit(
    features: Sequence[dict[str, float]], right: Sequence[bool], *, precision: float = 0.9
) -> Calibration:
    """The maximum-likelihood weights, and the lowest threshold that reaches the precision."""
    rows = np.array([[row[name] for name in FEATURES] for row in features])
    labels = np.array(right, bool)
    model = LogisticRegression(C=1.0, max_iter=1000).fit(rows, labels)
    weights = dict(zip(FEATURES, (float(value) for value in model.coef_[0]), strict=True))
    confidence = model.predict_proba(rows)[:, 1].astype(np.float32)
    return Calibration(
        weights, float(model.intercept_[0]), _threshold(confidence, labels, precision)
    )


def _threshold(confidence: Matrix, right: npt.NDArray[np.bool_], precision: float) -> float:
    """The lowest confidence above which answers are right as often as asked."""
    order = np.argsort(-confidence, kind="stable")
    reached = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(reached >= precision)
    return float(confidence[order[good[-1]]]) if len(good) else 1.0
