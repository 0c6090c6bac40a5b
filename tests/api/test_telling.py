from collections.abc import Generator

from api.telling import Telling, whole


def counting() -> Generator[str, None, int]:
    yield "one"
    yield "two"
    return 2


def test_the_value_is_there_after_the_last_piece() -> None:
    telling = Telling(counting())
    assert list(telling) == ["one", "two"]
    assert telling.value == 2


def test_a_whole_text_comes_with_its_value() -> None:
    assert whole(counting()) == (["one", "two"], 2)
