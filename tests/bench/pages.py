"""`python -m tests.bench.pages`: how long a full database's pages take, what they ask it, and what a page loads.

Each page is asked for through Django's test client, in this process and one after the other: what the network, the
server's own work and other visitors add is not in it. No engine takes part.
"""

from __future__ import annotations

import argparse
import gzip
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.report import percentile

if TYPE_CHECKING:
    from django.test import Client

    from tests.bench.crowded import Crowd, Size

PAGE_S, ADMIN_S = 0.2, 0.3
API_LIST_S, API_ONE_S = 0.1, 0.02
KIB = 1024
DIST = Path(__file__).resolve().parents[2] / "static" / "dist"
# What a page loads -> at most so many KiB, gzipped as it travels.
BUDGETS: dict[str, tuple[tuple[str, ...], int]] = {
    "styles of the terminal page": (("app.css", "terminal.css"), 60),
    "styles of the metrics page": (("app.css", "metrics.css"), 60),
    "scripts of any page, with the palette": (("app.js", "palette.js"), 60),
    "scripts of the metrics page": (("app.js", "palette.js", "metrics.js"), 60),
    "scripts of the terminal page": (("app.js", "palette.js", "terminal.js"), 250),
}


@dataclass(frozen=True)
class Page:
    name: str
    address: str
    limit_s: float = PAGE_S


@dataclass(frozen=True)
class Figure:
    """What was measured of a page: `first_s` with cold caches, then times and processor times of further requests."""

    page: Page
    first_s: float
    times_s: Sequence[float]
    busy_s: Sequence[float]
    queries: int
    sent_bytes: int

    @property
    def holds(self) -> bool:
        return percentile(self.times_s, 95) <= self.page.limit_s

    def cells(self) -> tuple[str, ...]:
        times_s = (
            self.first_s,
            percentile(self.times_s, 50),
            percentile(self.times_s, 95),
            percentile(self.busy_s, 50),
        )
        return (
            self.page.name,
            *(f"{value * 1000:.0f}" for value in times_s),
            f"{self.page.limit_s * 1000:.0f}",
            str(self.queries),
            f"{self.sent_bytes / KIB:.0f}",
            "yes" if self.holds else "NO",
        )


def member_pages(crowd: Crowd) -> list[Page]:
    busy, idle = f"/sandboxes/{crowd.busy.slug}", f"/sandboxes/{crowd.idle.slug}"
    return [
        Page("list", "/"),
        Page("list, filtered and sorted", "/?q=status:running+owner:person+otter&sort=-used"),
        Page("list, sorted by owner", "/?sort=owner"),
        Page("one row", f"{busy}/row/"),
        Page("sandbox, running", f"{busy}/"),
        Page("sandbox, stopped", f"{idle}/"),
        Page("sandbox: state fragment", f"{busy}/status/"),
        Page("sandbox: sessions", f"{busy}/sessions/"),
        Page("sandbox: settings", f"{busy}/settings/"),
        Page("sandbox: metrics", f"{busy}/metrics/"),
        Page("sandbox: metrics as JSON", f"{busy}/metrics.json"),
        Page("sandbox: activity", f"{busy}/activity/"),
        Page("new sandbox", "/sandboxes/new/"),
        Page("trash", "/trash/"),
        Page("team", "/team/"),
        Page("team's activity, as a member", "/activity/"),
        Page("palette", "/palette/"),
    ]


def api_pages(crowd: Crowd) -> list[Page]:
    """What a program asks most."""
    one = f"/api/v1/sandboxes/{crowd.busy.slug}"
    return [
        Page("API: list of 500", "/api/v1/sandboxes?limit=500", API_LIST_S),
        Page("API: one sandbox", one, API_ONE_S),
        Page("API: its sessions", f"{one}/sessions", API_LIST_S),
        Page("API: its activity", f"{one}/activity", API_LIST_S),
    ]


def owner_pages() -> list[Page]:
    return [
        Page("team, as its owner", "/team/"),
        Page("team's activity", "/activity/"),
        Page("team's activity, filtered", "/activity/?what=sandbox&outcome=failed&text=otter-1"),
        Page("team's activity, a text that nothing has", "/activity/?text=albatross"),
    ]


def admin_pages(crowd: Crowd) -> list[Page]:
    pages = [
        ("overview", ""),
        ("sandboxes", "sandboxes/sandbox/"),
        ("sandboxes, filter and search", "sandboxes/sandbox/?state__exact=running&q=otter-1"),
        ("sandboxes, by the owner's name", "sandboxes/sandbox/?q=Person+1"),
        (
            "sandboxes, sorted, in the middle",
            f"sandboxes/sandbox/?o=-8&p={max(1, type(crowd.busy).objects.count() // 100)}",
        ),
        ("a sandbox", f"sandboxes/sandbox/{crowd.busy.pk}/change/"),
        ("steps", "sandboxes/step/"),
        ("steps, filter and search", "sandboxes/step/?outcome__exact=done&q=otter-1"),
        ("templates", "sandboxes/template/"),
        ("sessions", "sandbox_sessions/session/"),
        ("sessions, filter and search", "sandbox_sessions/session/?state__exact=running&q=otter-1"),
        ("a session", f"sandbox_sessions/session/{crowd.busy.sessions.order_by('pk')[0].pk}/change/"),
        ("new session", "sandbox_sessions/session/add/"),
        ("terminals", "sandbox_sessions/terminal/"),
        ("terminals, filter and search", "sandbox_sessions/terminal/?ended_at__isempty=1&q=otter-1"),
        ("users", "accounts/user/"),
        ("users, filter and search", "accounts/user/?is_active__exact=1&q=Person+1"),
        ("a user", f"accounts/user/{crowd.member.pk}/change/"),
        ("teams", "accounts/team/"),
        ("a team", f"accounts/team/{crowd.busy.team_id}/change/"),
        ("memberships", "accounts/membership/"),
        ("memberships, filter and search", "accounts/membership/?role__exact=owner&q=Person+1"),
        ("invitations", "accounts/invitation/"),
        ("invitations, filter and search", "accounts/invitation/?role__exact=member&q=user-0"),
        ("record", "activity/entry/"),
        ("record, filter and search", "activity/entry/?outcome__exact=failed&q=otter-1"),
        ("record, a text that nothing has", "activity/entry/?q=albatross"),
        ("people to choose from", AUTOCOMPLETE),
    ]
    return [Page(f"admin: {name}", f"/admin/{address}", ADMIN_S) for name, address in pages]


