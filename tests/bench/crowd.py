"""Many terminals at once: most are idle, some print 40 KB/s; and what each of them costs in memory."""

from __future__ import annotations

import asyncio
import itertools
import time

from tests.bench.place import SLUG, Place, cpu_s, holder_pid, memory_bytes, session_container
from tests.bench.report import Row, milliseconds, percentile
from tests.bench.shells import Ours
from tests.bench.stalled import typing_for
from tests.live import PASSWORD, Person

MIB = 1024 * 1024
PER_SESSION = 48
RATE_BYTES_S = 40_000
# Opening is not what is measured, so it is not made into a stampede.
OPEN_AT_ONCE = 8
# 4,000 bytes ten times a second by the clock, so that a late wake-up is caught up with.
PRINT = (
    'exec perl -e \'use Time::HiRes qw(time sleep); $l = ("x" x 78 . "\\n") x 50; $n = time;'
    " while (1) { syswrite STDOUT, $l; $n += 0.1; $d = $n - time; sleep $d if $d > 0 }'\r"
)
SET_UP = """
from accounts.models import Team, User
from sandboxes.models import Sandbox
from sessions.models import Session
sandbox = Sandbox.objects.get(slug={slug!r})
for number in range({people}):
    user = User.objects.create_user(f"crowd{{number}}@example.com", {password!r}, name=f"crowd{{number}}")
    sandbox.team.add(user, "member")
    session = Session.for_person(sandbox, user)
    for _ in range({each}):
        session.open_terminal(by=user)
"""


async def measure(place: Place) -> list[Row]:
    idle, active = place.rounds(500, 100), place.rounds(100, 20)
    people = await settle_in(place, idle + active)
    before = memory_bytes(place.server_pid)
    shells = await open_all(place, people, idle + active)
    try:
        opened = memory_bytes(place.server_pid)
        return [
            *await run(place, shells, active, place.rounds(30, 10)),
            Row("memory of the dashboard before any of them", "", f"{before / MIB:.0f} MiB"),
            Row("memory of the dashboard per open terminal", "", f"{(opened - before) / len(shells) / 1024:.0f} KiB"),
            await holder_memory(place, people[-1]),
        ]
    finally:
        for shell in shells:
            shell.close()


async def settle_in(place: Place, terminals: int) -> list[Person]:
    """Make as many people as it takes, each with a running session full of terminals."""
    people = -(-terminals // PER_SESSION)
    script = SET_UP.format(slug=SLUG, people=people, password=PASSWORD, each=PER_SESSION)
    await asyncio.to_thread(place.server.manage, "shell", "-c", script)
    waiting = "SELECT 1 AS done WHERE NOT EXISTS (SELECT 1 FROM sandbox_sessions_session WHERE state != 'running')"
    await asyncio.to_thread(place.server.wait_for, waiting, within_s=120)
    return [await asyncio.to_thread(place.server.person, f"crowd{number}@example.com") for number in range(people)]


async def open_all(place: Place, people: list[Person], count: int) -> list[Ours]:
    wanted = list(itertools.chain(*([(person, row) for row in terminals_of(place, person)] for person in people)))
    gate = asyncio.Semaphore(OPEN_AT_ONCE)

    async def open_one(person: Person, terminal_id: str) -> Ours:
        async with gate:
            return await Ours.open(place.server.port, person.cookie, terminal_id)

    return await asyncio.gather(*(open_one(*each) for each in wanted[:count]))


def terminals_of(place: Place, person: Person) -> list[str]:
    rows = place.server.rows(
        "SELECT t.id FROM sandbox_sessions_terminal t JOIN sandbox_sessions_session s ON s.id = t.session_id"
        " JOIN accounts_user u ON u.id = s.user_id WHERE u.email = ?",
        person.email,
    )
    return [f"{row['id'][:8]}-{row['id'][8:12]}-{row['id'][12:16]}-{row['id'][16:20]}-{row['id'][20:]}" for row in rows]


async def run(place: Place, shells: list[Ours], active: int, seconds: int) -> list[Row]:
    """Let some print, spread over all sessions, and type in one more terminal meanwhile."""
    printing = shells[:: len(shells) // active][:active]
    typing = await place.ours()
    await typing.start_echo()
    for shell in printing:
        shell.type(PRINT.encode())
    await asyncio.sleep(2)
    begun, cpu = [shell.received_bytes for shell in printing], cpu_s(place.server_pid)
    began = time.perf_counter()
    times = await typing_for(typing, seconds)
    elapsed = time.perf_counter() - began
    received = [shell.received_bytes - before for shell, before in zip(printing, begun, strict=True)]
    typing.close()
    lost = sum(1 for shell in shells if shell.ended)
    rate = sum(received) / len(received) / elapsed / RATE_BYTES_S
    memory = memory_bytes(place.server_pid)
    what = f"{len(shells) - active} idle terminals and {active} at 40 KB/s for {seconds} s"
    return [
        Row(f"{what}: disconnected", "< 1 %", f"{lost / len(shells):.1%}", holds=lost < len(shells) / 100),
        Row(
            "rate of those that print (slowest)",
            ">= 90 %",
            f"{rate:.1%}",
            f"{min(received) / elapsed / RATE_BYTES_S:.1%}",
            holds=rate >= 0.9,
        ),
        Row("memory of the dashboard", "<= 400 MB", f"{memory / 1e6:.0f} MB", holds=memory <= 400e6),
        Row("processor time of the dashboard", "", f"{(cpu_s(place.server_pid) - cpu) / elapsed:.0%} of a core"),
        Row(
            "echo in one more terminal meanwhile: p50, p99",
            "",
            milliseconds(percentile(times, 50)),
            milliseconds(percentile(times, 99)),
        ),
    ]


async def holder_memory(place: Place, person: Person) -> Row:
    """The holder of a session where every terminal has shown a prompt, some of them more."""
    container = session_container(place.server, person)
    size = memory_bytes(await asyncio.to_thread(holder_pid, container))
    return Row(f"memory of a holder with up to {PER_SESSION} terminals", "", f"{size / MIB:.1f} MiB")
