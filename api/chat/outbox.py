"""Answers that are sent later, to the address that a chat tool has for them."""

import logging
from collections.abc import Coroutine, Mapping
from typing import Any

import httpx

from api.chat.pending import Pending

log = logging.getLogger(__name__)

TIMEOUT = 10.0
"""Seconds for one request to a chat tool."""


class Outbox:
    """Does what was promised with an acknowledgement; what fails is logged, never raised."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._transport = transport
        self._http: httpx.AsyncClient | None = None
        self._promised = Pending()

    def promise(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this after the acknowledgement."""
        self._promised.start(_logged(work))

    async def send(
        self,
        method: str,
        url: str,
        message: Mapping[str, object],
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send a message as JSON; Slack says in the body of a 200 that it took nothing."""
        if self._http is None:
            self._http = httpx.AsyncClient(transport=self._transport, timeout=TIMEOUT)
        try:
            response = await self._http.request(method, url, json=message, headers=headers)
        except httpx.HTTPError as error:
            # Neither the address nor the error's own words, which may hold a token.
            log.error("a chat could not be answered: %s", type(error).__name__)
            return
        if fault := _fault(response):
            log.error("a chat did not take the answer: %s", fault)

    async def close(self, seconds: float) -> None:
        """Keep what was promised, within so many seconds."""
        await self._promised.close(seconds)
        if self._http is not None:
            await self._http.aclose()
            self._http = None


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        log.exception("an answer to a chat failed")


def _fault(response: httpx.Response) -> str:
    if not response.is_success:
        return f"HTTP {response.status_code}"
    try:
        body = response.json()
    except ValueError:
        return ""
    if isinstance(body, dict) and body.get("ok") is False:
        return str(body.get("error"))
    return ""
