"""`qa matrix`: signs in to a homeserver, lets the bot answer, and signs out."""

import asyncio
import logging
import signal
from contextlib import suppress
from typing import Any

import nio

from api.chat.matrix_bot import LOST, Bot
from api.doors import Desk
from api.settings import Settings
from index.errors import InvalidInput, NotAllowed, Unreachable

log = logging.getLogger(__name__)

PATIENT = nio.AsyncClientConfig(max_timeouts=1, request_timeout=60)


def expect_account(settings: Settings) -> None:
    """Raise InvalidInput where the settings do not say who the bot is."""
    signed = settings.matrix_token or (settings.matrix_user and settings.matrix_password)
    if not settings.matrix_url or not signed:
        raise InvalidInput(
            "set QA_MATRIX_URL, and QA_MATRIX_TOKEN or QA_MATRIX_USER and QA_MATRIX_PASSWORD"
        )


def serve(desk: Desk, settings: Settings) -> None:
    """Answer until the process is told to stop; raises NotAllowed or Unreachable."""
    with suppress(asyncio.CancelledError):
        asyncio.run(_until_stopped(desk, settings))


async def _until_stopped(desk: Desk, settings: Settings) -> None:
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)  # type: ignore[union-attr]
    client = nio.AsyncClient(settings.matrix_url.rstrip("/"), settings.matrix_user, config=PATIENT)
    try:
        await _sign_in(client, settings.matrix_password, settings.matrix_token)
        await Bot(client, desk, servers=settings.matrix_servers).run()
    finally:
        if client.access_token and not settings.matrix_token:
            await _sign_out(client)
        await client.close()


async def _sign_in(client: Any, password: str, token: str) -> None:
    try:
        if token:
            client.access_token = token
            found = await client.whoami()
        else:
            found = await client.login(password, device_name="Dateline")
    except LOST as error:
        raise Unreachable(f"cannot reach {client.homeserver}: {error}") from error
    if isinstance(found, nio.ErrorResponse):
        if found.status_code is None:
            raise Unreachable(f"{client.homeserver} does not answer as a homeserver does")
        raise NotAllowed(f"{client.homeserver} refuses the bot: {found.message}")


async def _sign_out(client: Any) -> None:
    """So that the account does not gather a device a start."""
    try:
        await asyncio.wait_for(client.logout(), 5)
    except LOST as error:
        log.warning("could not sign out: %s", error)
