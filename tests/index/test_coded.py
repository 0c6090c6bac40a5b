import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.coded import Coded


def unit(count: int, dim: int, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@given(st.integers(0, 6), st.integers(1, 40), st.integers(0, 99))
def test_rows_come_back_from_bytes_as_they_went_in(count: int, dim: int, seed: int) -> None:
    coded = Coded.of(unit(count, dim, seed))
    again = Coded.parsed([coded.packed()], dim)
    assert (again.codes == coded.codes).all()
    assert (again.scales == coded.scales).all()
    assert len(coded.packed()) == count * (4 + dim)


def test_the_bytes_of_passages_are_read_in_one_piece() -> None:
    rows = unit(5, 8, 1)
    parts = [Coded.of(rows[:2]).packed(), Coded.of(rows[2:]).packed()]
    assert (Coded.parsed(parts, 8).codes == Coded.of(rows).codes).all()
    with pytest.raises(ValueError, match="reshape"):
        Coded.parsed([parts[0][:-1]], 8)


def test_cosines_are_hardly_off() -> None:
    rows, question = unit(200, 384, 2), unit(1, 384, 3)[0]
    coded = Coded.of(rows)
    assert coded.dot(question) == pytest.approx(rows @ question, abs=2e-3)
    assert coded[np.array([7, 3])].rows() == pytest.approx(rows[[7, 3]], abs=2e-3)


def test_a_row_of_zeros_stays_one() -> None:
    coded = Coded.of(np.zeros((2, 4), np.float32))
    assert coded.rows().tolist() == [[0.0] * 4] * 2
    assert coded.dot(np.ones(4, np.float32)).tolist() == [0.0, 0.0]
