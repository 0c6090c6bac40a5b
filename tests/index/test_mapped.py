from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from index import mapped
from index.coded import Stored
from index.mapped import ROWS, MappedVectors

DIM = 4


def matrices(*sizes: int) -> list[np.ndarray]:
    """Rows that say by their direction which passage and sentence they are of."""
    chance = np.random.default_rng(sum(sizes))
    return [chance.standard_normal((size, DIM)).astype(np.float32) for size in sizes]


@pytest.fixture
def vectors(tmp_path: Path) -> Iterator[MappedVectors]:
    with closing(MappedVectors.create(DIM, tmp_path)) as found:
        yield found


def loaded(path: Path, *, write: bool = False) -> closing[MappedVectors]:
    return closing(MappedVectors.load(DIM, path, write=write))


def added(vectors: MappedVectors, ids: list[int], found: list[np.ndarray]) -> None:
    vectors.add(Stored.of(np.array(ids, np.int64), found))


def test_passages_come_with_all_their_rows_in_the_order_of_ids(vectors: MappedVectors) -> None:
    first, second, third = matrices(3, 1, 5)
    added(vectors, [2, 5], [first, second])
    added(vectors, [9], [third])
    found = vectors[np.array([-1, 2, 4, 9, 99])]
    assert found.ids.tolist() == [2, 9]
    assert found.starts.tolist() == [0, 3]
    assert found.vectors.rows() == pytest.approx(np.concatenate([first, third]), abs=0.02)
    assert len(vectors[np.array([3])].vectors) == 0


def test_where_nothing_was_added_nothing_is_found() -> None:
    with closing(MappedVectors(DIM)) as vectors:
        assert len(vectors[np.array([3])].ids) == 0


def test_a_search_that_has_begun_keeps_what_it_saw(vectors: MappedVectors) -> None:
    added(vectors, [1], matrices(2))
    rows = vectors._places.rows
    before = rows.copy()
    added(vectors, [2], matrices(3))
    assert np.array_equal(rows, before)


def resident(path: Path) -> int:
    """Kilobytes of the file that count as this process's memory."""
    lines = iter(Path("/proc/self/smaps").read_text().splitlines())
    return sum(
        int(next(one for one in lines if one.startswith("Rss:")).split()[1])
        for line in lines
        if line.endswith(str(path))
    )


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="only Linux tells it")
def test_a_large_file_is_not_held_in_memory(
    vectors: MappedVectors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = np.arange(1, 1001)
    found = matrices(*[100] * len(ids))
    added(vectors, ids.tolist(), found)
    wanted = vectors[ids].vectors.rows()
    assert resident(tmp_path / ROWS) > 700
    monkeypatch.setattr(mapped, "LARGE", 1000)
    for _ in range(2):
        assert np.array_equal(vectors[ids].vectors.rows(), wanted)
        assert resident(tmp_path / ROWS) == 0


def test_what_is_removed_is_overwritten(vectors: MappedVectors, tmp_path: Path) -> None:
    gone, kept = matrices(3, 2)
    added(vectors, [1, 2], [gone, kept])
    secret = (tmp_path / ROWS).read_bytes()[: 3 * (4 + DIM)]
    vectors.remove(np.array([1, 7]))
    assert vectors[np.array([1, 2])].ids.tolist() == [2]
    written = (tmp_path / ROWS).read_bytes()
    assert secret not in written
    assert written.startswith(bytes(len(secret)))


def test_it_is_the_same_when_it_is_loaded_again(vectors: MappedVectors, tmp_path: Path) -> None:
    found = matrices(3, 1, 2, 4)
    added(vectors, [1, 2, 3, 4], found)
    vectors.remove(np.array([2]))
    vectors.save(tmp_path)
    ids = np.array([1, 3, 4])
    with loaded(tmp_path, write=True) as again:
        added(again, [8], matrices(2))
        assert len(again) == 4
        assert np.array_equal(again[ids].vectors.codes, vectors[ids].vectors.codes)


def test_who_may_only_read_changes_nothing(vectors: MappedVectors, tmp_path: Path) -> None:
    added(vectors, [1], matrices(2))
    vectors.save(tmp_path)
    with loaded(tmp_path) as reader, pytest.raises(OSError, match="write"):
        added(reader, [9], matrices(1))


def test_rows_of_what_is_gone_do_not_pile_up(vectors: MappedVectors, tmp_path: Path) -> None:
    found = matrices(3, 30, 2, 4)
    added(vectors, [1, 2, 3, 4], found)
    vectors.remove(np.array([2]))
    wanted = vectors[np.array([1, 3, 4])].vectors.rows()
    vectors.save(tmp_path)
    assert (tmp_path / ROWS).stat().st_size == 9 * (4 + DIM)
    added(vectors, [7], matrices(2))
    with loaded(tmp_path) as again:
        for one in (vectors, again):
            assert np.array_equal(one[np.array([1, 3, 4])].vectors.rows(), wanted)
    assert len(vectors[np.array([7])].vectors) == 2


def test_a_file_that_is_cut_off_is_not_read(vectors: MappedVectors, tmp_path: Path) -> None:
    added(vectors, [1], matrices(2))
    vectors.save(tmp_path)
    (tmp_path / ROWS).write_bytes(b"cut off")
    with pytest.raises(ValueError, match="reshape"):
        MappedVectors.load(DIM, tmp_path, write=False)
