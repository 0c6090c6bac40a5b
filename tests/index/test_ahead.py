import threading
from collections.abc import Iterator

import pytest

from index.ahead import ahead

PATIENT = 30.0


def test_items_come_in_their_order() -> None:
    assert list(ahead(iter([]))) == []
    assert list(ahead(iter([1]))) == [1]
    assert list(ahead(iter([None, 0, ""]))) == [None, 0, ""]


def test_the_next_is_made_while_one_is_used_and_the_one_after_is_not() -> None:
    made = [threading.Event() for _ in range(4)]

    def items() -> Iterator[int]:
        for number, event in enumerate(made):
            event.set()
            yield number

    for number in ahead(items()):
        if number < 3:
            assert made[number + 1].wait(PATIENT)
        if number < 2:
            assert not made[number + 2].is_set()


def test_an_error_comes_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    found = ahead(items())
    assert next(found) == 1
    with pytest.raises(ValueError, match="broken"):
        next(found)


def test_who_stops_leaves_no_thread_behind() -> None:
    found = ahead(iter(range(1000)))
    assert next(found) == 0
    assert any(one.name.startswith("ahead") for one in threading.enumerate())
    found.close()  # type: ignore[attr-defined]
    assert not any(one.name.startswith("ahead") for one in threading.enumerate())
