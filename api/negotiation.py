"""Which of the forms of an answer a client would like best."""

from collections.abc import Sequence

JSON = "application/json"
TEXT = "text/plain"
MARKDOWN = "text/markdown"
EVENTS = "text/event-stream"


def preferred(accept: str, offered: Sequence[str]) -> str:
    """The best of what is offered for an Accept header; the first where none or all will do."""
    ranges = [_range(part) for part in accept.split(",") if part.strip()]
    if not ranges:
        return offered[0]
    # max() takes the first of equals, so what is offered first wins among them.
    return max(offered, key=lambda kind: _quality(kind, ranges))


def _range(part: str) -> tuple[str, float]:
    kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return kind, _number(value)
    return kind, 1.0


def _number(value: str) -> float:
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0


def _quality(kind: str, ranges: Sequence[tuple[str, float]]) -> float:
    """The q of the most specific range that fits (RFC 9110, section 12.5.1)."""
    for wanted in (kind, f"{kind.partition('/')[0]}/*", "*/*"):
        found = [q for pattern, q in ranges if pattern == wanted]
        if found:
            return max(found)
    return 0.0
