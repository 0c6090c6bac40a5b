import io
import json
import logging
import warnings
from collections.abc import Iterator

import pytest
from structlog.contextvars import bound_contextvars

from api.logs import CHATTY, configure
from api.settings import Settings


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers[:], root.level, {n: logging.getLogger(n).level for n in CHATTY}
    yield io.StringIO()
    root.handlers[:], levels = before[0], before[2]
    root.setLevel(before[1])
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    logging.getLogger("uvicorn.access").disabled = False
    logging.captureWarnings(capture=False)


def events(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_json_line_with_the_request_id(stream: io.StringIO) -> None:
    configure(Settings(), stream)
    with bound_contextvars(request_id="r1"):
        logging.getLogger("any").info("did %d\nthings", 2, extra={"ms": 1.5, "color_message": "x"})
    (event,) = events(stream)
    assert str(event.pop("time")).endswith("Z")
    assert event == {
        "event": "did 2\nthings",
        "level": "info",
        "logger": "any",
        "ms": 1.5,
        "request_id": "r1",
    }


def test_a_traceback_stays_in_its_event(stream: io.StringIO) -> None:
    configure(Settings(), stream)
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        logging.getLogger("any").exception("failed")
    (event,) = events(stream)
    assert event["level"] == "error"
    assert str(event["exception"]).endswith("RuntimeError: broken")


def test_what_is_less_severe_is_left_out(stream: io.StringIO) -> None:
    configure(Settings(log_level="warning"), stream)
    logging.getLogger("any").info("no")
    logging.getLogger("any").warning("yes")
    assert [event["event"] for event in events(stream)] == ["yes"]


def test_chatty_libraries_and_the_servers_own_access_log_are_silent(stream: io.StringIO) -> None:
    configure(Settings(log_level="debug"), stream)
    logging.getLogger("httpx").info("GET /v1/ask?q=secret")
    logging.getLogger("uvicorn.access").info("GET /v1/ask?q=secret")
    assert stream.getvalue() == ""


def test_warnings_are_events(stream: io.StringIO) -> None:
    configure(Settings(), stream)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("beware", stacklevel=1)
    (event,) = events(stream)
    assert "beware" in str(event["event"])


def test_text_is_for_people(stream: io.StringIO) -> None:
    configure(Settings(log_format="text"), stream)
    logging.getLogger("any").info("started", extra={"port": 8000})
    line = stream.getvalue()
    assert "started" in line
    assert "port=8000" in line
    assert "\x1b" not in line
