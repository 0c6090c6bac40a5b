from api.chat.seen import Seen


def test_a_key_is_new_once_and_again_when_its_time_is_over() -> None:
    now = 0.0
    seen = Seen(seconds=10, clock=lambda: now)
    assert seen.add("a")
    assert not seen.add("a")
    now = 9.9
    assert not seen.add("a")
    assert seen.add("b")
    now = 10.0
    assert seen.add("a")
    assert not seen.add("b")


def test_what_is_over_takes_no_room() -> None:
    now = 0.0
    seen = Seen(seconds=10, clock=lambda: now)
    for number in range(100):
        seen.add(str(number))
    now = 11.0
    seen.add("x")
    assert len(seen) == 1


def test_the_newest_are_kept() -> None:
    seen = Seen(most=3)
    assert all(seen.add(key) for key in "abcd")
    assert len(seen) == 3
    assert not seen.add("b")
    assert seen.add("a")