AUTOCOMPLETE = "autocomplete/?app_label=sandbox_sessions&model_name=session&field_name=user&term=person"


def measure(crowd: Crowd, rounds: int) -> list[Figure]:
    """Ask for every page as the one who uses it."""
    member, owner = browser_of(crowd.member), browser_of(crowd.owner)
    return [
        *(figure(member, page, rounds) for page in member_pages(crowd)),
        *(figure(program_of(crowd.member), page, rounds) for page in api_pages(crowd)),
        *(figure(owner, page, rounds) for page in [*owner_pages(), *admin_pages(crowd)]),
    ]


def browser_of(user: object) -> Client:
    from django.test import Client  # noqa: PLC0415  # the command sets Django up first

    client = Client(headers={"host": "localhost"})
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")  # type: ignore[arg-type]
    return client


def program_of(user: object) -> Client:
    """Return a client that sends an API token and keeps no cookie."""
    from django.test import Client  # noqa: PLC0415

    from accounts.models import ApiToken, Scope  # noqa: PLC0415

    _, text = ApiToken.make(user, "benchmark", [Scope.SANDBOXES_READ])  # type: ignore[arg-type]
    return Client(headers={"host": "localhost", "authorization": f"Bearer {text}"})


def figure(client: Client, page: Page, rounds: int) -> Figure:
    """Ask once for the cold time, once for the queries and then for the times. Raises RuntimeError without a page."""
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    first_s, _, _ = asked(client, page)
    with CaptureQueriesContext(connection) as captured:
        _, _, sent_bytes = asked(client, page)
    # Now: the next request empties the log.
    queries = len(captured)
    answers = [asked(client, page) for _ in range(rounds)]
    return Figure(page, first_s, [each[0] for each in answers], [each[1] for each in answers], queries, sent_bytes)


def asked(client: Client, page: Page) -> tuple[float, float, int]:
    """Return the seconds that a page took, those of a processor in it (the database's too), and its size."""
    began, used = time.perf_counter(), time.process_time()
    answer = client.get(page.address)
    took_s, busy_s = time.perf_counter() - began, time.process_time() - used
    if answer.status_code != 200:
        raise RuntimeError(f"{page.name}: {page.address} answered {answer.status_code}.")
    return took_s, busy_s, len(answer.content)


def page_table(figures: Iterable[Figure]) -> str:
    heads = ("page", "first ms", "p50 ms", "p95 ms", "of it busy", "limit", "queries", "KiB", "holds")
    return table([heads, *(each.cells() for each in figures)])


def bundle_table(dist: Path = DIST) -> str:
    """Return what pages load against what they may; a file that was not built is said."""
    rows = [("what a page loads", "KiB gz", "limit", "holds")]
    for name, (files, limit) in BUDGETS.items():
        missing = [file for file in files if not (dist / file).exists()]
        if missing:
            rows.append((f"{name}: {missing[0]} is not built, see npm run build", "", str(limit), "-"))
            continue
        size = sum(len(gzip.compress((dist / file).read_bytes())) for file in files) / KIB
        rows.append((name, f"{size:.1f}", str(limit), "yes" if size <= limit else "NO"))
    return table(rows)


def table(lines: Sequence[tuple[str, ...]]) -> str:
    """Return lines, the heads first, as a Markdown table that is also readable as it stands."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    drawn = [lines[0], tuple("-" * width for width in widths), *lines[1:]]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in drawn
    )


def main() -> None:
    asked_for = arguments()
    # A data folder of its own, removed at the end.
    import tests.environment  # noqa: F401, PLC0415

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    set_up()
    from tests.bench.crowded import plant  # noqa: PLC0415

    size = size_of(asked_for.quick)
    began = time.monotonic()
    crowd = plant(size)
    # As the server does before it listens.
    from config.warm import warm_up  # noqa: PLC0415

    warm_up()
    print(f"Planted {size} in {time.monotonic() - began:.0f} s.\n", flush=True)
    print(page_table(measure(crowd, asked_for.rounds)), bundle_table(), sep="\n\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.pages", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows")
    parser.add_argument("--rounds", type=int, default=20, help="requests for each page; 20")
    return parser.parse_args()


def size_of(is_quick: bool) -> Size:
    from tests.bench.crowded import Size  # noqa: PLC0415

    return Size(50, 1_000, 10_000) if is_quick else Size()


def set_up() -> None:
    """Make an empty database with all tables. Names of static files are plain: nothing was collected."""
    import django  # noqa: PLC0415
    from django.conf import settings  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    django.setup()
    call_command("migrate", verbosity=0)


if __name__ == "__main__":
    main()
