import time

import pytest

from api.chat.proof import Forged, expect, expect_fresh, expect_token, signed


def test_a_digest_is_that_of_the_standard() -> None:
    """RFC 4231, test case 2."""
    digest = signed(b"Jefe", b"what do ya want for nothing?")
    assert digest.hex() == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


@pytest.mark.parametrize("given", ["one", "two", "schlüssel".encode().decode("latin-1")])
def test_one_of_those_that_are_expected_will_do(given: str) -> None:
    expect(given, "one", "two", "schlüssel")


@pytest.mark.parametrize("given", ["", "on", "one ", "One", "one, two", "schlüssel", "\xff"])
def test_anything_else_will_not(given: str) -> None:
    with pytest.raises(Forged):
        expect(given, "one", "two", "schlüssel")
    with pytest.raises(Forged):
        expect("one")


@pytest.mark.parametrize(
    "body",
    [
        b'{"token":"abc"}',
        b'{"text": "x", "token" : "abc", "n": 1}',
        b'{"token":"wrong","inner":{"token":"abc"}}',
        b"token=abc",
        b"text=x&token=abc&n=1",
    ],
)
def test_a_token_is_found_in_json_and_in_forms(body: bytes) -> None:
    expect_token(body, ["other", "abc"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"abc",
        b'"abc"',
        b'{"token":"abcd"}',
        b'{"token":"ABC"}',
        b'{"token":abc}',
        b'{"text":"\\"token\\":\\"abc\\""}',
        b'{"text":"&token=\\"abc"}',
        b"text=token%3Dabc",
        b"mytoken=abc",
        b"token=abc%20",
        b"\xff",
    ],
)
def test_what_somebody_writes_does_not_look_like_a_token(body: bytes) -> None:
    with pytest.raises(Forged):
        expect_token(body, ["other", "abc"])


def test_a_time_is_fresh_for_five_minutes() -> None:
    for seconds in (-299, 0, 299):
        expect_fresh(time.time() + seconds)
        expect_fresh(str(int(time.time() + seconds)))
    for seconds in (-301, 302):
        with pytest.raises(Forged):
            expect_fresh(time.time() + seconds)
        with pytest.raises(Forged):
            expect_fresh(str(int(time.time() + seconds)))


@pytest.mark.parametrize("moment", ["", "now", "-1", "1e9", " 1", "1.5", "١٢٣", "9" * 400])
def test_what_is_no_time_is_not_fresh(moment: str) -> None:
    with pytest.raises(Forged):
        expect_fresh(moment)
