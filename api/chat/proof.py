"""What proves that a request comes from a chat tool: over raw bytes, before they are parsed."""

import hashlib
import hmac
import re
import time
from collections.abc import Iterable, Sequence

WINDOW = 300
"""Seconds that a signed time may lie in the past or, for clocks that differ, in the future."""

SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
# A quote inside a JSON string is escaped, so what somebody writes in a chat cannot look like this.
IN_JSON = re.compile(rb'"token"\s*:\s*"([^"\\]*)"')
IN_FORM = re.compile(rb"(?:^|&)token=([^&]*)")


class Forged(Exception):
    """What came was not sent by the tool, or not just now."""


def signed(secret: bytes, message: bytes) -> bytes:
    """The HMAC-SHA256 of a message."""
    return hmac.digest(secret, message, hashlib.sha256)


def expect(given: str, *wanted: str) -> None:
    """Raise Forged unless a header is one of these; the time that takes does not tell which one."""
    # Starlette reads headers as Latin-1, in which every byte is a character.
    if not _is_one_of(given.encode("latin-1"), wanted):
        raise Forged("the signature or token is missing or wrong")


def expect_token(body: bytes, tokens: Sequence[str]) -> None:
    """Raise Forged unless the field `token` of a JSON or form body is one of these."""
    found = [*IN_JSON.findall(body), *IN_FORM.findall(body)]
    # Not any(), which would stop at the first.
    if sum([_is_one_of(given, tokens) for given in found]) == 0:
        raise Forged("the token is missing or wrong")


def expect_fresh(moment: str | float) -> None:
    """Raise Forged unless a Unix time, as text where it was signed as text, is about now."""
    if isinstance(moment, str):
        moment = float(moment) if SECONDS.fullmatch(moment) else 0.0
    if abs(time.time() - moment) > WINDOW:
        raise Forged(f"the time that was signed is not within {WINDOW} seconds of now")


def _is_one_of(given: bytes, wanted: Iterable[str]) -> bool:
    return sum([hmac.compare_digest(given, one.encode()) for one in wanted]) > 0
