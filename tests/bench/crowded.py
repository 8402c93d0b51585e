"""A database as full as an installation gets: many sandboxes in one team, and many more rows for the admin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle, islice
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Invitation, Membership, Role, Team, User
from activity.models import Entry, Head, Outcome
from sandboxes.models import MIB, Desired, EngineStatus, Sandbox, State, Step, Template
from sandboxes.models.samples import FINE_S, Sample, Usage, floored
from sessions.models import Session, SessionState, Terminal

BATCH = 500
ENGINE = {"cpus": 2, "memory_bytes": 24 * 1024 * MIB, "version": "27.0", "runtimes": ["runc"]}
STATES = (State.RUNNING, State.RUNNING, State.STOPPED, State.FAILED, State.STARTING)
VERBS = ("sandbox.start", "sandbox.stop", "session.create", "terminal.open", "login.in", "sandbox.settings")


@dataclass(frozen=True)
class Size:
    """How much is planted. `rows` is what each list of the admin gets, those of the team among them."""

    sandboxes: int = 500
    rows: int = 10_000
    entries: int = 100_000
    members: int = 100
    sessions: int = 30
    samples: int = 240

    @classmethod
    def tiny(cls, count: int) -> Size:
        """The same shape with so many of everything."""
        return cls(count, 2 * count, count, count, count, count)


@dataclass(frozen=True)
class Crowd:
    """Whom to sign in and what to look at. `busy` runs and has all the sessions, `idle` is stopped."""

    owner: User
    member: User
    busy: Sandbox
    idle: Sandbox


def plant(size: Size) -> Crowd:
    """Fill an empty database, a few thousand rows a second: no engine, no model method, no chain of hashes."""
    owner, *users = people(size.rows)
    team, *others = Team.objects.bulk_create(Team(name=f"Team {number}") for number in range(20))
    joined(owner, team, others, users, size)
    sandboxes = all_sandboxes(size, team, others, [owner, *users])
    sessions(size, sandboxes, users)
    looks(size, sandboxes[: size.sandboxes])
    entries(size, team, others, sandboxes, users)
    EngineStatus.report_facts(ENGINE)
    return Crowd(owner, users[0], sandboxes[0], sandboxes[2])


def people(count: int) -> list[User]:
    """Return so many, the first of them a superuser. Not by `create_user`, which would record each."""
    nobody_knows_it = make_password(None)
    made = [User(email=f"user-{n}@example.com", name=f"Person {n}", password=nobody_knows_it) for n in range(count)]
    made[0].is_staff = made[0].is_superuser = True
    return User.objects.bulk_create(made, BATCH)


def joined(owner: User, team: Team, others: list[Team], users: list[User], size: Size) -> None:
    """Members of the team, the rest in the other teams; each team has an invitation that is open for long."""
    mine = [Membership(team=team, user=user, role=Role.MEMBER) for user in users[: size.members]]
    rest = zip(users[size.members :], cycle(others), strict=False)
    theirs = [Membership(team=other, user=user, role=Role.OWNER) for user, other in rest]
    Membership.objects.bulk_create([Membership(team=team, user=owner, role=Role.OWNER), *mine, *theirs], BATCH)
    until = timezone.now() + timedelta(days=7)
    numbered = zip(range(size.rows), cycle([team, *others, *others]), strict=False)
    Invitation.objects.bulk_create(
        (
            Invitation(
                team=to,
                token_hash=f"{n:064}",
                expires_at=until,
                invited_by=owner,
                # Twenty are open on the team's page; the others were used.
                accepted_at=None if to == team and n < 20 * (2 * len(others) + 1) else until - timedelta(days=8),
            )
            for n, to in numbered
        ),
        BATCH,
    )


def all_sandboxes(size: Size, team: Team, others: list[Team], users: list[User]) -> list[Sandbox]:
    templates = Template.objects.bulk_create(
        Template(slug=slug, title=slug.title(), image=f"sandlot/{slug}") for slug in ("debian", "busybox")
    )
    teams = [*[team] * size.sandboxes, *islice(cycle(others), size.rows - size.sandboxes)]
    now = timezone.now()
    made = (
        sandbox(n, of, template, user, state, now)
        for n, of, template, user, state in zip(
            range(size.rows), teams, cycle(templates), cycle(users[: size.members]), cycle(STATES), strict=False
        )
    )
    kept = Sandbox.objects.bulk_create(made, BATCH)
    Step.objects.bulk_create(
        (
            Step(sandbox=each, operation="create", title="Start the global session", outcome=Step.Outcome.DONE)
            for each in kept
        ),
        BATCH,
    )
    return kept


def sandbox(number: int, team: Team, template: Template, user: User, state: State, now: datetime) -> Sandbox:
    return Sandbox(
        slug=f"quiet-otter-{number}",
        team=team,
        template=template,
        created_by=user,
        state=state,
        desired=Desired.STOPPED if state == State.STOPPED else Desired.RUNNING,
        reason="No space is left for new files." if state == State.FAILED else "",
        boot_reached=1,
        created_at=now - timedelta(hours=number),
        last_used_at=now - timedelta(minutes=7 * number),
        last_used_by=user,
        idle_timeout_s=3600 if number % 2 else None,
        **{name: getattr(template, name) for name in ("memory_bytes", "cpu_millis", "pids_limit", "disk_bytes")},
    )


def sessions(size: Size, sandboxes: list[Sandbox], users: list[User]) -> None:
    """All of `size.sessions` in the first sandbox, one in each other; a terminal in each."""
    first, *rest = sandboxes
    places = [(first, user) for user in users[: size.sessions]] + [(each, users[0]) for each in rest[: size.rows]]
    kept = Session.objects.bulk_create(
        (
            Session(sandbox=at, user=user, name=f"s{n}", created_by=user, state=SessionState.RUNNING)
            for n, (at, user) in enumerate(places)
        ),
        BATCH,
    )
    # Not opened yet: of those that were, a page asks the holder first how they are.
    Terminal.objects.bulk_create(
        (Terminal(session=each, number=1, title="Terminal 1", created_by=each.user) for each in kept), BATCH
    )


def looks(size: Size, sandboxes: list[Sandbox]) -> None:
    """A newest look at each sandbox of the team, and an hour of samples of the first twenty."""
    now = timezone.now()
    measured: dict[str, Any] = {"sessions": 1, "cpu_millis": 310, "memory_bytes": 200 * MIB, "disk_bytes": 900 * MIB}
    Usage.objects.bulk_create((Usage(sandbox=each, at=now, **measured) for each in sandboxes), BATCH)
    ends = floored(now, FINE_S)
    Sample.objects.bulk_create(
        (
            Sample(sandbox=each, at=ends - timedelta(seconds=FINE_S * n), **measured)
            for each in sandboxes[:20]
            for n in range(size.samples)
        ),
        BATCH,
    )


def entries(size: Size, team: Team, others: list[Team], sandboxes: list[Sandbox], users: list[User]) -> None:
    """As many entries as asked for in the team, a tenth more in the others."""
    mine, theirs = sandboxes[: size.sandboxes], sandboxes[size.sandboxes :]
    rows = [
        *islice(zip(cycle([team]), cycle(mine), cycle(users[: size.members]), strict=False), size.entries),
        *islice(zip(cycle(others), cycle(theirs), cycle(users), strict=False), size.entries // 10),
    ]
    # Past the refusal of the model's own manager: nobody verifies this chain.
    QuerySet[Entry](Entry).bulk_create(numbered_entries(rows), BATCH)
    Head.objects.create(count=len(rows))


def numbered_entries(rows: list[tuple[Team, Sandbox, User]]) -> Iterator[Entry]:
    began = timezone.now() - timedelta(seconds=30 * len(rows))
    for number, ((team, of, user), verb) in enumerate(zip(rows, cycle(VERBS), strict=False), 1):
        yield Entry(
            number=number,
            at=began + timedelta(seconds=30 * number),
            actor_id=user.pk,
            actor=f"{user.name} <{user.email}>",
            via="page",
            address="203.0.113.9",
            verb=verb,
            target_kind="sandboxes.sandbox",
            target_id=str(of.pk),
            target=of.slug,
            sandbox_id=of.pk,
            sandbox=of.slug,
            team_id=team.pk,
            team=team.name,
            outcome=Outcome.FAILED if number % 50 == 0 else Outcome.DONE,
            hash="",
        )
