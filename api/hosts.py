"""Hosts: the names that the service answers to.

A page can let its own name point to this machine and then read answers as if they were its own
(DNS rebinding). No key protects a service without keys, and the page's origin looks like ours.
"""

import ipaddress
import re
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import respond
from api.problems import problem

GUARDED = frozenset(("/mcp",))
"""What clients on this machine are told to talk to, mostly without a key."""
PROBES = frozenset(("/livez", "/readyz"))
"""Asked by address by whatever keeps the service running; they tell nothing."""
HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\s:/@\[\]]+)(:\d+)?")


class Hosts:
    """Refuses what is sent to another name than those that are allowed, or than loopback ones.

    Without any allowed, and without keys, what is guarded is told to loopback and to addresses
    only: an address cannot be made to point elsewhere.
    """

    def __init__(self, app: ASGIApp, allowed: Sequence[str], *, keyed: bool) -> None:
        self._app = app
        self._allowed = allowed
        self._keyed = keyed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in PROBES or self._may(scope):
            await self._app(scope, receive, send)
        else:
            await respond(problem("misdirected"))(scope, receive, send)

    def _may(self, scope: Scope) -> bool:
        if not self._allowed and (self._keyed or scope["path"] not in GUARDED):
            return True
        name = _name(Headers(scope=scope).get("host", ""))
        if not self._allowed:
            return _is_loopback(name) or _address(name) is not None
        return _is_loopback(name) or any(_fits(name, pattern) for pattern in self._allowed)


def _name(host: str) -> str:
    """Without the port; nothing where it is no host."""
    found = HOST.fullmatch(host.lower())
    return found[1].strip("[]").rstrip(".") if found else ""


def _fits(name: str, pattern: str) -> bool:
    if pattern.startswith("*."):
        return name.endswith(pattern[1:])
    return bool(name) and pattern in ("*", name)


def _is_loopback(name: str) -> bool:
    address = _address(name)
    return address.is_loopback if address else f".{name}".endswith(".localhost")


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None
