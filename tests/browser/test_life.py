"""What happens to an open page when its person, its session or its sandbox goes."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SignedIn
from tests.browser.terminal_page import TerminalPage
from tests.live import PASSWORD, LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.engine, pytest.mark.xdist_group("browser")]

BANNER = ".terminal-banner"


def test_signed_out_in_another_tab(live: LiveServer, slug: str, signed_in: SignedIn) -> None:
    leaver = live.add_person("leaver@example.com")
    desk = TerminalPage(signed_in(leaver)).open(slug)
    desk.run("echo still''here")
    leaver.post("/accounts/logout/")
    banner = desk.page.locator(BANNER)
    expect(banner).to_contain_text("signed out", ignore_case=True)
    banner.get_by_role("button", name="Sign in").click()
    desk.page.get_by_label("Email").fill(leaver.email)
    desk.page.get_by_label("Password", exact=True).fill(PASSWORD)
    desk.page.get_by_role("button", name="Sign in").click()
    desk.ready()
    desk.sees("stillhere")


def test_stopped_and_started_while_the_page_is_open(live: LiveServer, signed_in: SignedIn) -> None:
    ada = live.person()
    slug = ada.running_sandbox("on-and-off")
    desk = TerminalPage(signed_in(ada)).open(slug)
    desk.run("echo kept > /project/workspace/kept")
    desk.page.get_by_role("button", name=f"Stop {slug}").click()
    expect(desk.page.locator("#sandbox-status .state")).to_have_text("Stopped", timeout=30_000)
    expect(desk.page.get_by_role("heading", name=f"{slug} is stopped")).to_be_visible()
    desk.page.get_by_role("button", name=f"Start {slug}").first.click()
    expect(desk.page.locator("#sandbox-status .state")).to_have_text("Running", timeout=30_000)
    desk.ready()
    assert desk.run("cat kept") == "kept"
    ada.delete_sandbox(slug)
    desk.page.wait_for_url(f"{live.origin}/", timeout=30_000)
    expect(desk.page.get_by_role("link", name=slug)).to_have_count(0)


def test_a_member_who_leaves_loses_the_terminal(live: LiveServer, slug: str, signed_in: SignedIn) -> None:
    former = live.add_person("former@example.com")
    desk = TerminalPage(signed_in(former)).open(slug)
    code = "from accounts.models import *;Membership.objects.get(user__email='former@example.com').delete()"
    live.manage("shell", "-c", code)
    # The open page hears that its person's place is gone and draws itself again.
    expect(desk.page.get_by_role("heading", name="There is nothing here for you")).to_be_visible()
    assert desk.page.goto(f"/sandboxes/{slug}/").status == 404  # type: ignore[union-attr]


def test_charlie_gets_404(live: LiveServer, slug: str, signed_in: SignedIn) -> None:
    page = signed_in(live.add_person("charlie@example.com", team="Elsewhere"))
    page.goto("/")
    expect(page.get_by_text(slug)).to_have_count(0)
    assert page.goto(f"/sandboxes/{slug}/").status == 404  # type: ignore[union-attr]


def test_the_list_is_live(live: LiveServer, signed_in: SignedIn) -> None:
    ada = live.person()
    page = signed_in(ada)
    page.goto("/")
    slug = ada.create_sandbox("seen-coming", template="busybox")
    state = page.locator(f"#sandbox-{slug} .state")
    expect(state).to_have_text("Running", timeout=30_000)
    page.get_by_role("button", name=f"Stop {slug}").click()
    expect(state).to_have_text("Stopped", timeout=30_000)
    ada.delete_sandbox(slug)
    expect(page.locator(f"#sandbox-{slug}")).to_have_count(0, timeout=30_000)
