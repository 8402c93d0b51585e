"""What holds for every page: content security policy, error pages that always stand."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.test import Client, override_settings
from django.urls import path

from accounts.models import User
from config.urls import urlpatterns as real
from sandboxes.models import Sandbox, State
from sessions.models import Session, SessionState
from tests.visitors import browser_of


def explode(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a bug")


urlpatterns = [*real, path("explode/", explode)]


@pytest.fixture
def addresses(sandbox: Sandbox, alice: User) -> list[str]:
    sandbox.reach(State.RUNNING, boot_reached=1)
    Session.for_person(sandbox, alice).reach(SessionState.RUNNING)
    return ["/", "/sandboxes/new/", "/sandboxes/quiet-otter/", "/team/", "/accounts/2fa/", "/admin/", "/nowhere/"]


def test_every_page_carries_a_policy_without_unsafe_scripts(addresses: list[str], alice: User) -> None:
    browser = browser_of(alice)
    for address in addresses:
        policy = browser.get(address).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy


def test_no_page_needs_inline_script_or_style(addresses: list[str], alice: User) -> None:
    browser = browser_of(alice)
    for address in addresses:
        page = browser.get(address).content.decode()
        scripts = re.findall(r"<script\b[^>]*>", page)
        assert all(' src="' in tag or 'type="application/json"' in tag for tag in scripts), address
        assert not re.search(r"<style\b|\sstyle=|\son\w+=\"|javascript:", page), address


def test_pages_for_people_have_one_main_part_a_title_and_a_language(addresses: list[str], alice: User) -> None:
    browser = browser_of(alice)
    for address in addresses:
        page = browser.get(address).content.decode()
        assert re.search(r'<html lang="en[^"]*"', page), address
        assert re.search(r"<title>\s*\S", page), address
        assert page.count("<h1") <= 2, address


@pytest.fixture
def _with_a_bug() -> Iterator[None]:
    with override_settings(ROOT_URLCONF="tests.config.test_pages"):
        yield


@pytest.mark.usefixtures("_with_a_bug")
def test_a_bug_answers_with_a_page_that_says_what_to_do(alice: User) -> None:
    browser = browser_of(alice)
    browser.raise_request_exception = False
    answer = browser.get("/explode/")
    assert answer.status_code == 500
    assert "Something broke on our side" in answer.content.decode()
    assert "a bug" not in answer.content.decode()


@pytest.mark.parametrize("code", ["400", "403", "403_csrf", "404", "500"])
def test_error_pages_stand_without_request_context_or_collected_files(code: str) -> None:
    with override_settings(STORAGES=settings.STORAGES):
        page = render_to_string(f"{code}.html")
    assert "/static/app.css" in page
    assert "Terminals keep running." in page or "Nothing was changed." in page


def test_an_unknown_host_is_another_site(client: Client, db: None) -> None:
    answer = client.get("/accounts/login/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert "makes no sense here" in answer.content.decode()
