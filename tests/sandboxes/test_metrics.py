"""What a sandbox uses: readings from plain counters, rows that stay few, news that reaches people."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.template.loader import render_to_string
from pytest_django import DjangoAssertNumQueries

from activity.models import Entry
from engine import Container, EngineError, EngineEvent, EngineFacts, EngineTimeout, NotFound, Refusals, Stats
from engine.labels import HOST, NETWORK, SANDBOX, SESSION
from engine.world import World
from sandboxes.metrics.readings import Look, Reading, is_out_of_pids, reading_of
from sandboxes.metrics.recording import keep
from sandboxes.metrics.shares import shares_of
from sandboxes.models import EngineStatus, Notice, Sample, Sandbox, State, Usage
from sandboxes.models.notice import NOTICES_KEPT
from sandboxes.models.samples import COARSE_S, FINE_S
from sandboxes.signals import sandbox_changed
from sandboxes.supervising.sampler import AT_ONCE, Sampler
from sessions.models import Session

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MIB = 1024 * 1024
READING = Reading(sessions=1, cpu_millis=500, memory_bytes=256 * MIB, pids=9, received_bps=10, sent_bps=20)


def stats(second: float = 0, **more: int) -> Stats:
    values = {"cpu_ns": 0, "memory_bytes": MIB, "pids": 3, "received_bytes": 0, "sent_bytes": 0} | more
    return Stats(at=NOON + timedelta(seconds=second), memory_limit_bytes=1024 * MIB, **values)


class TestReading:
    def test_sessions_are_added_up(self) -> None:
        looks = [
            Look("pitcher-host", True, stats(10, cpu_ns=6_000_000_000, pids=4), stats(0, cpu_ns=1_000_000_000)),
            Look("bob", False, stats(10, cpu_ns=2_500_000_000, memory_bytes=3 * MIB), stats(0)),
        ]
        reading = reading_of(looks)
        assert (reading.sessions, reading.cpu_millis, reading.memory_bytes, reading.pids) == (2, 750, 4 * MIB, 7)

    def test_the_network_is_counted_once(self) -> None:
        """All sessions show the counters of the one network that they share."""
        before, now = stats(0), stats(10, received_bytes=1000, sent_bytes=50)
        reading = reading_of([Look("pitcher-host", True, now, before), Look("bob", False, now, before)])
        assert (reading.received_bps, reading.sent_bps) == (100, 5)

    def test_a_network_of_ones_own_is_counted_as_well(self) -> None:
        before, now = stats(0), stats(10, received_bytes=1000, sent_bytes=50)
        reading = reading_of([Look("pitcher-host", True, now, before), Look("reader", True, now, before)])
        assert (reading.received_bps, reading.sent_bps) == (200, 10)

    def test_a_session_seen_for_the_first_time_has_no_rate(self) -> None:
        assert reading_of([Look("bob", True, stats(0, cpu_ns=10**12))]).cpu_millis == 0

    def test_counters_that_began_anew_are_no_negative_rate(self) -> None:
        look = Look("bob", True, stats(10, cpu_ns=1), stats(0, cpu_ns=10**9))
        assert reading_of([look]).cpu_millis == 0

    def test_two_looks_at_one_moment_have_no_rate(self) -> None:
        assert reading_of([Look("bob", True, stats(0, cpu_ns=10**9), stats(0))]).cpu_millis == 0

    @pytest.mark.parametrize(
        ("pids", "limit", "out"), [(512, 512, True), (511, 512, True), (400, 512, False), (9, 0, False)]
    )
    def test_out_of_pids(self, pids: int, limit: int, out: bool) -> None:
        assert is_out_of_pids(stats(pids=pids, pids_limit=limit)) is out


@pytest.mark.django_db
class TestRows:
    def test_a_look_is_kept_once_per_span_and_leaves_last_used_alone(self, sandbox: Sandbox) -> None:
        for second in (0, 1, FINE_S):
            keep({"quiet-otter": READING, "gone": READING}, NOON + timedelta(seconds=second))
        assert [sample.at.second for sample in Sample.objects.all()] == [0, FINE_S]
        assert Usage.objects.get().at == NOON + timedelta(seconds=FINE_S)
        sandbox.refresh_from_db()
        assert sandbox.last_used_at is None

    def test_many_sandboxes_cost_as_many_queries_as_one(
        self, sandbox: Sandbox, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        values = {"template": sandbox.template, "team": sandbox.team, "by": sandbox.created_by}
        slugs = [Sandbox.create(slug=f"many-{n}", **values).slug for n in range(20)]  # type: ignore[arg-type]
        with django_assert_max_num_queries(6):
            keep(dict.fromkeys(slugs, READING), NOON)
        assert Usage.objects.count() == 20

    def test_an_hour_of_samples_becomes_twelve_and_a_day_is_the_end(self, sandbox: Sandbox) -> None:
        hour = [NOON - timedelta(seconds=FINE_S * n) for n in range(1, 3 * 240)]
        Sample.objects.bulk_create(
            Sample(sandbox=sandbox, at=at, cpu_millis=100 * (at.second // FINE_S), memory_bytes=at.second)
            for at in hour
        )
        Sample.objects.create(sandbox=sandbox, at=NOON - timedelta(days=2), span_s=COARSE_S)
        for _ in range(2):
            Sample.objects.thin(NOON - timedelta(days=1), NOON)
        coarse = Sample.objects.filter(span_s=COARSE_S)
        assert coarse.count() == 12
        assert {(sample.cpu_millis, sample.memory_bytes) for sample in coarse} == {(150, 45)}
        assert Sample.objects.filter(span_s=FINE_S).count() == 240

    def test_bars_show_the_newest_look_against_the_limits_of_all_sessions(self, sandbox: Sandbox) -> None:
        sandbox.reach(State.RUNNING)
        keep({"quiet-otter": READING}, NOON)
        Usage.objects.update(sessions=2, disk_bytes=9 * 1024 * MIB)
        bars = {share.name: share for share in shares_of(reloaded(sandbox), NOON)}
        assert (bars["CPU"].percent, bars["CPU"].used, bars["CPU"].allowed) == (25, "0.5 cores", "2 cores")
        assert (bars["Memory"].percent, bars["Memory"].level) == (12, "")
        assert (bars["Disk"].percent, bars["Disk"].level) == (90, "high")

    def test_a_stale_look_shows_dashes_and_the_disk(self, sandbox: Sandbox) -> None:
        sandbox.reach(State.RUNNING)
        dashes = [("CPU", "–", "1 core"), ("Memory", "–", "1 GB")]
        assert [(share.name, share.used, share.allowed) for share in shares_of(sandbox, NOON)] == dashes
        keep({"quiet-otter": READING}, NOON)
        late = NOON + timedelta(minutes=5)
        assert [share.used for share in shares_of(reloaded(sandbox), late)] == ["–", "–"]
        Usage.objects.update(disk_bytes=MIB)
        assert [share.used for share in shares_of(reloaded(sandbox), late)] == ["–", "–", "1 MB"]
        sandbox.reach(State.STOPPED)
        assert [share.name for share in shares_of(reloaded(sandbox), late)] == ["Disk"]

    def test_pages_hear_of_the_first_look_and_of_bars_that_move(
        self, sandbox: Sandbox, django_capture_on_commit_callbacks: Any
    ) -> None:
        told: list[str] = []

        def tell(sandbox: Sandbox, **rest: object) -> None:
            told.append(sandbox.slug)

        def look(reading: Reading, second: int) -> list[str]:
            told.clear()
            with django_capture_on_commit_callbacks(execute=True):
                keep({"quiet-otter": reading}, NOON + timedelta(seconds=second))
            return list(told)

        sandbox.reach(State.RUNNING)
        sandbox_changed.connect(tell)
        try:
            assert look(READING, 0) == ["quiet-otter"]
            assert look(READING, 15) == []
            assert look(replace(READING, cpu_millis=READING.cpu_millis + 1), 30) == []
            assert look(replace(READING, cpu_millis=0), 45) == ["quiet-otter"]
            # The server was away meanwhile.
            assert look(replace(READING, cpu_millis=0), 600) == ["quiet-otter"]
        finally:
            sandbox_changed.disconnect(tell)

    def test_bars_ask_nothing_when_the_list_has_loaded_them(
        self, sandbox: Sandbox, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        row = Sandbox.objects.select_related("usage").get()
        with django_assert_num_queries(0):
            assert "meter" not in render_to_string("sandboxes/_bars.html", {"sandbox": row})

    def test_bars_say_what_they_mean(self, sandbox: Sandbox) -> None:
        sandbox.reach(State.RUNNING)
        keep({"quiet-otter": READING}, datetime.now(UTC))
        text = render_to_string("sandboxes/_bars.html", {"sandbox": reloaded(sandbox)})
        assert 'aria-label="Memory: 256 MB of 1 GB"' in text


def reloaded(sandbox: Sandbox) -> Sandbox:
    return Sandbox.objects.select_related("usage").get(pk=sandbox.pk)


@pytest.mark.django_db
class TestNotices:
    def test_it_stands_beside_the_state_and_in_the_activity(self, sandbox: Sandbox) -> None:
        sandbox.reach(State.RUNNING)
        assert Notice.tell(sandbox, Notice.Kind.OOM, "Out of memory.", "bob")
        sandbox.refresh_from_db()
        assert (sandbox.state, sandbox.reason) == (State.RUNNING, "Out of memory.")
        entry = Entry.objects.get(verb="sandbox.oom")
        assert (entry.sandbox, entry.detail) == ("quiet-otter", {"session": "bob"})

    def test_the_same_again_is_no_news(self, sandbox: Sandbox) -> None:
        assert Notice.tell(sandbox, Notice.Kind.OOM, "Out.", "bob", now=NOON)
        assert not Notice.tell(sandbox, Notice.Kind.OOM, "Out.", "bob", now=NOON + timedelta(seconds=20))
        assert Notice.tell(sandbox, Notice.Kind.OOM, "Out.", "vera", now=NOON + timedelta(seconds=20))
        assert Notice.tell(sandbox, Notice.Kind.OOM, "Out.", "bob", now=NOON + timedelta(seconds=40))

    def test_they_are_bounded(self, sandbox: Sandbox) -> None:
        for number in range(NOTICES_KEPT + 5):
            Notice.tell(sandbox, Notice.Kind.PIDS, f"Number {number}", now=NOON + timedelta(minutes=number))
        assert sandbox.notices.count() == NOTICES_KEPT

    def test_old_news_leaves_the_state_alone_again(self, sandbox: Sandbox) -> None:
        sandbox.reach(State.RUNNING)
        Notice.tell(sandbox, Notice.Kind.OOM, "Out of memory.", "bob", now=NOON)
        Sandbox.objects.fade_notices(NOON + timedelta(minutes=5))
        assert reloaded(sandbox).reason == "Out of memory."
        Sandbox.objects.fade_notices(NOON + timedelta(minutes=20))
        assert reloaded(sandbox).reason == ""

    def test_a_reason_of_another_kind_stays(self, sandbox: Sandbox) -> None:
        sandbox.reach(State.RUNNING, "Something else.")
        Sandbox.objects.fade_notices(NOON)
        assert reloaded(sandbox).reason == "Something else."

    def test_only_the_session_it_is_about_hears_it(self, sandbox: Sandbox, bobs_session: Session) -> None:
        other = Session.for_global(sandbox)
        Notice.tell(sandbox, Notice.Kind.OOM, "Yours.", bobs_session.name)
        Notice.tell(sandbox, Notice.Kind.DISK, "All.")
        told = Notice.objects.for_sessions([bobs_session.pk, other.pk], 0)
        assert {(pk, text) for pk, _, _, text in told} == {
            (bobs_session.pk, "Yours."),
            (bobs_session.pk, "All."),
            (other.pk, "All."),
        }
        assert Notice.objects.for_sessions([bobs_session.pk], Notice.objects.newest_id()) == []


class CountingEngine:
    """Answers `stats` from a table, where an error is raised, and `refusals` from another one."""

    def __init__(self, **answers: Stats | EngineError) -> None:
        self.answers, self.asked = answers, 0
        self.counts: dict[str, int] = {}

    async def refusals(self, containers: Collection[Container]) -> dict[str, Refusals]:
        known = {each.id for each in containers} & self.counts.keys()
        return {key: Refusals(self.counts[key], limit=64) for key in known}

    async def stats(self, name: str, *, deadline_s: float) -> Stats:
        self.asked += 1
        answer = self.answers[name]
        await asyncio.sleep(0)
        if isinstance(answer, EngineError):
            raise answer
        return answer

    async def facts(self, *, deadline_s: float) -> EngineFacts:
        return EngineFacts("e", "20.10", "1.41", "6", "Debian", "x86_64", "overlay2", "/", 2, 8 * 2**30, (), (), "1", 0)


def world(*names: str, reader: str = "", created_at: datetime = NOON) -> World:
    containers = {}
    for number, name in enumerate(names):
        labels = {SANDBOX: "quiet-otter", SESSION: name, HOST: "1" if number == 0 else "0"}
        labels |= {NETWORK: "readers"} if name == reader else {}
        containers[name] = Container(name, name, "running", "image", labels, created_at)
    return World(containers)


def sampler(engine: Any) -> Sampler:
    return Sampler(engine)


@pytest.mark.django_db(transaction=True)
class TestSampler:
    async def test_a_look_becomes_a_sample(self, sandbox: Sandbox) -> None:
        engine = CountingEngine(host=stats(0), bob=stats(0))
        sampling = sampler(engine)
        await sampling.sample(world("host", "bob"))
        sample = await Sample.objects.aget(span_s=FINE_S)
        assert (sample.sessions, sample.memory_bytes) == (2, 2 * MIB)
        assert (await EngineStatus.objects.aget()).facts["cpus"] == 2
        sampling._sampled_at = -1000
        engine.answers["bob"] = stats(10, cpu_ns=10**10)
        await sampling.sample(world("host", "bob"))
        assert (await Usage.objects.aget()).cpu_millis == 1000

    async def test_what_a_read_session_sends_counts_and_what_joins_a_network_does_not(self, sandbox: Sandbox) -> None:
        engine = CountingEngine(host=stats(0), bob=stats(0), eve=stats(0))
        sampling, there = sampler(engine), world("host", "bob", "eve", reader="eve")
        await sampling.sample(there)
        sampling._sampled_at = -1000
        engine.answers |= {name: stats(10, sent_bytes=1000) for name in ("host", "bob", "eve")}
        await sampling.sample(there)
        assert (await Usage.objects.aget()).sent_bps == 200

    async def test_a_session_that_has_just_ended_is_left_out(self, sandbox: Sandbox) -> None:
        await sampler(CountingEngine(host=stats(0), bob=NotFound("gone"))).sample(world("host", "bob"))
        assert (await Sample.objects.aget(span_s=FINE_S)).sessions == 1

    async def test_an_engine_that_hangs_is_asked_a_few_times_and_then_left_alone(self, sandbox: Sandbox) -> None:
        names = [f"s{number}" for number in range(500)]
        engine = CountingEngine(**dict.fromkeys(names, EngineTimeout("no answer")))
        with pytest.raises(EngineTimeout):
            await sampler(engine).sample(world(*names))
        assert engine.asked <= AT_ONCE
        assert not await Sample.objects.aexists()

    async def test_a_refused_process_is_told_with_the_next_look_though_nobody_types(self, sandbox: Sandbox) -> None:
        await sync_to_async(sandbox.reach)(State.RUNNING)
        engine = CountingEngine(bob=stats())
        engine.counts["bob"] = 0
        sampling = sampler(engine)
        await sampling.watch(world("bob"))
        assert not await Notice.objects.aexists()
        engine.counts["bob"] = 1
        await sampling.watch(world("bob"))
        notice = await Notice.objects.aget()
        assert (notice.kind, notice.session) == (Notice.Kind.PIDS, "bob")
        assert "64 processes" in notice.text
        await sandbox.arefresh_from_db()
        assert sandbox.last_used_at is None
        assert engine.asked == 0, "the kernel says it"

    async def test_what_was_refused_before_the_first_look_is_no_news(self, sandbox: Sandbox) -> None:
        engine = CountingEngine(bob=stats())
        engine.counts["bob"] = 7
        sampling = sampler(engine)
        for _ in range(2):
            await sampling.watch(world("bob"))
        assert not await Notice.objects.aexists()

    async def test_a_container_that_came_since_the_last_look_is_told_at_once(self, sandbox: Sandbox) -> None:
        engine = CountingEngine(bob=stats())
        engine.counts["bob"] = 1
        await sampler(engine).watch(world("bob", created_at=datetime.now(UTC)))
        assert await Notice.objects.aexists()

    async def test_of_an_engine_on_another_machine_a_full_session_is_told_with_the_next_look(
        self, sandbox: Sandbox
    ) -> None:
        """There its counters are all that is seen, so it is asked for every session each time."""
        engine = CountingEngine(bob=stats(pids=5, pids_limit=64))
        sampling = sampler(engine)
        await sampling.watch(world("bob"))
        assert not await Notice.objects.aexists()
        engine.answers["bob"] = stats(pids=64, pids_limit=64)
        await sampling.watch(world("bob"))
        assert "64 processes" in (await Notice.objects.aget()).text
        assert engine.asked == 2

    async def test_where_the_kernel_counts_the_engine_is_asked_for_samples_only(self, sandbox: Sandbox) -> None:
        engine = CountingEngine(host=stats(0))
        engine.counts["host"] = 0
        sampling = sampler(engine)
        for _ in range(3):
            await sampling.watch(world("host"))
            await sampling.sample(world("host"))
        assert engine.asked == 1

    async def test_out_of_memory_is_told(self, sandbox: Sandbox) -> None:
        event = EngineEvent("oom", "container", {SANDBOX: "quiet-otter", SESSION: "bob"}, NOON)
        await sampler(CountingEngine()).note(event)
        assert "memory" in (await Notice.objects.aget()).text

    async def test_news_of_a_sandbox_that_is_gone_is_no_trouble(self, db: None) -> None:
        await sampler(CountingEngine()).note(EngineEvent("oom", "container", {SANDBOX: "gone"}, NOON))
        assert not await Notice.objects.aexists()
