"""Logs: one event a line, JSON or text, each with the id of the request that it belongs to."""

import logging
import sys
from typing import TextIO

import structlog
from structlog.stdlib import ExtraAdder, ProcessorFormatter
from structlog.typing import EventDict, Processor

from api.settings import Settings

CHATTY = ("httpx", "sentence_transformers", "urllib3", "filelock", "asyncio", "mcp", "nio")
"""Libraries whose notes are not ours; httpx would also log questions."""


def configure(settings: Settings, stream: TextIO | None = None) -> None:
    """Send everything that is logged, ours and uvicorn's, through one formatter."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        ExtraAdder(),
        _without_colours,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    ]
    formatter = ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[ProcessorFormatter.remove_processors_meta, *_renderers(settings.log_format)],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.access").disabled = True  # ours has the request id and the route
    logging.captureWarnings(capture=True)


def _without_colours(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Without uvicorn's second copy of its message."""
    event.pop("color_message", None)
    return event


def _renderers(log_format: str) -> list[Processor]:
    if log_format == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return [structlog.dev.ConsoleRenderer(colors=False)]
