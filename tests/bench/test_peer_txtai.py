from bench.peer_txtai import deep

ROWS = [(row, 1.0 / (row + 1)) for row in range(1000)]


def test_a_hundred_rows_are_enough_when_they_are_of_ten_documents() -> None:
    owners = [str(row % 10) for row in range(1000)]
    assert deep(lambda k: ROWS[:k], owners) == ROWS[:100]


def test_more_rows_are_asked_for_while_they_are_of_fewer_documents() -> None:
    owners = [str(row // 40) for row in range(1000)]
    assert deep(lambda k: ROWS[:k], owners) == ROWS[:400]


def test_no_more_is_asked_for_when_there_is_no_more() -> None:
    asked: list[int] = []

    def search(k: int) -> list[tuple[int, float]]:
        asked.append(k)
        return ROWS[:150][:k]

    assert deep(search, ["the only one"] * 1000) == ROWS[:150]
    assert asked == [100, 400]
