"""What holds for every page: content security policy, error pages that always stand."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase
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


@pytest.mark.parametrize("code", ["400", "403", "403_csrf", "404", "405", "413", "429", "500"])
def test_error_pages_stand_without_request_context_or_collected_files(code: str) -> None:
    with override_settings(STORAGES=settings.STORAGES):
        page = render_to_string(f"{code}.html")
    assert "/static/app.css" in page
    assert "Terminals keep running." in page or "Nothing was changed." in page


def test_an_unknown_host_is_another_site(client: Client, db: None) -> None:
    answer = client.get("/accounts/login/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert "makes no sense here" in answer.content.decode()


def says(answer: HttpResponseBase, *sentences: str) -> None:
    """An error page says what happened, what did not change and what to do."""
    assert isinstance(answer, HttpResponse)
    page = answer.content.decode()
    for sentence in sentences:
        assert sentence in page
    assert page.count("Nothing was") == 1
    assert "<h1>" in page


def test_the_address_of_a_button_is_no_page_and_says_so(sandbox: Sandbox, alice: User) -> None:
    answer = browser_of(alice).get("/sandboxes/quiet-otter/stop/")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    says(answer, "for a button", "press it there")


def test_what_is_too_large_says_how_much_may_be_sent(alice: User) -> None:
    answer = browser_of(alice).post("/sandboxes/new/", {"slug": "x" * 2**21})
    assert answer.status_code == 413
    says(answer, "more than a form may send", "one megabyte")


def test_too_many_attempts_say_when_to_come_back(bob: User) -> None:
    cache.clear()
    browser = Client()
    answers = [browser.post("/accounts/login/", {"login": f"{n}@example.com", "password": "x"}) for n in range(40)]
    cache.clear()
    assert (answers[-1].status_code, answers[-1].headers["Retry-After"]) == (429, "60")
    says(answers[-1], "tried too often", "Wait a minute")


def test_a_missing_right_says_which_and_whom_to_ask(sandbox: Sandbox, vera: User) -> None:
    for address in ("/sandboxes/quiet-otter/stop/", "/team/invitations/"):
        answer = browser_of(vera).post(address)
        assert answer.status_code == 403
        says(answer, "another role")
        assert answer.content.decode().count("Ask ") == 1


def test_what_is_not_there_says_what_it_may_be(alice: User) -> None:
    says(browser_of(alice).get("/nowhere/"), "There is nothing here for you", "Check the address")


def test_an_old_form_says_so(alice: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = strict.post("/sandboxes/new/", {"slug": "calm-heron"})
    assert answer.status_code == 403
    says(answer, "This form is too old", "send it again")


@pytest.mark.parametrize("address", ["/invitations/none/", "/setup/none/"])
def test_a_link_that_is_not_open_says_where_to_get_another(db: None, address: str) -> None:
    answer = Client().get(address)
    assert answer.status_code == 410
    says(answer, "is not open", "ask" if "setup" in address else "Ask")
