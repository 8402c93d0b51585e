"""One supervisor per engine."""

from __future__ import annotations

import os
import socket
from datetime import timedelta

import pytest
from django.utils import timezone

from sandboxes.models import Lease
from sandboxes.supervising import lease

pytestmark = pytest.mark.django_db


def test_the_first_takes_it_and_keeps_it() -> None:
    assert lease.hold("default", "host-a 1 1")
    assert lease.hold("default", "host-a 1 1")
    assert not lease.hold("default", "host-b 1 1")


def test_each_engine_has_its_own() -> None:
    assert lease.hold("default", "host-a 1 1")
    assert lease.hold("second", "host-b 1 1")


def test_it_is_taken_over_once_it_has_run_out() -> None:
    assert Lease.take("default", "host-a 1 1", timedelta(seconds=10))
    assert not Lease.take("default", "host-b 1 1", timedelta(seconds=10))
    later = timezone.now() + timedelta(seconds=11)
    assert Lease.take("default", "host-b 1 1", timedelta(seconds=10), now=later)


def test_a_killed_owner_on_this_machine_is_followed_at_once() -> None:
    # The pid lives, but it is another process than the one that took the lease.
    killed = f"{socket.gethostname()} {os.getpid()} 1"
    assert lease.hold("default", killed)
    assert lease.hold("default", lease.this_process())


def test_a_living_owner_on_this_machine_keeps_it() -> None:
    assert lease.hold("default", lease.this_process())
    assert not lease.hold("default", f"{socket.gethostname()} {os.getpid()} other")
