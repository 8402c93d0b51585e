"""A lived-in dashboard for looking at: people, teams, sandboxes in every state. No engine takes part."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from accounts.models import ApiToken, Invitation, Role, Scope, Team, User
from activity.log import record
from activity.models import Outcome
from activity.source import Source, Via, acting
from sandboxes.metrics.readings import Reading
from sandboxes.metrics.recording import keep
from sandboxes.models import MIB, Notice, Sample, Sandbox, State, Step, Template, Usage, Use
from sandboxes.models.samples import COARSE_S, FINE_S, floored
from sandboxes.shipped_templates import SHIPPED
from sessions.brings.git import Git
from sessions.models import Command, Permission, Session, SessionState, SessionToken
from tests.live import PASSWORD


def plant() -> dict[str, str]:
    """Fill an empty database. Return the tokens of an open invitation, by name of the page that shows it."""
    ada, ben, vera = people()
    harbor, _ = Team.objects.create(name="Harbor"), Team.objects.create(name="Lighthouse").add(ada, Role.MEMBER)
    harbor.add(ada, Role.OWNER)
    harbor.add(ben, Role.MEMBER)
    harbor.add(vera, Role.VIEWER)
    for slug, defaults in SHIPPED.items():
        Template.objects.create(slug=slug, image=f"sandlot/{slug}", **defaults)
    sandboxes(harbor, ada, ben)
    harbor.invite(Role.VIEWER, ada, "Grace, design review")
    token, _ = ApiToken.make(ada, "Nightly build", [Scope.SANDBOXES_WRITE, Scope.TERMINALS_WRITE], team=harbor)
    token.note_use("192.0.2.7")
    ApiToken.make(ada, "Laptop", [Scope.SANDBOXES_READ])
    return {"invitation": harbor.invite(Role.MEMBER, ada, "Linus")[1]}


def people() -> tuple[User, User, User]:
    ada = User.objects.create_superuser("ada@example.com", PASSWORD, name="Ada Lovelace")
    ben = User.objects.create_user("ben@example.com", PASSWORD, name="Ben Okri")
    vera = User.objects.create_user("vera@example.com", PASSWORD, name="Vera Molnár")
    return ada, ben, vera


def sandboxes(team: Team, ada: User, ben: User) -> None:
    debian, busybox = Template.objects.get(slug="debian"), Template.objects.get(slug="busybox")
    now = timezone.now()
    made = {
        slug: Sandbox.create(slug=slug, template=template, team=team, by=by, title=title)
        for slug, template, by, title in [
            ("payments-api", debian, ada, "Payments API"),
            ("quiet-otter", debian, ben, ""),
            ("docs-preview", busybox, ben, ""),
            ("nimble-falcon", debian, ada, ""),
            ("night-build", debian, ben, "Night build"),
            ("amber-reef", debian, ada, ""),
            ("old-idea", busybox, ben, ""),
            ("spike-search", debian, ada, "Search spike"),
        ]
    }
    made["payments-api"].reach(State.RUNNING, boot_reached=1)
    sessions(made["payments-api"], ada, ben)
    made["payments-api"].change_idle_timeout(3600)
    made["payments-api"].reach(State.RUNNING, state_at=now - timedelta(hours=5))
    made["payments-api"].note_use(ada, Use.TYPED, now - timedelta(minutes=4))
    measured(made["payments-api"])
    made["quiet-otter"].reach(State.RUNNING, boot_reached=1, last_used_at=now - timedelta(hours=3))
    made["docs-preview"].stop()
    made["docs-preview"].reach(State.STOPPED, last_used_at=now - timedelta(days=12))
    made["night-build"].reach(State.RUNNING, boot_reached=1, last_used_at=now - timedelta(hours=9))
    made["night-build"].pause()
    made["night-build"].reach(State.PAUSED)
    for slug, by, days in [("old-idea", ben, 2), ("spike-search", ada, 6)]:
        made[slug].trash(by, now - timedelta(days=days, hours=5))
        made[slug].reach(State.STOPPED, boot_reached=1)
    failed(made["amber-reef"])
    creating(made["nimble-falcon"])
    on_a_page(ben, lambda: record("sandbox.restart", made["payments-api"]))
    on_a_page(
        ben, lambda: record("access.refused", team, outcome=Outcome.REFUSED, detail={"page": "/team/invitations/"})
    )
    on_a_page(ada, lambda: record("sandbox.settings", made["payments-api"], detail={"title": "Payments API"}))


def on_a_page(user: User, do: Callable[[], None]) -> None:
    """Do something as this person in a browser."""
    with acting(lambda: Source(Via.PAGE, "203.0.113.9", user)):
        do()


def sessions(sandbox: Sandbox, ada: User, ben: User) -> None:
    """A team at work: one of each kind of session."""
    host, hers, his = Session.for_global(sandbox), Session.for_person(sandbox, ada), Session.for_person(sandbox, ben)
    guest, _ = Session.connect(sandbox, "review-2481", by=ada, permission=Permission.READ)
    for session, titles in ((host, ["server"]), (hers, ["Terminal 1"]), (his, ["build", "logs"]), (guest, [])):
        session.reach(SessionState.RUNNING)
        for title in titles:
            session.open_terminal(by=session.user, title=title).mark_opened()
    for words in (["/bin/sh", "-c", "npm run dev -- --port 3000"], ["pytest", "-q", "--maxfail=1", "tests/payments"]):
        Command.begin(his, ben, words)
    Session.note_use(his.pk, ben.pk)
    SessionToken.make(hers, ada, timedelta(hours=8))[0].note_use("192.0.2.7")
    SessionToken.make(hers, ada)
    hers.set_git(Git(email="ada@example.com", name="Ada Lovelace", token="ghp-0123456789"))
    hers.set_environment({"DATABASE_URL": "postgresql://localhost/payments", "STRIPE_KEY": "sk-test"})


def measured(sandbox: Sandbox) -> None:
    """A day of samples with a gap, as a sandbox leaves them behind in which someone builds now and then."""
    now = timezone.now()
    for span_s, count in ((FINE_S, 240), (COARSE_S, 288)):
        start = floored(now, span_s) - timedelta(seconds=span_s * (count - 1))
        Sample.objects.bulk_create(
            Sample(sandbox=sandbox, span_s=span_s, at=start + timedelta(seconds=span_s * n), **busy(n))
            for n in range(count)
            if not 90 < n < 110
        )
    keep({sandbox.slug: Reading(2, 640, 780 * MIB, 34, 52_000, 9_000)}, now)
    Usage.objects.filter(sandbox=sandbox).update(disk_bytes=8_700 * MIB, disk_at=now)
    Notice.tell(sandbox, Notice.Kind.OOM, "The session ada ran out of memory: the kernel ended a process in it.", "ada")


def busy(number: int) -> dict[str, int]:
    build = max(0.0, math.sin(number / 14)) ** 3
    return {
        "sessions": 2 if number > 40 else 1,
        "cpu_millis": round(60 + 25 * math.sin(number) + 800 * build),
        "memory_bytes": round((300 + 500 * build) * MIB),
        "pids": round(8 + 40 * build),
        "received_bps": round(2_000 + 300_000 * build),
        "sent_bps": round(1_000 + 40_000 * build),
        "disk_bytes": (8_000 + 3 * number) * MIB,
    }


def failed(sandbox: Sandbox) -> None:
    Step.begin(sandbox, "create", "Prepare the image").finish(Step.Outcome.DONE)
    text = "No space is left for new files: 1.4 GB of 2 GB that creating needs."
    Step.begin(sandbox, "create", "Make the shared files").finish(Step.Outcome.FAILED, text)
    sandbox.reach(State.FAILED, text)


def creating(sandbox: Sandbox) -> None:
    for title in ("Prepare the image", "Make the shared files", "Join the folders"):
        Step.begin(sandbox, "create", title).finish(Step.Outcome.DONE)
    Step.begin(sandbox, "create", "Start the global session")


def revoked_token() -> str:
    """Return a link that was taken back."""
    invitation, token = Team.objects.get(name="Harbor").invite(Role.MEMBER, User.objects.get(email="ada@example.com"))
    Invitation.objects.get(pk=invitation.pk).revoke()
    return token
