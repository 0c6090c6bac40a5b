from hypothesis import given
from hypothesis import strategies as st

from index.cache import Cache


def test_what_rested_longest_makes_room() -> None:
    cache = Cache[str](2)
    for key in ("a", "b"):
        cache.put(key, key.upper(), 1, since=0)
    assert cache.get("a") == "A"
    cache.put("c", "C", 1, since=0)
    assert [cache.get(key) for key in ("a", "b", "c")] == ["A", None, "C"]
    assert (cache.hits, cache.misses) == (3, 1)


def test_bytes_are_limited_too() -> None:
    cache = Cache[str](10, most_bytes=100)
    cache.put("a", "A", 60, since=0)
    cache.put("b", "B", 40, since=0)
    assert len(cache) == 2
    cache.put("c", "C", 1, since=0)
    assert [cache.get(key) for key in ("a", "b", "c")] == [None, "B", "C"]
    cache.put("d", "D", 101, since=0)
    assert len(cache) == 0


def test_a_key_is_kept_once() -> None:
    cache = Cache[str](10, most_bytes=100)
    for value in ("A", "B", "C"):
        cache.put("a", value, 60, since=0)
    assert cache.get("a") == "C"


def test_what_began_before_everything_was_forgotten_is_not_kept() -> None:
    cache = Cache[str](10)
    cache.put("a", "A", 1, since=0)
    since = cache.moment
    cache.forget()
    cache.put("b", "B", 1, since=since)
    assert [cache.get(key) for key in ("a", "b")] == [None, None]
    cache.put("b", "B", 1, since=cache.moment)
    assert cache.get("b") == "B"


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 40)), max_size=60),
    st.integers(0, 6),
    st.integers(0, 100),
)
def test_neither_limit_is_ever_passed(
    puts: list[tuple[int, int]], entries: int, most_bytes: int
) -> None:
    cache = Cache[int](entries, most_bytes=most_bytes)
    for key, size in puts:
        cache.put(key, size, size, since=0)
        kept = [found for one in range(10) if (found := cache.get(one)) is not None]
        assert len(kept) == len(cache) <= entries
        assert sum(kept) <= most_bytes
