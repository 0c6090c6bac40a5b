from pathlib import Path

import numpy as np
import pytest

from index.errors import InvalidInput
from qa.calibrate import FEATURES, Calibration
from qa.fit import Sample, fit


def test_confidence_is_the_logistic_function_of_the_features() -> None:
    calibration = Calibration(dict.fromkeys(FEATURES, 0.0) | {"margin": 2.0}, -1.0, 0.5)
    features = dict.fromkeys(FEATURES, 0.3) | {"margin": 0.5}
    assert calibration.confidence(features) == pytest.approx(0.5)
    assert calibration.confidence(features | {"margin": 2.0}) == pytest.approx(1 / (1 + np.exp(-3)))


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    calibration = Calibration(dict.fromkeys(FEATURES, 0.25), -1.5, 0.7)
    calibration.save(tmp_path / "confidence.json")
    assert Calibration.load(tmp_path / "confidence.json") == calibration


def test_the_one_that_ships_has_every_feature() -> None:
    shipped = Calibration.load()
    assert set(shipped.weights) == set(FEATURES)
    assert 0 < shipped.threshold < 1


def samples(count: int) -> list[Sample]:
    """Answers that are right with the probability that their score says."""
    random = np.random.default_rng(7)
    scores = random.uniform(-4, 4, count)
    right = random.uniform(size=count) < 1 / (1 + np.exp(-scores))
    rows = [dict.fromkeys(FEATURES, 0.0) | {"margin": float(score)} for score in scores]
    return list(zip(rows, map(bool, right), strict=True))


def test_a_fit_recovers_the_probabilities() -> None:
    calibration = fit(samples(20_000))
    for score in (-2.0, 0.0, 2.0):
        features = dict.fromkeys(FEATURES, 0.0) | {"margin": score}
        assert calibration.confidence(features) == pytest.approx(1 / (1 + np.exp(-score)), abs=0.02)


def test_only_right_answers_fit_nothing() -> None:
    with pytest.raises(InvalidInput, match="one is missing"):
        fit([(row, True) for row, _ in samples(20)])
