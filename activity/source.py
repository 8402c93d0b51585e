"""Who acts, from where and by which way: known where a request, a socket or a command begins, asked by `record`."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser


class Via(StrEnum):
    """The way by which something was done."""

    PAGE = "page"
    ADMIN = "admin"
    API = "api"
    SOCKET = "socket"
    COMMAND = "command"
    SUPERVISOR = "supervisor"


SERVER = "Sandlot"
# Who is named when no signed-in person acts.
NOBODY = {
    Via.PAGE: "Not signed in",
    Via.ADMIN: "Not signed in",
    Via.API: "Not signed in",
    Via.SOCKET: "Not signed in",
    Via.COMMAND: "Command line",
    Via.SUPERVISOR: SERVER,
}


@dataclass(frozen=True)
class Source:
    """`address` is the client's IP address, "" where there is no client. `is_server`: nobody asked for it.

    `token` is the name of the API token with which the person's program came, "" for the person.
    """

    via: Via
    address: str = ""
    user: AbstractBaseUser | None = None
    is_server: bool = False
    token: str = ""

    @property
    def actor_id(self) -> int | None:
        return self.user.pk if self.user else None

    @property
    def actor(self) -> str:
        if self.is_server:
            return SERVER
        if self.user is None:
            return NOBODY[self.via]
        return f"{label_of(self.user)} by the token {self.token}" if self.token else label_of(self.user)


def label_of(user: AbstractBaseUser) -> str:
    """Return a person's name and address: the name alone may change or be someone else's, too."""
    return f"{user} <{user.get_username()}>"


# Asked when something is recorded, because a request's user and route are known only later than its beginning.
# Without one it is a management command.
_current: ContextVar[Callable[[], Source]] = ContextVar("activity.source", default=lambda: Source(Via.COMMAND))


def current() -> Source:
    return _current.get()()


@contextmanager
def acting(source: Callable[[], Source]) -> Iterator[None]:
    """Name the source of what is recorded inside, also in the tasks and threads that begin there."""
    token = _current.set(source)
    try:
        yield
    finally:
        _current.reset(token)


def client_address(peer: str, forwarded_for: str = "") -> str:
    """Return the client's address: the peer's, or what the proxy in front says; "" when neither is an address.

    X-Forwarded-For counts only where the settings trust a proxy (origins with https) and the peer is on this machine
    or a private network, as a proxy is. Its last address is the one that this proxy saw; those before it come from
    the client, who can write there what they like.
    """
    if settings.SECURE_PROXY_SSL_HEADER and forwarded_for and is_near(peer):
        peer = forwarded_for.rsplit(",", 1)[-1]
    address = as_address(peer)
    return str(address) if address else ""


def is_near(peer: str) -> bool:
    address = as_address(peer)
    return address is not None and (address.is_loopback or address.is_private)


def as_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip())
    except ValueError:
        return None
