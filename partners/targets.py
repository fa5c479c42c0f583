"""Where we may be sent to: addresses that partners give us, and that nobody may turn inwards.

https only, no name and password in the address, and after resolution no address of a private,
loopback or link-local network (requests-hardened), when it is registered and at every call again.
With ALLOW_LOOPBACK_TARGETS (demonstration, tests) http to this very machine is allowed, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from ipaddress import ip_address
from threading import Thread
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

import requests
from requests_hardened.ip_filter import InvalidIPAddress, filter_host

from kit.settings import setting
from partners.errors import TargetRefused

T = TypeVar("T")

LONGEST = 500
LOOK_UP_S = 5
THIS_MACHINE = ("127.0.0.1", "localhost")
# Nothing that two readers of addresses could read differently: no percent signs, no backslashes.
HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?|[0-9a-f:.]*:[0-9a-f:.]*", re.IGNORECASE)
NO_ADDRESS = "it is no address such as https://example.com/hooks"
INWARDS = "its host is in a private or local network"
NOT_FOUND = "its host cannot be found"


@dataclass(frozen=True, slots=True)
class Target:
    """An address that was looked at (`check_target`), and may be stored."""

    url: str


def without_query(url: str) -> str:
    """Scheme, host and path of an address, to be told or logged: the rest may be a secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def check_target(url: str) -> Target:
    """Look at an address that we are to call. Raises TargetRefused.

    It asks for the host's address and may take LOOK_UP_S: never inside a transaction.
    """
    host, port = check_shape(url)
    allow_loopback = setting("ALLOW_LOOPBACK_TARGETS")

    def look_up() -> None:
        check_ip(filter_host(host, port, allow_loopback=allow_loopback), allow_loopback)

    try:
        within(LOOK_UP_S, look_up)
    except InvalidIPAddress:
        raise TargetRefused(INWARDS) from None
    except (requests.RequestException, OSError, UnicodeError):
        raise TargetRefused(NOT_FOUND) from None
    return Target(url)


def check_shape(url: str) -> tuple[str, int]:
    """Host and port of an address that looks like one we may call, whatever its host is. Raises
    TargetRefused."""
    parts, port = _parts(url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not HOST.fullmatch(host) or port == 0:
        raise TargetRefused(NO_ADDRESS)
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise TargetRefused("it must hold no user name, password or fragment")
    ours = setting("ALLOW_LOOPBACK_TARGETS") and host in THIS_MACHINE
    if parts.scheme != "https" and not ours:
        raise TargetRefused(f"it must begin with https://, not {parts.scheme}://")
    return host, port or (443 if parts.scheme == "https" else 80)


def check_ip(address: str, allow_loopback: bool) -> None:
    """Raises InvalidIPAddress for what filter_host lets pass of the addresses that are nobody's."""
    ip = ip_address(address.strip("[]"))
    unassigned = ip.is_reserved or getattr(ip, "is_site_local", False)
    if not (ip.is_global and not unassigned) and not (allow_loopback and ip.is_loopback):
        raise InvalidIPAddress(ip)


def within(limit_s: float, work: Callable[[], T]) -> T:
    """What `work` answers or raises, or TimeoutError: then it goes on by itself, and nobody listens
    any more. Nothing ends the look-up of a host from outside."""
    done: Future[T] = Future()

    def carry() -> None:
        try:
            done.set_result(work())
        except Exception as error:
            done.set_exception(error)

    Thread(target=carry, daemon=True).start()
    return done.result(limit_s)


def _parts(url: str) -> tuple[SplitResult, int | None]:
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        raise TargetRefused(f"it must be an address of at most {LONGEST} plain characters")
    try:
        parts = urlsplit(url)
        return parts, parts.port
    except ValueError:
        raise TargetRefused(NO_ADDRESS) from None
