from pathlib import Path

import pytest

from bench.figures import OURS, THEIRS, Figures, Row, load, percentile, ratio, reached, spread

LOWER = Row("a search", "ms", limit=6, times=5)
HIGHER = Row("searches", "/s", 0, higher=True, limit=350, times=10)
BUSY = Row("busy", "ms", times=1 / 3, beside="idle")


def test_a_ratio_is_taken_run_by_run_and_says_how_many_times_better_we_are() -> None:
    values = {"x": {OURS: [2.0, 4.0], THEIRS: [20.0, 20.0]}}
    assert ratio(LOWER, values, "x") == [10, 5]
    assert ratio(HIGHER, values, "x") == [0.1, 0.2]
    assert ratio(LOWER, {"x": {OURS: [2.0]}}, "x") == []


def test_a_row_may_be_compared_with_another_of_our_own() -> None:
    values = {"busy": {OURS: [9.0, 6.0]}, "idle": {OURS: [3.0, 3.0]}}
    assert ratio(BUSY, values, "busy") == pytest.approx([1 / 3, 1 / 2])


@pytest.mark.parametrize(
    ("row", "ours", "theirs", "expected"),
    [
        (LOWER, 6.0, 30.0, True),
        (LOWER, 6.1, 31.0, False),
        (LOWER, 6.0, 29.0, False),
        (LOWER, 6.0, None, True),
        (HIGHER, 350.0, 35.0, True),
        (HIGHER, 349.0, 1.0, False),
        (Row("any", "ms"), 1.0, 1.0, None),
    ],
)
def test_what_is_wanted_is_reached_when_limit_and_ratio_are(
    row: Row, ours: float, theirs: float | None, *, expected: bool | None
) -> None:
    values = {"x": {OURS: [ours], **({THEIRS: [theirs]} if theirs else {})}}
    assert reached(row, values, "x") is expected


def test_a_percentile_lies_between_the_nearest_two() -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], 50) == 2.5
    assert percentile([1.0, 2.0], 95) == pytest.approx(1.95)
    assert percentile([7.0], 95) == 7.0


def test_a_spread_is_the_median_with_the_least_and_the_most() -> None:
    assert spread([3.0, 1.0, 2.26], 1) == "2.3 (1.0–3.0)"
    assert spread([1234.5], 0) == "1,234"


def test_figures_are_kept_in_a_file_and_new_rows_replace_old_ones(tmp_path: Path) -> None:
    old, new = Figures({"cores": 2}), Figures({"cores": 4})
    for value in (1.0, 2.0):
        old.add("cold_s", OURS, value)
    old.add("restart_s", OURS, 3.0)
    old.point("size", OURS, 100, 5.0)
    new.add("cold_s", OURS, 9.0)
    old.save(tmp_path / "old.json")
    assert load(tmp_path / "old.json") == old
    found = new.over(load(tmp_path / "old.json"))
    assert found.about == {"cores": 4}
    assert found.rows == {"cold_s": {OURS: [9.0]}, "restart_s": {OURS: [3.0]}}
    assert found.curves == {"size": {OURS: [[100, 5.0]]}}
