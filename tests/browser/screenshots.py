"""`python -m tests.browser.screenshots [part of a name…]`: paint every page into var/screenshots.

Each in light, dark and at 360 px. A server process of its own, on a data folder of its own with planted rows.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.conftest import FLAGS, chromium_path
from tests.live import PASSWORD, ROOT, LiveServer

TARGET = ROOT / "var" / "screenshots"
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}


@dataclass(frozen=True)
class Shot:
    """One page: name of the file, address, who looks ("" for nobody), what is clicked or pressed and what that shows,

    whether it asks who it is.
    """

    name: str
    address: str
    who: str = "ada@example.com"
    click: str = ""
    press: str = ""
    shows: str = ""
    confirm: bool = False


@contextmanager
def planted_server() -> Iterator[tuple[LiveServer, dict[str, str]]]:
    server = LiveServer()
    try:
        server.manage("migrate", "--verbosity", "0")
        server.manage("collectstatic", "--noinput", "--verbosity", "0")
        told = server.manage(
            "shell",
            "--no-imports",
            "-c",
            "import json; from tests.browser.planted import plant; print(json.dumps(plant()))",
        )
        server.start("--only", "dashboard")
        yield server, json.loads(told.splitlines()[-1])
    finally:
        server.kill()
        server.log.close()
        shutil.rmtree(server.folder, ignore_errors=True)


def shots(tokens: dict[str, str]) -> list[Shot]:
    return [
        Shot("login", "/accounts/login/", who=""),
        Shot("invitation", f"/invitations/{tokens['invitation']}/", who=""),
        Shot("invitation-closed", "/invitations/none/", who=""),
        Shot("setup-closed", "/setup/none/", who=""),
        Shot("signup-closed", "/accounts/signup/", who=""),
        Shot("password-help", "/accounts/password/reset/", who=""),
        Shot("list", "/"),
        Shot("list-viewer", "/", who="vera@example.com"),
        Shot("menu", "/", click="[popovertarget=user-menu]"),
        Shot("palette", "/", click="[data-open-palette]", shows="[role=option]"),
        Shot("keys", "/", press="?", shows="#keys-title"),
        Shot("create", "/sandboxes/new/"),
        Shot("sandbox-creating", "/sandboxes/nimble-falcon/"),
        Shot("sandbox-failed", "/sandboxes/amber-reef/"),
        Shot("sandbox-stopped", "/sandboxes/docs-preview/"),
        Shot("sandbox-paused", "/sandboxes/night-build/"),
        Shot("sandbox-session", "/sandboxes/quiet-otter/"),
        Shot("sandbox-terminal", "/sandboxes/payments-api/"),
        Shot("sandbox-viewer", "/sandboxes/quiet-otter/", who="vera@example.com"),
        Shot("sessions", "/sandboxes/payments-api/sessions/"),
        Shot("sessions-viewer", "/sandboxes/payments-api/sessions/", who="vera@example.com"),
        Shot("session-new", "/sandboxes/payments-api/new-session/"),
        Shot("session-settings", "/sandboxes/payments-api/sessions/ada-lovelace/settings/"),
        Shot("session-tokens", "/sandboxes/payments-api/sessions/ada-lovelace/tokens/"),
        Shot("session-look", "/sandboxes/payments-api/sessions/ben-okri/"),
        Shot("metrics", "/sandboxes/payments-api/metrics/"),
        Shot("metrics-day", "/sandboxes/payments-api/metrics/?span=day"),
        Shot("metrics-empty", "/sandboxes/docs-preview/metrics/"),
        Shot("settings", "/sandboxes/payments-api/settings/"),
        Shot("settings-viewer", "/sandboxes/payments-api/settings/", who="vera@example.com"),
        Shot("delete", "/sandboxes/amber-reef/delete/"),
        Shot("trash", "/trash/"),
        Shot("trash-viewer", "/trash/", who="vera@example.com"),
        Shot("purge", "/sandboxes/old-idea/purge/"),
        Shot("team", "/team/"),
        Shot("team-invite", "/team/", click=".invite-form .button"),
        Shot("team-viewer", "/team/", who="vera@example.com"),
        Shot("api-tokens", "/account/tokens/"),
        Shot("api", "/api/"),
        Shot("api-operation", "/api/", click="#create_session > summary"),
        Shot("activity", "/activity/"),
        Shot("activity-refused", "/activity/?outcome=refused"),
        Shot("activity-nothing", "/activity/?text=none"),
        Shot("sandbox-activity", "/sandboxes/payments-api/activity/"),
        Shot("admin-activity", "/admin/activity/entry/"),
        Shot("password", "/accounts/password/change/"),
        Shot("two-factor", "/accounts/2fa/"),
        Shot("confirm", "/accounts/2fa/totp/activate/"),
        Shot("two-factor-on", "/accounts/2fa/totp/activate/", confirm=True),
        Shot("not-found", "/sandboxes/none/"),
        Shot("not-allowed", "/sandboxes/new/", who="vera@example.com"),
        Shot("not-a-page", "/sandboxes/quiet-otter/stop/"),
        Shot("admin", "/admin/"),
        Shot("admin-sandboxes", "/admin/sandboxes/sandbox/"),
        Shot("admin-sandbox", "/admin/sandboxes/sandbox/1/change/"),
        Shot("admin-users", "/admin/accounts/user/"),
        Shot("admin-team", "/admin/accounts/team/1/change/"),
    ]


def paint(browser: Browser, server: LiveServer, wanted: list[Shot]) -> None:
    looks = [
        ("light", DESKTOP, "light"),
        ("dark", DESKTOP, "dark"),
        ("360", PHONE, "light"),
        ("360-dark", PHONE, "dark"),
    ]
    for look, viewport, scheme in looks:
        for who in sorted({shot.who for shot in wanted}):
            context = browser.new_context(base_url=server.origin, viewport=viewport, color_scheme=scheme)  # type: ignore[arg-type]
            sign_in(context, who)
            for shot in (shot for shot in wanted if shot.who == who):
                take(context, shot, look)
            context.close()


def sign_in(context: BrowserContext, who: str) -> None:
    if not who:
        return
    page = context.new_page()
    page.goto("/accounts/login/")
    page.fill("[name=login]", who)
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/")
    page.close()


def take(context: BrowserContext, shot: Shot, look: str) -> None:
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    prepare(page, shot)
    page.screenshot(path=TARGET / f"{shot.name}-{look}.png")
    if too_wide := page.evaluate("document.documentElement.scrollWidth - innerWidth"):
        problems.append(f"{too_wide} px wider than the screen" if too_wide > 0 else "")
    for problem in filter(None, problems):
        print(f"{shot.name} ({look}): {problem}")
    page.close()


def prepare(page: Page, shot: Shot) -> None:
    """Bring a page to the moment of its picture."""
    page.goto(shot.address)
    if shot.confirm:
        page.fill("[name=password]", PASSWORD)
        page.click("main button")
        page.wait_for_url(f"**{shot.address}")
    if shot.click:
        page.click(shot.click)
    if shot.press:
        page.keyboard.press(shot.press)
    if shot.shows:
        page.wait_for_selector(shot.shows)
    page.wait_for_load_state("load")
    page.evaluate("document.fonts.ready")


def main(parts: list[str]) -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    with planted_server() as (server, tokens), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        wanted = [shot for shot in shots(tokens) if not parts or any(part in shot.name for part in parts)]
        paint(browser, server, wanted)
        browser.close()
    print(f"{len(wanted) * 4} pictures in {TARGET.relative_to(ROOT)}")


if __name__ == "__main__":
    main(sys.argv[1:])
