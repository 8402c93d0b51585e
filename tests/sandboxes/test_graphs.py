"""The Metrics tab: samples as columns for a script and as sentences for everybody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from sandboxes.metrics.graphs import GRAPHS, SPANS, as_columns, card_of, samples_of
from sandboxes.models import Sandbox, State
from sandboxes.models.samples import COARSE_S, FINE_S, Sample

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MIB = 1024 * 1024
PAGE, COLUMNS = "/sandboxes/quiet-otter/metrics/", "/sandboxes/quiet-otter/metrics.json"


def plant(sandbox: Sandbox, *seconds_ago: int, now: datetime = NOON, span_s: int = FINE_S, **values: Any) -> None:
    for ago in seconds_ago:
        Sample.objects.create(sandbox=sandbox, at=now - timedelta(seconds=ago), span_s=span_s, sessions=2, **values)


def columns_of(sandbox: Sandbox, span: str = "hour") -> dict[str, Any]:
    return as_columns(sandbox, samples_of(sandbox, SPANS[span], NOON), SPANS[span], NOON)


def test_a_span_has_its_own_samples_and_nothing_older(sandbox: Sandbox) -> None:
    plant(sandbox, 0, 15, 4000)
    plant(sandbox, 600, 90_000, span_s=COARSE_S)
    assert columns_of(sandbox)["at"] == [round(NOON.timestamp()) - 15, round(NOON.timestamp())]
    assert columns_of(sandbox, "day")["at"] == [round(NOON.timestamp()) - 600]


def test_where_it_did_not_run_the_line_has_a_gap(sandbox: Sandbox) -> None:
    plant(sandbox, 600, 15, 0, cpu_millis=700)
    assert columns_of(sandbox)["graphs"]["cpu"]["lines"] == [[700, None, 700, 700]]


def test_the_limit_is_that_of_all_sessions_but_the_disk_is_one(sandbox: Sandbox) -> None:
    plant(sandbox, 0, disk_bytes=MIB)
    graphs = columns_of(sandbox)["graphs"]
    assert graphs["cpu"]["limit"] == [2 * sandbox.cpu_millis]
    assert graphs["disk"]["limit"] == [sandbox.disk_bytes]
    assert graphs["network"]["limit"] is None


def test_a_card_says_now_highest_and_limit(sandbox: Sandbox) -> None:
    plant(sandbox, 30, memory_bytes=600 * MIB)
    plant(sandbox, 0, memory_bytes=300 * MIB, received_bps=2048)
    samples = samples_of(sandbox, SPANS["hour"], NOON)
    cards = {graph.name: card_of(graph, sandbox, samples) for graph in GRAPHS}
    assert cards["memory"].sentence == "300 MB, highest 600 MB. The limit of its 2 sessions together is 2 GB."
    assert cards["network"].sentence == "received 2 KB/s, highest 2 KB/s, sent 0 B/s, highest 0 B/s."
    assert (cards["disk"].sentence, cards["disk"].rows) == ("", [])
    assert [values for _, values in cards["memory"].rows] == [["300 MB"], ["600 MB"]]


def test_tables_are_short_and_begin_with_the_newest(sandbox: Sandbox) -> None:
    plant(sandbox, *range(0, 3600, 15))
    rows = card_of(GRAPHS[0], sandbox, samples_of(sandbox, SPANS["hour"], NOON)).rows
    assert len(rows) == 12
    assert rows[0][0] == NOON


def test_the_page_says_it_without_a_script(client: Client, bob: User, sandbox: Sandbox) -> None:
    sandbox.reach(State.RUNNING)
    plant(sandbox, 20, now=timezone.now(), memory_bytes=300 * MIB)
    client.force_login(bob)
    page = client.get(PAGE).content.decode()
    assert "300 MB, highest 300 MB" in page
    assert "<table" in page
    sandbox.refresh_from_db()
    assert sandbox.last_used_at is None


def test_without_samples_it_says_why(client: Client, bob: User, sandbox: Sandbox) -> None:
    client.force_login(bob)
    assert "Samples are taken while the sandbox runs" in client.get(PAGE).content.decode()


@pytest.mark.parametrize("span", ["hour", "day", "week", ""])
def test_an_unknown_span_is_the_last_hour(client: Client, bob: User, sandbox: Sandbox, span: str) -> None:
    client.force_login(bob)
    answer = client.get(COLUMNS, {"span": span}).json()
    assert answer["until"] - answer["from"] == (86_400 if span == "day" else 3600)


@pytest.mark.parametrize("address", [PAGE, COLUMNS])
def test_strangers_get_404_and_visitors_the_sign_in_page(
    client: Client, charlie: User, sandbox: Sandbox, address: str
) -> None:
    assert client.get(address).status_code == 302
    client.force_login(charlie)
    assert client.get(address).status_code == 404


def test_a_day_costs_as_many_queries_as_a_minute(
    client: Client, vera: User, sandbox: Sandbox, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    plant(sandbox, *range(0, 3600, 15), now=timezone.now())
    client.force_login(vera)
    with django_assert_max_num_queries(12):
        assert client.get(PAGE).status_code == 200
