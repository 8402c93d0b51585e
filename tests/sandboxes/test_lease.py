"""One supervisor per engine, whatever the clocks of their machines say."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from sandboxes.models import Lease
from sandboxes.supervising import lease
from sandboxes.supervising.lease import LEASE_LIFETIME, MARGIN_S, Claim

pytestmark = pytest.mark.django_db

LIFETIME_S = LEASE_LIFETIME.total_seconds()


class Clock:
    """Seconds since a machine's boot; two machines have two that agree in nothing but their pace."""

    def __init__(self, begins_at: float = 0.0) -> None:
        self.now = begins_at

    def __call__(self) -> float:
        return self.now


def claim(host: str, clock: Clock | None = None, engine: str = "default") -> Claim:
    return Claim(engine, f"{host} 1 1", clock or Clock())


@contextmanager
def database_away() -> Iterator[None]:
    """Let every query fail, as while the database's machine starts again."""

    def fail(*_: Any) -> None:
        raise OperationalError("the connection was lost")

    with connection.execute_wrapper(fail):
        yield


def test_the_first_takes_it_and_keeps_it() -> None:
    first, second = claim("host-a"), claim("host-b")
    assert first.renew()
    assert first.renew()
    assert not second.renew()
    assert (first.is_held, second.is_held) == (True, False)


def test_each_engine_has_its_own() -> None:
    assert claim("host-a").renew()
    assert claim("host-b", engine="second").renew()


def test_it_is_taken_over_once_it_was_not_renewed_for_its_lifetime() -> None:
    clock = Clock(1e6)
    assert claim("host-a").renew()
    follower = claim("host-b", clock)
    assert not follower.renew()
    clock.now += LIFETIME_S - 0.1
    assert not follower.renew()
    clock.now += 0.1
    assert follower.renew()
    assert Lease.objects.get().owner == "host-b 1 1"


def test_one_that_is_renewed_is_never_taken_over() -> None:
    clock = Clock()
    owner, follower = claim("host-a", clock), claim("host-b", clock)
    for _ in range(20):
        assert owner.renew()
        assert not follower.renew()
        clock.now += LIFETIME_S - 1


@pytest.mark.parametrize("days", [-400, -1, 1, 400])
def test_an_owner_whose_clock_is_wrong_keeps_it(days: int) -> None:
    assert claim("host-a").renew()
    Lease.objects.update(expires_at=timezone.now() + timedelta(days=days))
    assert not claim("host-b").renew()


def test_the_owner_stops_before_anybody_may_follow() -> None:
    clock = Clock()
    owner = claim("host-a", clock)
    assert owner.renew()
    clock.now += LIFETIME_S - MARGIN_S - 0.1
    assert owner.is_held
    clock.now += 0.1
    assert not owner.is_held


def test_it_ends_by_itself_while_the_database_is_away() -> None:
    clock = Clock()
    owner = claim("host-a", clock)
    owner.renew()
    with database_away():
        for _ in range(int(LIFETIME_S)):
            clock.now += 1
            with pytest.raises(OperationalError):
                owner.renew()
    assert not owner.is_held


def test_a_single_renewal_that_fails_loses_nothing() -> None:
    clock = Clock()
    owner = claim("host-a", clock)
    owner.renew()
    clock.now += lease.RENEW_S
    with database_away(), pytest.raises(OperationalError):
        owner.renew()
    assert owner.is_held


def test_a_renewal_that_took_long_counts_from_when_it_was_asked_for() -> None:
    clock = Clock()
    owner = claim("host-a", clock)
    owner.renew()

    def slow(execute: Any, *query: Any) -> Any:
        clock.now += LIFETIME_S
        return execute(*query)

    with connection.execute_wrapper(slow):
        assert owner.renew()
    assert not owner.is_held


def test_an_owner_that_slept_while_another_took_it_does_not_hold_it() -> None:
    sleeper, clock = claim("host-a"), Clock()
    follower = claim("host-b", clock)
    sleeper.renew()
    follower.renew()
    clock.now += LIFETIME_S
    assert follower.renew()
    assert not sleeper.renew()
    assert not sleeper.is_held
    assert follower.renew()


def test_of_two_that_follow_one_gets_it() -> None:
    clock = Clock()
    claim("host-a").renew()
    followers = [claim("host-b", clock), claim("host-c", clock)]
    assert [each.renew() for each in followers] == [False, False]
    clock.now += LIFETIME_S
    assert [each.renew() for each in followers] == [True, False]


@pytest.mark.parametrize("seed", range(20))
def test_two_never_hold_it_at_once(seed: int) -> None:
    """Whatever is renewed, fails, is slow or sleeps, in any order."""
    by_chance = random.Random(seed)
    clocks = [Clock(by_chance.uniform(0, 1e6)) for _ in range(3)]
    claims = [claim(f"host-{number}", clock) for number, clock in enumerate(clocks)]
    leaders = set()
    for _ in range(150):
        one = by_chance.choice(claims)
        with suppress(OperationalError), database_away() if by_chance.random() < 0.2 else nullcontext():
            one.renew()
        held = [each.owner for each in claims if each.is_held]
        assert len(held) <= 1
        leaders.update(held)
        passed = by_chance.choice([0.0, 0.5, 1.0, MARGIN_S, LIFETIME_S])
        for clock in clocks:
            clock.now += passed
    assert len(leaders) > 1


def test_a_killed_owner_at_this_place_is_followed_at_once() -> None:
    # The pid lives, but it is another process than the one that took the lease.
    assert Claim("default", f"{lease.this_place()} {os.getpid()} 1").renew()
    assert Claim("default", lease.this_process()).renew()


def test_a_living_owner_at_this_place_keeps_it() -> None:
    assert Claim("default", lease.this_process()).renew()
    assert not Claim("default", f"{lease.this_place()} {os.getpid()} other").renew()


@pytest.mark.parametrize("elsewhere", ["{host}/0123456789ab {pid} 1", "{host} {pid} 1", "other {pid} 1", "unreadable"])
def test_a_pid_of_another_boot_or_container_of_the_same_name_says_nothing(elsewhere: str) -> None:
    host = lease.this_place().partition("/")[0]
    assert Claim("default", elsewhere.format(host=host, pid=os.getpid())).renew()
    assert not Claim("default", lease.this_process()).renew()


def test_a_process_finds_its_name_fits_the_column() -> None:
    assert len(lease.this_process()) <= (Lease._meta.get_field("owner").max_length or 0)
